"""A trip, its claim and the decision about it: the days of a traveller, a manager and an administrator."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from console_pages import ask_manager, choose, settle, violations
from playwright.sync_api import Locator, Page, expect
from system import System, eventually

Opened = Callable[..., Page]
TODAY = datetime.now(tz=UTC).date().isoformat()


def item(page: Page, number: int) -> Locator:
    return page.locator(".claim .item").nth(number - 1)


def test_a_claim_is_written_with_a_running_total_and_a_refused_invoice_is_shown_at_its_row(
    system: System, opened: Opened
) -> None:
    seller = system.as_("n1.sales1")
    # A new group's categories come with the news of the group.
    meals = eventually(
        lambda: next(
            (one for one in seller.get("/expense-categories?limit=50")["items"] if one["code"] == "meals"), None
        )
    )
    spent = {"category_id": meals["id"], "on": TODAY, "amount": "20", "invoice_no": "E-4711"}
    seller.post("/claims", {"title": "先报的", "items": [spent]})

    page = opened()
    page.goto("/claims?create=1")
    form = page.locator(".el-drawer form")
    form.get_by_label("标题").first.fill("午餐与出租车")
    form.get_by_role("button", name="保存", exact=True).click()
    page.get_by_role("button", name="添加明细").click()
    choose(page, item(page, 1).get_by_label("类别"), "餐费")
    item(page, 1).get_by_label("金额").fill("86.50")
    item(page, 1).get_by_label("发票号码").fill("e 4711")
    page.get_by_role("button", name="添加明细").click()
    choose(page, item(page, 2).get_by_label("类别"), "市内交通")
    item(page, 2).get_by_label("金额").fill("100")
    choose(page, item(page, 2).get_by_label("币种"), "USD")
    item(page, 2).get_by_label("汇率").fill("7.1205")
    expect(page.locator(".claim footer")).to_contain_text("¥798.55")

    page.get_by_role("button", name="保存并提交").click()
    expect(item(page, 1).get_by_role("alert")).to_have_text("这张发票已经报销过")
    expect(item(page, 2).get_by_role("alert")).to_have_count(0)
    item(page, 1).get_by_label("发票号码").fill("E-4712")
    picture = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
    )
    photo = {"name": "发票.png", "mimeType": "image/png", "buffer": picture}
    page.locator(".receipts input[capture]").set_input_files([photo])  # type: ignore[list-item]
    expect(page.locator(".receipts img")).to_be_visible()
    settle(page)
    assert violations(page) == []
    page.get_by_role("button", name="保存并提交").click()
    expect(page.locator(".record h2")).to_contain_text("审批中")
    (made,) = [one for one in seller.get("/claims?status=submitted")["items"] if one["title"] == "午餐与出租车"]
    assert made["total"] == {"amount": "798.55", "currency": "CNY"}


def test_a_manager_sends_a_trip_back_and_agrees_with_a_thumb(system: System, opened: Opened) -> None:
    seller = system.as_("n1.sales1")
    trip = seller.post("/travel-plans", {"subject": "走访苏州", "starts_on": TODAY, "ends_on": TODAY})
    ask_manager(system, trip["id"])

    page = opened("n1.manager", width=390)
    page.goto("/approvals")
    page.locator(".list li button", has_text="走访苏州").click()
    expect(page.get_by_role("img", name="流程图")).to_be_visible()
    settle(page)
    assert violations(page) == []
    agree = page.get_by_role("button", name="同意", exact=True)
    box = agree.bounding_box()
    assert box is not None
    assert box["height"] >= 44, "a button that a thumb hits"
    page.get_by_role("button", name="退回修改").click()
    expect(page.locator(".bar").get_by_role("alert")).to_have_text("请写明原因")
    page.get_by_label("审批意见").fill("请写上要拜访谁")
    page.get_by_role("button", name="退回修改").click()
    eventually(lambda: seller.get(f"/travel-plans/{trip['id']}")["status"] == "returned")

    ask_manager(system, trip["id"])
    page.goto("/approvals")
    page.locator(".list li button", has_text="走访苏州").click()
    page.get_by_role("button", name="同意", exact=True).click()
    eventually(lambda: seller.get(f"/travel-plans/{trip['id']}")["status"] == "approved")

    mine = opened()
    mine.goto(f"/travel-plans/{trip['id']}")
    mine.get_by_role("button", name=f"记录 {TODAY}").click()
    mine.get_by_label("工作内容").fill("见到采购经理")
    mine.locator(".days form").get_by_role("button", name="保存").click()
    expect(mine.locator(".days article")).to_contain_text("见到采购经理")


def test_a_flow_is_drawn_and_published(system: System, opened: Opened) -> None:
    page = opened("n1.admin")
    page.goto("/approval-flows?create=1")
    form = page.locator(".el-drawer form")
    form.get_by_label("名称").first.fill("大额报销")
    choose(page, form.get_by_label("单据类型").first, "报销单")
    form.get_by_role("button", name="保存", exact=True).click()
    page.get_by_role("button", name="适用于全部").click()
    page.get_by_role("button", name="添加条件").click()
    page.get_by_label("值", exact=True).fill("50000")
    page.get_by_role("button", name="在此添加步骤").first.click()
    step = page.locator(".step-form")
    step.get_by_label("名称", exact=True).fill("主管")
    page.get_by_role("button", name="与“主管”并行添加步骤").click()
    step.get_by_label("名称", exact=True).fill("财务")
    choose(page, step.get_by_label("审批人类型"), "指定用户")
    page.get_by_role("button", name="保存并发布").click()
    expect(step.get_by_role("alert")).to_have_text("请选择审批的用户")
    choose(page, step.get_by_label("审批人类型"), "角色")
    choose(page, step.get_by_label("角色", exact=True), "财务")
    settle(page)
    assert violations(page) == []
    page.get_by_role("button", name="保存并发布").click()
    expect(page.locator(".designer")).to_contain_text("版本 1 正在使用")
    (flow,) = system.as_("n1.admin").get("/approval-flows?name=大额报销")["items"]
    assert flow["flow_version"] == 1
    assert [(one["name"], one["mode"], one["approvers"][0]["kind"]) for one in flow["steps"]] == [
        ("主管", "serial", "unit_manager"),
        ("财务", "parallel", "role"),
    ]
    assert flow["conditions"] == [{"field": "amount", "operator": "gte", "value": 50000}]


def test_a_webhook_shows_its_secret_once(opened: Opened) -> None:
    page = opened("n1.admin")
    page.goto("/webhooks")
    page.get_by_role("button", name="新建回调").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("地址").fill("https://example.com/hook")
    events = dialog.get_by_label("事件")
    events.focus()
    events.fill("crm.sales.order.#")
    events.press("Enter")
    events.press("Escape")
    dialog.get_by_role("button", name="保存").click()
    expect(page.get_by_role("textbox", name="仅显示一次")).to_have_value(re.compile("^whsec_"))
    page.get_by_role("button", name="已记下").click()
    expect(page.locator(".webhooks li")).to_contain_text("https://example.com/hook")
    page.locator(".webhooks li a").first.click()
    expect(page.locator(".record")).to_be_visible()
    settle(page)
    assert "whsec_" not in page.content()
