"""A list on a phone, where no column heads are shown: it is sorted and chosen as a whole all the same."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect
from system import System

Opened = Callable[..., Page]
FINGER = 44


def test_a_list_on_a_phone_is_sorted_and_chosen_as_a_whole(system: System, opened: Opened) -> None:
    seller = system.as_("n1.sales1")
    for name, mobile in (("Alpha Timber", "13900139011"), ("Zulu Ceramics", "13900139012")):
        seller.post("/customers", {"name": name, "mobile": mobile, "tags": ["narrow"]})
    page = opened(width=390)
    page.goto("/customers?tags=narrow&sort=-name")
    rows = page.locator("tr[data-row]")
    expect(rows.first).to_contain_text("Zulu")

    order = page.get_by_label("排序", exact=True)
    page.get_by_role("button", name="降序").click()
    expect(page).to_have_url(re.compile("sort=name"))
    expect(rows.first).to_contain_text("Alpha")
    order.select_option("")
    expect(page).not_to_have_url(re.compile("sort="))

    page.get_by_role("checkbox", name="选择本页全部").check()
    expect(page.get_by_role("toolbar")).to_contain_text("已选 2 条")
    boxes = [one.bounding_box() for one in (order, page.locator(".order button"), rows.first.locator(".box"))]
    assert all(box and min(box["width"], box["height"]) >= FINGER for box in boxes), boxes
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
