"""A seller's day: what is due, the calendar, a contact logged in a sentence, a lead that becomes a deal."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from console_pages import settle
from playwright.sync_api import Page, expect
from system import System, eventually

Opened = Callable[..., Page]
CUSTOMER = "苏州平江精密机械有限公司"


@pytest.fixture(scope="module")
def customer(system: System) -> dict[str, Any]:
    """A customer with a contact, known to sales too."""
    seller = system.as_("n1.sales1")
    made = seller.post("/customers", {"name": CUSTOMER, "kind": "company"})
    seller.post("/contacts", {"customer_id": made["id"], "name": "沈工", "decision_maker": True})
    eventually(lambda: seller.get(f"/search?q={CUSTOMER}")["items"])
    return made


def planned(system: System, subject: str, starts_at: datetime, **more: Any) -> dict[str, Any]:
    """An activity of an hour that the seller has planned."""
    times = {"starts_at": starts_at.isoformat(), "due_at": (starts_at + timedelta(hours=1)).isoformat()}
    return system.as_("n1.sales1").post("/activities", {"subject": subject, "kind": "call", **times, **more})


def test_what_is_overdue_is_completed_on_the_desk_and_recorded_with_the_customer(
    system: System, opened: Opened, customer: dict[str, Any]
) -> None:
    late = datetime.now(tz=UTC) - timedelta(hours=3)
    activity = planned(system, "致电沈工确认交期", late, customer_id=customer["id"])
    page = opened()
    page.get_by_role("button", name="完成：致电沈工确认交期").click()
    dialog = page.get_by_role("dialog", name="完成")
    dialog.get_by_role("button", name="完成", exact=True).click()
    expect(dialog.get_by_role("alert")).to_have_text("写一句结果")
    dialog.get_by_label("结果").fill("交期确认为下月五日")
    dialog.get_by_role("button", name="完成", exact=True).click()
    expect(page.get_by_role("button", name="完成：致电沈工确认交期")).to_have_count(0)
    seller = system.as_("n1.sales1")
    done = seller.get(f"/activities/{activity['id']}")
    assert (done["status"], done["outcome"]) == ("done", "交期确认为下月五日")
    recorded = seller.get(f"/interactions?customer_id={customer['id']}&subject=致电沈工确认交期")["items"]
    assert [(one["kind"], one["summary"]) for one in recorded] == [("call", "交期确认为下月五日")]


def test_the_calendar_creates_by_a_click_and_moves_by_dragging_and_by_keys(system: System, opened: Opened) -> None:
    day = (datetime.now(tz=UTC) + timedelta(days=9)).date().isoformat()
    planned(system, "产品演示会", datetime.fromisoformat(f"{day}T09:00:00+00:00"))
    page = opened()
    # The browser's clock decides where nine o'clock in UTC stands on the page.
    offset = page.evaluate("day => new Date(`${day}T09:00:00Z`).getTimezoneOffset()", day)
    page.goto(f"/calendar?span=week&on={day}")
    block = page.locator(".block", has_text="产品演示会")
    expect(block).to_be_visible()
    block.scroll_into_view_if_needed()
    box = block.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 30, steps=4)
    page.mouse.move(box["x"] + 30, box["y"] + 12 + 48, steps=4)
    page.mouse.up()
    expect(page.locator(".el-message", has_text="产品演示会")).to_be_visible()
    seller = system.as_("n1.sales1")

    def starts() -> str:
        return str(seller.get("/activities?subject=产品演示会")["items"][0]["starts_at"])

    eventually(lambda: starts().startswith(f"{day}T10:00"))
    button = page.locator(".block", has_text="产品演示会").locator("button.open")
    button.focus()
    page.keyboard.press("Alt+ArrowUp")
    eventually(lambda: starts().startswith(f"{day}T09:45"))

    page.get_by_role("button", name=re.compile("^在 .*新建事务$")).first.focus()
    page.keyboard.press("Enter")
    form = page.locator("form.form")
    form.get_by_label("主题").fill("周一例会")
    form.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".block", has_text="周一例会")).to_be_visible()
    begun = datetime.fromisoformat(seller.get("/activities?subject=周一例会")["items"][0]["starts_at"])
    assert (begun - timedelta(minutes=offset)).hour == 9


def test_a_lost_address_of_the_calendar_is_taken_back(system: System, opened: Opened) -> None:
    page = opened()
    page.goto("/calendar")
    page.get_by_role("button", name="订阅到手机或 Outlook").click()
    dialog = page.get_by_role("dialog", name="订阅到手机或 Outlook")
    address = dialog.get_by_label("订阅地址")
    expect(address).to_have_value(re.compile("activities.ics"))
    lost = address.input_value()

    dialog.get_by_role("button", name="更换地址").click()
    page.locator(".el-message-box").get_by_role("button", name="更换地址").click()

    expect(address).not_to_have_value(lost)
    seller = system.as_("n1.sales1")
    assert seller.get("/activities/feed-token")["url"] == address.input_value() != lost


def test_a_contact_is_logged_in_one_sentence_and_its_next_step_is_planned(
    system: System, opened: Opened, customer: dict[str, Any]
) -> None:
    page = opened(width=390)
    page.goto(f"/customers/{customer['id']}")
    page.get_by_role("button", name=re.compile("写一句")).click()
    page.get_by_text("拜访", exact=True).click()
    page.get_by_label("内容").fill("看了二号车间。需要三台设备")
    page.get_by_label("下一步").fill("发送设备报价")
    page.get_by_role("button", name="三天后").click()
    page.locator("form.log").get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".timeline")).to_contain_text("看了二号车间")
    seller = system.as_("n1.sales1")
    said = seller.get(f"/interactions?customer_id={customer['id']}&kind=visit")["items"]
    assert [(one["subject"], one["next_step"]) for one in said] == [("看了二号车间", "发送设备报价")]
    next_step = seller.get(f"/activities?customer_id={customer['id']}&subject=发送设备报价")["items"]
    assert [one["status"] for one in next_step] == ["planned"]


def test_a_lead_becomes_a_deal_of_the_customer_that_exists_already(
    system: System, opened: Opened, customer: dict[str, Any]
) -> None:
    seller = system.as_("n1.sales1")
    lead = seller.post("/leads", {"name": "顾先生", "company": CUSTOMER, "phone": "13655556666", "score": 70})
    page = opened()
    page.goto(f"/leads?record={lead['id']}")
    page.get_by_role("button", name="转为客户", exact=True).click()
    dialog = page.get_by_role("dialog", name="转为客户")
    expect(dialog.get_by_role("radio", name=re.compile(CUSTOMER))).to_be_checked()
    dialog.get_by_label("机会名称").fill("二号车间设备")
    dialog.get_by_label(re.compile("预计金额")).fill("360,000")
    dialog.get_by_role("button", name="转为客户", exact=True).click()
    page.get_by_role("link", name="打开销售机会").click()
    expect(page.locator(".record h2")).to_contain_text("二号车间设备")
    converted = seller.get(f"/leads/{lead['id']}")
    assert (converted["status"], converted["customer_id"]) == ("converted", customer["id"])

    page.get_by_role("button", name="需求确认").click()
    expect(page.locator(".stages [aria-current=step]")).to_have_text("需求确认")
    page.get_by_label("要做什么").fill("提交技术方案")
    page.get_by_role("button", name="添加", exact=True).click()
    page.get_by_role("checkbox", name="完成“提交技术方案”").check()
    settle(page)
    deal = seller.get(f"/opportunities/{converted['opportunity_id']}")
    assert (deal["stage"], deal["amount"]) == ("needs", {"amount": "360000.00", "currency": "CNY"})
    items = seller.get(f"/opportunities/{deal['id']}/plan-items")["items"]
    assert [(one["todo"], one["result"]) for one in items] == [("提交技术方案", "完成")]
