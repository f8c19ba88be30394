"""The main job by clicking: from a lead to the figures, through the hands of a seller, a manager, service, finance and
head office. Each step is done where that person works, and finds what the person before left."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from console_pages import act, ask_manager, choose, refer, save, settle
from playwright.sync_api import Page, expect
from system import System

Opened = Callable[..., Page]
COMPANY = "绍兴越州纺织有限公司"
PHONE = "13757570001"
TAXI = "拜访越州的出租车"
TODAY = datetime.now(tz=UTC).date()


@pytest.mark.timeout(300)
def test_from_a_lead_to_the_figures_of_head_office(system: System, opened: Opened) -> None:
    api = system.as_("n1.sales1")
    trip = api.post("/travel-plans", {"subject": "初访", "starts_on": TODAY.isoformat(), "ends_on": TODAY.isoformat()})
    ask_manager(system, trip["id"])  # from here on every document finds its approver
    seller, manager, finance = opened("n1.sales1"), opened("n1.manager"), opened("n1.finance")
    take_a_lead_to_a_won_deal(seller)
    number = order_with_a_discount_beyond_the_limit(seller)
    decide_on_the_desk(manager, number)
    expect(seller.locator(".record h2")).to_contain_text("已确认")
    claim_a_taxi(seller)
    decide_beside_the_picture(manager)

    answer_the_customer(opened("n1.service1"))
    record_the_payment(finance, number)
    pay_the_claim(finance)
    see_what_the_others_did(manager)
    read_the_figures(opened("ceo"))


def take_a_lead_to_a_won_deal(page: Page) -> None:
    page.get_by_role("button", name="+ 线索").click()
    form = page.locator("form.form")
    form.get_by_label("姓名").first.fill("何经理")
    form.get_by_label("公司").fill(COMPANY)
    form.get_by_label("电话").fill(PHONE)
    save(form)
    page.get_by_role("link", name="线索", exact=True).click()
    page.locator("tr[data-row]", has_text=COMPANY).click()
    page.get_by_role("button", name="转为客户", exact=True).click()
    dialog = page.get_by_role("dialog", name="转为客户")
    dialog.get_by_label("机会名称").fill("坯布检测设备")
    dialog.get_by_label(re.compile("预计金额")).fill("50,000")
    dialog.get_by_role("button", name="转为客户", exact=True).click()
    page.get_by_role("link", name="打开销售机会").click()

    page.get_by_label("要做什么").fill("现场演示")
    page.get_by_role("button", name="添加", exact=True).click()
    page.get_by_role("checkbox", name="完成“现场演示”").check()
    page.get_by_role("button", name="商务谈判").click()
    expect(page.locator(".stages [aria-current=step]")).to_have_text("商务谈判")
    act(page, "赢单")
    expect(page.locator(".record h2 .tag")).to_have_text("赢单")


def order_with_a_discount_beyond_the_limit(page: Page) -> str:
    """The number of the order, which waits for approval and stays open on the page."""
    page.get_by_role("tab", name="订单").click()
    orders = page.get_by_role("tabpanel", name="订单")
    orders.get_by_role("button", name="新建").click()
    form = page.locator("form.form")
    form.get_by_role("button", name="添加自定义行").click()
    line = form.get_by_role("group", name="第 1 行")
    line.get_by_label("名称").fill("检测台")
    line.get_by_label("数量").fill("2")
    line.get_by_label("单价").fill("25000")
    line.get_by_label("折扣 %").fill("40")
    expect(form.locator(".total")).to_contain_text("¥30,000.00")
    save(form)
    orders.get_by_role("button", name=re.compile("SO-")).click()
    act(page, "确认")
    expect(page.get_by_role("status").filter(has_text="折扣审批中")).to_be_visible()
    return str(re.findall(r"SO-\S+", page.locator(".record h2").inner_text())[0])


def claim_a_taxi(page: Page) -> None:
    page.goto("/claims?create=1")
    form = page.locator("form.form")
    form.get_by_label("标题").first.fill(TAXI)
    save(form)
    page.get_by_role("button", name="添加明细").click()
    item = page.locator(".claim .item").first
    choose(page, item.get_by_label("类别"), "市内交通")
    item.get_by_label("金额").fill("46")
    page.get_by_role("button", name="保存并提交").click()
    expect(page.locator(".record h2")).to_contain_text("审批中")


def decide_on_the_desk(page: Page, number: str) -> None:
    page.goto("/")
    waiting = page.get_by_role("region", name="待我审批").get_by_role("listitem").filter(has_text=number)
    waiting.get_by_role("button", name="同意", exact=True).click()
    page.get_by_role("dialog", name="同意").get_by_role("button", name="同意", exact=True).click()
    expect(waiting).to_have_count(0)


def decide_beside_the_picture(page: Page) -> None:
    page.get_by_role("link", name="审批", exact=True).click()
    page.locator(".list li button", has_text=TAXI).click()
    expect(page.get_by_role("img", name="流程图")).to_be_visible()
    page.get_by_role("button", name="同意", exact=True).click()
    expect(page.locator(".list li", has_text=TAXI)).to_have_count(0)


def answer_the_customer(page: Page) -> None:
    page.get_by_role("button", name="+ 请求").click()
    form = page.locator("form.form")
    form.get_by_label("摘要").fill("检测台读数漂移")
    refer(page, form.get_by_role("combobox", name="客户"), COMPANY)
    save(form)
    page.get_by_role("link", name="服务请求", exact=True).click()
    page.locator("tr[data-row]", has_text="检测台读数漂移").click()
    record = page.locator(".el-drawer .record")
    act(page, "开始")
    record.locator("label", has_text="正式答复").click()
    record.get_by_label("写留言").fill("已远程校准，读数恢复正常。")
    record.get_by_role("button", name="提交答复").click()
    record.get_by_role("button", name="记录反馈").click()
    dialog = page.get_by_role("dialog", name="记录反馈")
    dialog.get_by_role("radio", name="5 非常满意").check(force=True)
    dialog.get_by_role("button", name="记录反馈").click()
    expect(record.locator("h2 .tag")).to_have_text("已归档")


def record_the_payment(page: Page, number: str) -> None:
    page.get_by_role("link", name="应收", exact=True).click()
    page.locator("tr[data-row]", has_text=number).click()
    page.get_by_role("button", name="登记收款").click()
    form = page.locator("form.form")
    expect(form.get_by_label(re.compile(number))).to_have_value("30000.00")
    save(form)
    expect(page.locator(".el-drawer .record h2 .tag")).to_have_text("已收")


def pay_the_claim(page: Page) -> None:
    page.goto("/claims")
    page.locator("tr[data-row]", has_text=TAXI).click()
    act(page, "付款")
    expect(page.locator(".el-drawer .record")).to_contain_text("已付")


def see_what_the_others_did(page: Page) -> None:
    """The customer's page shows the manager what every service knows."""
    page.keyboard.press("Control+k")
    page.keyboard.type(COMPANY[:4])
    page.get_by_role("option").filter(has_text=COMPANY).first.click()
    timeline = page.locator(".timeline")
    for said in ("订单", "赢单", "检测台读数漂移", "收到付款"):
        expect(timeline).to_contain_text(said)


def read_the_figures(page: Page) -> None:
    page.goto("/reports?report=contribution&group_by=company&period=year")
    settle(page)
    table = page.get_by_role("region", name="客户贡献").get_by_role("table")
    expect(table).to_contain_text("30,000")
