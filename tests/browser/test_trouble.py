"""Trouble is said where it happens and in words, and what was typed stays: refused, too late, and a service that hangs.

A session that ends and a lost race are in ``test_console``, a lost line in ``test_offline``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest
from playwright.sync_api import Page, expect
from system import System, eventually

Opened = Callable[..., Page]
PHONE = "13757670003"
COMPANY = "台州椒江医化有限公司"


@contextmanager
def hanging(system: System, name: str) -> Iterator[None]:
    """The process takes connections and never answers, until the block is left."""
    process = psutil.Process(system.processes()[name]["pid"])
    together = [process, *process.children(recursive=True)]
    for one in together:
        one.suspend()
    try:
        yield
    finally:
        for one in together:
            one.resume()


def test_what_the_server_refuses_is_said_at_its_field_and_the_rest_stays(system: System, opened: Opened) -> None:
    page = opened()
    page.goto("/customers?create=1")
    form = page.locator("form.form")
    form.get_by_label("名称").first.fill(COMPANY)
    page.locator(".more").click()
    code = form.get_by_label("统一社会信用代码")
    code.fill("91330000123456789X")
    form.get_by_role("button", name="保存", exact=True).click()
    expect(code).to_be_focused()
    expect(code).to_have_attribute("aria-invalid", "true")
    field = form.locator(".field", has=page.get_by_label("统一社会信用代码"))
    expect(field.get_by_role("alert")).to_be_visible()
    expect(form.get_by_label("名称").first).to_have_value(COMPANY)
    code.fill("")
    expect(form.get_by_role("alert")).to_have_count(0)
    form.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".el-drawer .record h2")).to_contain_text(COMPANY)


def test_a_verb_that_comes_too_late_keeps_its_words_and_says_how_it_stands(system: System, opened: Opened) -> None:
    seller = system.as_("n1.sales1")
    customer = seller.post("/customers", {"name": f"{COMPANY}二厂", "kind": "company"})
    eventually(lambda: seller.get(f"/search?q={COMPANY}二厂")["items"])
    deal = seller.post("/opportunities", {"name": "反应釜", "customer_id": customer["id"]})
    page = opened()
    page.goto(f"/opportunities/{deal['id']}")
    page.get_by_role("button", name="输单", exact=True).click()
    dialog = page.get_by_role("dialog", name="输单")
    dialog.get_by_label("原因").fill("对手报价更低")
    seller.post(f"/opportunities/{deal['id']}/win")
    dialog.get_by_role("button", name="输单", exact=True).click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(dialog.get_by_label("原因")).to_have_value("对手报价更低")
    dialog.get_by_role("button", name="取消").click()
    page.locator(".el-message-box").get_by_role("button", name="放弃").click()
    expect(page.locator(".record h2 .tag")).to_have_text("赢单")
    expect(page.get_by_role("button", name="输单", exact=True)).to_have_count(0)


def test_going_back_asks_before_a_half_filled_form_is_lost(opened: Opened) -> None:
    page = opened()
    page.locator('.side nav a[href="/customers"]').click()
    page.get_by_role("button", name="新建").first.click()
    name = page.locator("form.form").get_by_label("名称").first
    name.fill(f"{COMPANY}四厂")
    page.evaluate("history.back()")
    question = page.locator(".el-message-box")
    question.get_by_role("button", name="继续编辑").click()
    expect(name).to_have_value(f"{COMPANY}四厂")
    expect(page).to_have_url(re.compile("/customers"))
    page.evaluate("history.back()")
    question.get_by_role("button", name="放弃").click()
    expect(page.locator("form.form")).to_have_count(0)
    expect(page).to_have_url(re.compile("/$"))


def test_keys_lose_nothing_that_was_typed_in_a_dialog_or_beside_a_field(system: System, opened: Opened) -> None:
    seller = system.as_("n1.sales1")
    customer = seller.post("/customers", {"name": f"{COMPANY}五厂", "kind": "company"})
    eventually(lambda: seller.get(f"/search?q={COMPANY}五厂")["items"])
    deal = seller.post("/opportunities", {"name": "离心机", "customer_id": customer["id"]})
    page = opened()
    page.goto(f"/opportunities/{deal['id']}")
    page.get_by_role("button", name="输单", exact=True).click()
    dialog = page.get_by_role("dialog", name="输单")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    page.get_by_role("button", name="输单", exact=True).click()
    dialog.get_by_label("原因").fill("项目取消")
    question = page.locator(".el-message-box")
    page.keyboard.press("Escape")
    expect(question.get_by_role("button", name="继续编辑")).to_be_focused()
    page.keyboard.press("Enter")
    expect(question).to_have_count(0)
    expect(dialog.get_by_label("原因")).to_have_value("项目取消")
    page.keyboard.press("Escape")
    expect(question.get_by_role("button", name="继续编辑")).to_be_focused()
    page.keyboard.press("Tab")
    expect(question.get_by_role("button", name="放弃")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)

    pen = page.get_by_role("button", name="编辑：下一步", exact=True)
    pen.focus()
    page.keyboard.press("Enter")
    page.keyboard.type("约见厂长")
    page.keyboard.press("Escape")
    question.get_by_role("button", name="继续编辑").click()
    page.locator(".pair .inline input").press("Enter")
    expect(pen).to_be_focused()
    assert seller.get(f"/opportunities/{deal['id']}")["next_step"] == "约见厂长"


@pytest.mark.timeout(300)
def test_a_service_that_hangs_is_said_and_costs_nothing_that_was_typed(system: System, opened: Opened) -> None:
    page, other = opened(), opened("n1.manager")
    page.goto("/customers?create=1")
    form = page.locator("form.form")
    form.get_by_label("名称").first.fill(f"{COMPANY}三厂")
    form.get_by_label("手机").first.fill(PHONE)
    with hanging(system, "customer-web"):
        form.get_by_role("button", name="保存", exact=True).click()
        expect(form.get_by_role("alert")).to_contain_text("系统繁忙", timeout=60_000)
        expect(form.get_by_label("名称").first).to_have_value(f"{COMPANY}三厂")
        expect(form.get_by_label("手机").first).to_have_value(PHONE)
        other.goto("/contacts")
        expect(other.get_by_role("button", name="重试")).to_be_visible(timeout=60_000)
    other.get_by_role("button", name="重试").click()
    expect(other.locator("tr[data-row], .state h3").first).to_be_visible(timeout=60_000)
    form.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".el-drawer .record h2")).to_contain_text(f"{COMPANY}三厂", timeout=60_000)
    found = system.as_("n1.sales1").get(f"/customers?name={COMPANY}三厂")["items"]
    assert len(found) == 1, "saved once, however often it was sent"
    expect(page.get_by_text(re.compile("upstream|503|undefined|Error"))).to_have_count(0)
