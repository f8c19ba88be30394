"""Every page of the navigation in both languages, light and dark, wide and on a phone: axe finds nothing serious."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from console_pages import settle, violations
from playwright.sync_api import Page, expect
from system import System

Opened = Callable[..., Page]
LOOKS = [("zh-CN", "light", 1280), ("zh-CN", "dark", 390), ("en", "light", 390), ("en", "dark", 1280)]
"""Every pair of language, appearance and width."""


@pytest.fixture(scope="module", autouse=True)
def record(system: System) -> str:
    """One customer, so that a list, a drawer and a record have something to show."""
    body = {"name": "上海无障碍科技有限公司", "mobile": "13900139000", "level": "A", "email": "a@example.cn"}
    return str(system.as_("n1.sales1").post("/customers", body)["id"])


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("username", "locale", "appearance", "width"),
    [*(("admin", *look) for look in LOOKS), ("n1.sales1", *LOOKS[1]), ("n1.service1", *LOOKS[2])],
)
def test_every_page_of_the_navigation(opened: Opened, username: str, locale: str, appearance: str, width: int) -> None:
    """The administrator sees every page; others see some of them with less on them."""
    page = opened(username, locale=locale, appearance=appearance, width=width)
    paths = page.locator(".side nav a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert "/" in paths
    found = {}
    for path in paths:
        # As by a click, which keeps the page; on a phone the menu that holds the link is folded away.
        link = page.locator(f'.side nav a[href="{path}"]')
        link.dispatch_event("click")
        expect(link).to_have_attribute("aria-current", "page")
        settle(page)
        if bad := violations(page):
            found[path] = bad
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{path} is {overflow} px wider than the screen"
    assert found == {}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("locale", "appearance", "width"), LOOKS)
def test_a_record_a_form_the_views_the_palette_and_the_sign_in(
    system: System, opened: Opened, record: str, locale: str, appearance: str, width: int
) -> None:
    page = opened(locale=locale, appearance=appearance, width=width)
    found = {}
    for path in (f"/customers?record={record}", f"/customers/{record}", "/opportunities?layout=board", "/sign-in"):
        page.goto(path)
        settle(page)
        found[path] = violations(page)
    page.goto("/customers?create=1")
    page.locator(".more").click()
    settle(page)
    found["form"] = violations(page)
    page.goto("/customers")
    page.locator(".saved .opener").click()
    expect(page.locator(".saved-views")).to_be_visible()
    settle(page)
    found["views"] = violations(page)
    page.goto("/")
    expect(page.locator(".frame")).to_be_visible()
    settle(page)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()
    found["palette"] = violations(page)
    assert {name: bad for name, bad in found.items() if bad} == {}
