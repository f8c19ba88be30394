"""A deal from the first customer to the win without touching a mouse, and the focus is seen wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from console_pages import settle
from playwright.sync_api import ElementHandle, Page, expect
from system import System, eventually

Opened = Callable[..., Page]
COMPANY = "嘉兴南湖印染有限公司"

LOOK = """element => {
  const looks = []
  for (let at = element, n = 0; at && n < 5; at = at.parentElement, n++) {
    const style = getComputedStyle(at)
    looks.push([style.outline, style.boxShadow, style.borderColor, style.backgroundColor, style.opacity].join())
  }
  return looks.join('|')
}"""
"""How an element and what encloses it look; it must not look like this any more when the focus is gone."""

NAME = """element => element.getAttribute('aria-label')
  || [...(element.labels || [])].map(label => label.innerText).join(' ') || element.innerText || ''"""


@dataclass
class Keys:
    """Hands that have a keyboard only."""

    page: Page
    unseen: list[str] = field(default_factory=list)

    def press(self, keys: str) -> None:
        """Press, and note what looked the same with the focus as without it."""
        self._come_to_rest()
        stood = self.page.evaluate_handle("document.activeElement").as_element()
        look = stood.evaluate(LOOK) if stood else None
        self.page.keyboard.press(keys)
        if stood and self._left(stood):
            self._come_to_rest()
            if stood.evaluate(LOOK) == look:
                self.unseen.append(str(stood.evaluate("element => element.outerHTML.slice(0, 160)")))

    def _come_to_rest(self) -> None:
        """Until the next frame is drawn and nothing moves any more."""
        self.page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        eventually(lambda: self.page.evaluate("document.getAnimations().every(one => one.playState !== 'running')"))

    def _left(self, stood: ElementHandle) -> bool:
        """Whether the focus went elsewhere from what Tab reaches; what it does not reach holds it only for a moment."""
        return bool(
            stood.evaluate(
                "e => e !== document.activeElement && e.isConnected && e.tabIndex >= 0 && e !== document.body"
            )
        )

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def go_to(self, name: str, *, backwards: bool = False, within: int = 60) -> None:
        """Tab to the control of that name."""
        for _ in range(within):
            if self.here() == name:
                return
            self.press("Shift+Tab" if backwards else "Tab")
        raise AssertionError(f"no {name!r} within {within} tabs; the focus is on {self.here()!r}")

    def here(self) -> str:
        """The name of what has the focus."""
        name: str = self.page.evaluate(f"({NAME})(document.activeElement)")
        return name.replace("*", "").strip()


@pytest.mark.timeout(300)
def test_a_deal_is_won_by_keys_alone(system: System, opened: Opened) -> None:
    page = opened()
    settle(page)
    keys = Keys(page)
    create_a_customer(keys)
    seller = system.as_("n1.sales1")
    eventually(lambda: seller.get(f"/search?q={COMPANY}")["items"])
    create_an_opportunity(keys)
    for stage in ("方案报价", "商务谈判"):
        keys.go_to(stage)
        keys.press("Enter")
        expect(page.locator(".stages [aria-current=step]")).to_have_text(stage)
    keys.go_to("赢单", backwards=True)
    keys.press("Enter")
    dialog = page.get_by_role("dialog", name="赢单")
    expect(dialog).to_be_visible()
    keys.go_to("赢单")
    keys.press("Enter")
    expect(page.locator(".el-drawer .record h2 .tag")).to_have_text("赢单")
    (deal,) = seller.get("/opportunities?name=年度印染助剂&sort=-created_at&limit=1")["items"]
    assert (deal["status"], deal["amount"]["amount"]) == ("won", "88000.00")
    assert not keys.unseen, "\n".join(keys.unseen)


def palette(keys: Keys, command: str) -> None:
    keys.press("Control+k")
    expect(keys.page.locator("dialog.palette input")).to_be_focused()
    keys.type(command)
    expect(keys.page.get_by_role("option").first).to_contain_text(command.removeprefix("新建"))
    keys.press("Enter")


def create_a_customer(keys: Keys) -> None:
    palette(keys, "新建客户")
    form = keys.page.locator("form.form")
    expect(form.get_by_label("名称").first).to_be_focused()
    keys.type(COMPANY)
    keys.go_to("级别")
    keys.press("Enter")
    keys.press("ArrowDown")
    keys.press("Enter")
    keys.press("Control+Enter")
    expect(keys.page.locator(".el-drawer .record h2")).to_contain_text(COMPANY)


def create_an_opportunity(keys: Keys) -> None:
    palette(keys, "新建销售机会")
    page = keys.page
    keys.go_to("客户")
    keys.type(COMPANY)
    expect(page.locator(".el-select-dropdown:visible").get_by_role("option", name=COMPANY)).to_be_visible()
    keys.press("ArrowDown")
    keys.press("Enter")
    keys.go_to("名称")
    keys.type("年度印染助剂")
    keys.go_to("金额")
    keys.type("88000")
    keys.press("Control+Enter")
    expect(page.locator(".el-drawer .record h2")).to_contain_text("年度印染助剂")
