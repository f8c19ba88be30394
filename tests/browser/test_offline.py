"""Without a line: what was read stays readable, and what is written is sent once when the line is back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from console_pages import settle
from playwright.sync_api import Page, expect
from system import System, eventually

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def customer(system: System) -> dict[str, Any]:
    body = {"name": "舟山离岛渔业有限公司", "kind": "company", "relation": "customer"}
    return dict(system.as_("n1.sales1").post("/customers", body))


def shell_is_kept(page: Page) -> bool:
    """Whether the service worker governs the page and has every piece of this release and the forms."""
    return bool(
        page.evaluate(
            """async () => {
                if (!navigator.serviceWorker.controller) return false
                const wanted = await (await fetch('/release.json')).json()
                const kept = await (await caches.open('banyan-assets')).keys()
                const form = await caches.match('/api/v1/interactions/schema', { ignoreVary: true })
                return kept.length === wanted.length && Boolean(form)
            }"""
        )
    )


def test_a_visit_written_on_an_island_is_recorded_once_when_the_line_is_back(
    system: System, opened: Opened, customer: dict[str, Any]
) -> None:
    page = opened(width=390)
    eventually(lambda: shell_is_kept(page))
    page.goto(f"/customers/{customer['id']}")
    expect(page.locator(".record h2")).to_contain_text(customer["name"])
    settle(page)

    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_text("网络已断开")).to_be_visible()
    expect(page.locator(".record h2")).to_contain_text(customer["name"])
    page.get_by_role("button", name="写一句").click()
    page.get_by_text("拜访", exact=True).click()
    page.get_by_label("内容").fill("船东要两台冷柜")
    page.locator("form.log").get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("button", name="待发送 1 条")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="待发送 1 条")).to_be_visible()
    said = f"/interactions?customer_id={customer['id']}"
    assert system.as_("n1.sales1").get(said)["items"] == []

    page.context.set_offline(False)
    # A line that is only just back may drop the first sending; the next is within ten seconds.
    expect(page.get_by_role("button", name="待发送 1 条")).to_have_count(0, timeout=60_000)
    expect(page.get_by_text("网络已断开")).to_have_count(0)
    page.reload()
    settle(page)
    (visit,) = system.as_("n1.sales1").get(said)["items"]
    assert (visit["kind"], visit["subject"]) == ("visit", "船东要两台冷柜")


def test_signing_out_leaves_nothing_on_the_device(system: System, opened: Opened, customer: dict[str, Any]) -> None:
    page = opened("n1.sales2")
    eventually(lambda: shell_is_kept(page))
    page.goto("/customers")
    settle(page)
    assert page.evaluate("caches.has('banyan-reads')")
    page.get_by_role("button", name="个人菜单").click()
    page.get_by_role("menuitem", name="退出").click()
    expect(page.locator("input[name=username]")).to_be_visible()
    eventually(lambda: not page.evaluate("caches.has('banyan-reads')"))
    page.context.set_offline(True)
    page.goto("/customers")
    expect(page.get_by_text("北京", exact=False)).to_have_count(0)
    expect(page.locator(".frame")).to_have_count(0)
