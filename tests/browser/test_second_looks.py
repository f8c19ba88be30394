"""What is done seldom and must not fail then: a second factor, a forced password, a delegate, a document taken back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pyotp
from console_pages import act, ask_manager, refer
from playwright.sync_api import Page, expect
from system import System, eventually

Opened = Callable[..., Page]
TODAY = datetime.now(tz=UTC).date().isoformat()
NEW_PASSWORD = "a-new-password-2"


def fresh(page: Page, system: System, username: str, password: str) -> Page:
    """The sign-in page of somebody else's browser, sent."""
    browser = page.context.browser
    assert browser is not None
    theirs = browser.new_context(base_url=system.address, locale="zh-CN").new_page()
    theirs.goto("/sign-in")
    theirs.locator("input[name=username]").fill(username)
    theirs.locator("input[name=password]").fill(password)
    theirs.locator("button[type=submit]").click()
    return theirs


def test_a_new_colleague_sets_a_password_and_a_second_factor_and_signs_in_with_both(
    system: System, opened: Opened
) -> None:
    admin = system.as_("admin")
    seller = admin.get("/users?username=n1.sales2")["items"][0]
    body = {
        "username": "n1.new",
        "display_name": "新同事",
        "unit_id": seller["unit_id"],
        "role_ids": seller["role_ids"],
    }
    first_password = admin.post("/users", body)["password"]
    page = fresh(opened(), system, "n1.new", first_password)
    forced = page.get_by_role("dialog", name="首次登录请设置新密码")
    forced.get_by_label("当前密码").fill(first_password)
    forced.get_by_label("新密码", exact=True).fill(NEW_PASSWORD)
    forced.get_by_label("再输入一次新密码").fill(f"{NEW_PASSWORD}!")
    forced.locator("button[type=submit]").click()
    expect(forced.get_by_role("alert")).to_be_visible()
    forced.get_by_label("再输入一次新密码").fill(NEW_PASSWORD)
    forced.locator("button[type=submit]").click()
    expect(forced).to_have_count(0)

    page.goto("/account")
    factor = page.locator("section", has=page.get_by_role("heading", name="两步验证"))
    factor.get_by_label("当前密码").fill(NEW_PASSWORD)
    factor.get_by_role("button", name="开始设置").click()
    secret = pyotp.TOTP(factor.locator("code").inner_text())
    factor.get_by_label("验证码").fill(secret.now())
    factor.get_by_role("button", name="确认启用").click()
    expect(factor.get_by_role("heading")).to_contain_text("已启用")

    again = fresh(page, system, "n1.new", NEW_PASSWORD)
    code = again.get_by_label("验证码")
    expect(code).to_be_focused()
    code.fill("000000")
    again.locator("button[type=submit]").click()
    expect(again.get_by_role("alert")).to_be_visible()
    code.fill(secret.at(int(time.time()) + secret.interval))  # the code just used counts once
    again.locator("button[type=submit]").click()
    expect(again.locator(".frame")).to_be_visible()
    for one in (again, page):
        one.context.close()


def test_an_approval_is_delegated_and_the_document_taken_back_by_who_asked(system: System, opened: Opened) -> None:
    seller = system.as_("n1.sales1")
    trip = seller.post("/travel-plans", {"subject": "走访湖州", "starts_on": TODAY, "ends_on": TODAY})
    ask_manager(system, trip["id"])
    page = opened("n1.manager")
    page.goto("/approvals")
    page.locator(".list li button", has_text="走访湖州").click()
    page.get_by_role("button", name="更多处理").click()
    page.get_by_role("menuitem", name="委托").click()
    dialog = page.get_by_role("dialog", name="委托")
    deputy = system.as_("n1.lead").get("/auth/me")["user"]
    refer(page, dialog.get_by_role("combobox"), deputy["display_name"])
    dialog.get_by_role("button", name="委托", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("img", name="流程图")).to_contain_text(deputy["display_name"])

    theirs = opened("n1.lead")
    theirs.goto("/approvals")
    expect(theirs.locator(".list li button", has_text="走访湖州")).to_be_visible()
    mine = opened()
    mine.goto(f"/travel-plans/{trip['id']}")
    act(mine, "撤回")
    expect(mine.locator(".record h2 .tag")).to_have_text("已撤回")
    eventually(
        lambda: (
            not [one for one in system.as_("n1.lead").get("/approvals?mine=pending")["items"] if "湖州" in one["title"]]
        )
    )
    theirs.reload()
    expect(theirs.locator(".list li button", has_text="走访湖州")).to_have_count(0)
