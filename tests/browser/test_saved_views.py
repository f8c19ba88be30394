"""Views of a list: saved, shared with one's unit, opened by a colleague, unknown to another company."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect
from system import System

Opened = Callable[..., Page]


def menu(page: Page) -> None:
    page.locator(".saved .opener").click()
    expect(page.get_by_role("menu")).to_be_visible()


def test_a_view_is_shared_with_the_unit_and_opened_by_its_address(system: System, opened: Opened) -> None:
    page = opened("n1.sales1")
    page.goto("/customers?level__in=A&sort=name")
    page.get_by_role("button", name="保存为视图").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("视图名称").fill("本组重点客户")
    dialog.get_by_label(re.compile("及下级的同事")).check()
    dialog.get_by_role("button", name="保存").click()
    expect(page).to_have_url(re.compile("view=[0-9a-f-]{36}"))
    opener = page.locator(".saved .opener")
    expect(opener).to_have_text(re.compile("本组重点客户"))
    (view,) = system.as_("n1.sales1").get("/saved-views?name=本组重点客户")["items"]
    assert view["query"] == {"level__in": "A", "sort": "name"}

    page.locator(".bar input").first.fill("榕")
    expect(opener).to_contain_text("已改动")
    page.get_by_role("button", name="保存到此视图").click()
    expect(opener).not_to_contain_text("已改动")
    assert system.as_("n1.sales1").get(f"/saved-views/{view['id']}")["query"]["q"] == "榕"

    page.goto("/orders")
    page.goto("/customers")
    expect(page).to_have_url(re.compile(f"view={view['id']}"))

    colleague = opened("n1.manager")
    colleague.goto(f"/customers?view={view['id']}")
    expect(colleague).to_have_url(re.compile("level__in=A"))
    expect(colleague.locator(".bar input").first).to_have_value("榕")
    colleague.locator(".bar input").first.fill("")
    expect(colleague.locator(".saved .opener")).to_contain_text("已改动")
    menu(colleague)
    expect(colleague.get_by_role("menuitem", name="本组重点客户")).to_be_visible()
    expect(colleague.get_by_role("menuitem", name="重命名或共享")).to_have_count(0)
    expect(colleague.get_by_role("menuitem", name="另存为新视图")).to_be_visible()

    stranger = opened("e1.sales1")
    stranger.goto("/customers")
    menu(stranger)
    expect(stranger.get_by_role("menu")).to_contain_text("还没有保存的视图")
    stranger.keyboard.press("Escape")
    stranger.goto(f"/customers?view={view['id']}")
    expect(stranger.get_by_role("alert")).to_contain_text("没有共享给你")
    expect(stranger).to_have_url(re.compile("/customers$"))


def test_the_menu_works_by_keyboard_and_on_a_phone_and_old_views_move_over(system: System, opened: Opened) -> None:
    seller = system.as_("n2.sales1")
    me = seller.get("/auth/me")["user"]["id"]
    page = opened("n2.sales1", width=390)
    kept = '[{"name": "旧视图", "query": {"status__in": "active"}, "columns": null}]'
    page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [f"banyan.views.{me}.customers", kept])
    page.goto("/customers")
    opener = page.locator(".saved .opener")
    expect(opener).to_be_visible()
    opener.focus()
    page.keyboard.press("Enter")
    item = page.get_by_role("menuitem", name="旧视图")
    expect(item).to_be_visible()
    item.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("status__in=active"))
    expect(opener).to_have_text(re.compile("旧视图"))
    assert page.evaluate("key => localStorage.getItem(key)", f"banyan.views.{me}.customers") is None
    assert [view["name"] for view in seller.get("/saved-views")["items"]] == ["旧视图"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    menu(page)
    page.get_by_role("menuitem", name="删除视图").click()
    page.get_by_role("button", name="删除视图", exact=True).last.click()
    expect(opener).to_have_text(re.compile("^视图"))
    assert seller.get("/saved-views")["items"] == []
