"""The console's main paths: signing in, finding, creating and changing a customer, moving a deal, all by keyboard too."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from console_pages import settle, sign_in
from playwright.sync_api import Page, expect
from system import PASSWORD, System, eventually

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def customer(system: System) -> dict[str, Any]:
    seller = system.as_("n1.sales1")
    return seller.post("/customers", {"name": "北京榕荫贸易有限公司", "kind": "company", "mobile": "13800138001"})


@pytest.fixture(scope="module")
def opportunity(system: System, customer: dict[str, Any]) -> dict[str, Any]:
    seller = system.as_("n1.sales1")
    body = {"name": "年度框架采购", "customer_id": customer["id"], "amount": {"amount": "120000.00", "currency": "CNY"}}
    eventually(lambda: seller.get(f"/search?q={customer['name']}")["items"])
    return seller.post("/opportunities", body)


def test_a_wrong_password_is_said_and_the_right_one_leads_to_the_page_asked_for(system: System, browser: Any) -> None:
    context = browser.new_context(base_url=system.address, locale="zh-CN")
    page = context.new_page()
    page.goto("/customers?level__in=A")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.locator("input[name=username]").fill("n1.sales1")
    page.locator("input[name=password]").fill("wrong-password")
    page.locator("button[type=submit]").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    expect(page).to_have_url(re.compile(r"/customers\?level__in=A"))
    context.close()


def test_the_list_filters_and_opens_a_record_beside_it_then_full(opened: Opened, customer: dict[str, Any]) -> None:
    page = opened()
    page.goto("/customers")
    page.locator(".bar input").first.fill("榕荫")
    row = page.locator("tr[data-row]", has_text=customer["name"])
    expect(row).to_be_visible()
    expect(page).to_have_url(re.compile("q="))
    row.click()
    expect(page.locator(".el-drawer h2")).to_contain_text(customer["name"])
    expect(page).to_have_url(re.compile(f"record={customer['id']}"))
    page.reload()
    expect(page.locator(".el-drawer h2")).to_contain_text(customer["name"])
    page.get_by_role("button", name="打开完整页面").click()
    expect(page).to_have_url(re.compile(f"/customers/{customer['id']}$"))
    expect(page.locator(".record h2")).to_contain_text(customer["name"])


def test_a_customer_is_created_in_the_drawer_and_duplicates_show_while_typing(
    system: System, opened: Opened, customer: dict[str, Any]
) -> None:
    page = opened()
    page.goto("/customers?create=1")
    form = page.locator("form.form")
    form.get_by_role("button", name="保存", exact=True).click()
    expect(form.locator(".error")).to_have_text("请填写名称")
    name = form.get_by_label("名称").first
    name.fill(customer["name"])
    expect(page.locator(".duplicates")).to_contain_text(customer["name"])
    name.fill("天津海河新材料有限公司")
    expect(page.locator(".duplicates")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".el-drawer h2", has_text="天津海河新材料有限公司")).to_be_visible()
    found = system.as_("n1.sales1").get("/customers?name=天津海河新材料有限公司")["items"]
    assert [(one["relation"], one["kind"]) for one in found] == [("prospect", "company")]


def test_the_keyboard_walks_the_list_and_the_palette_finds_and_creates(
    opened: Opened, customer: dict[str, Any]
) -> None:
    page = opened()
    page.goto("/customers")
    settle(page)
    page.locator("tr[data-row]").first.focus()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("toolbar")).to_contain_text("已选 1 条")
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator(".el-drawer .record")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.locator("dialog.palette input")).to_be_focused()
    page.keyboard.type("榕荫")
    expect(page.get_by_role("option").first).to_contain_text(customer["name"])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/customers/{customer['id']}"))
    page.keyboard.press("Control+k")
    expect(page.locator("dialog.palette input")).to_be_focused()
    page.keyboard.type("新建联系人")
    expect(page.get_by_role("option").first).to_contain_text("联系人")
    page.keyboard.press("Enter")
    expect(page.locator("form.form")).to_be_visible()


def test_a_change_that_lost_the_race_is_compared_and_settled(
    system: System, opened: Opened, customer: dict[str, Any]
) -> None:
    page = opened()
    page.goto(f"/customers/{customer['id']}")
    page.get_by_role("button", name="编辑", exact=True).click()
    form = page.locator("form.form")
    form.get_by_label("简称").fill("榕荫")
    seller = system.as_("n1.sales1")
    seller.patch(f"/customers/{customer['id']}", {"short_name": "他人"})
    form.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("alertdialog", name="有人先保存了")).to_contain_text("他人")
    page.get_by_role("button", name="按选择保存").click()
    expect(form).to_have_count(0)
    assert seller.get(f"/customers/{customer['id']}")["short_name"] == "榕荫"


def test_a_half_filled_form_survives_the_end_of_the_session(opened: Opened, browser: Any, system: System) -> None:
    context = browser.new_context(base_url=system.address, locale="zh-CN")
    page = context.new_page()
    sign_in(page, "n1.sales2")
    page.goto("/customers?create=1")
    page.locator("form.form").get_by_label("名称").first.fill("不会丢失的客户")
    context.clear_cookies()
    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog", name="登录已过期")
    dialog.locator("input[name=password]").fill(PASSWORD)
    dialog.locator("button[type=submit]").click()
    expect(page.locator(".el-drawer h2", has_text="不会丢失的客户")).to_be_visible()
    context.close()


def test_a_deal_moves_to_another_stage_by_the_menu_of_its_grip(
    system: System, opened: Opened, opportunity: dict[str, Any]
) -> None:
    page = opened()
    page.goto("/opportunities?layout=board")
    card = page.locator(".card", has_text=opportunity["name"])
    expect(card).to_be_visible()
    grip = card.get_by_role("button", name=re.compile("移动"))
    grip.focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="方案报价").click()
    expect(
        page.locator("section", has=page.get_by_role("heading", name=re.compile("方案报价"))).locator(".card")
    ).to_contain_text(opportunity["name"])
    seller = system.as_("n1.sales1")
    eventually(lambda: seller.get(f"/opportunities/{opportunity['id']}")["stage"] == "proposal")


def test_nobody_is_shown_what_their_roles_do_not_reach(opened: Opened) -> None:
    page = opened("n1.service1")
    shown = page.locator(".side nav a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert "/opportunities" not in shown
    page.goto("/opportunities")
    expect(page).to_have_url(re.compile("/forbidden"))
    page.goto("/no-such-place")
    expect(page.get_by_role("heading", name="没有这个页面")).to_be_visible()
