"""From an order to its money, and a request from the first word to the rating: the days of sales, finance and service."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from console_pages import AXE, refer, settle
from playwright.sync_api import Page, expect
from system import System, eventually

from crm_local.demo.api import ApiError

Opened = Callable[..., Page]
CUSTOMER = "杭州测序科技有限公司"


def heard(make: Callable[[], Any]) -> Any:
    """What a call answers once its service has heard, by events, of the people and records the call is about."""

    def attempt() -> Any:
        try:
            return make()
        except ApiError:
            return None

    return eventually(attempt)


@pytest.fixture(scope="module")
def product(system: System) -> dict[str, Any]:
    price = {"amount": "99.90", "currency": "CNY"}
    body = {"code": "SEQ-1", "name": "测序试剂盒", "unit": "盒", "tax_rate": "13", "price": price}
    manager = system.as_("n1.manager")
    return dict(heard(lambda: manager.post("/products", body)))


@pytest.fixture(scope="module")
def overdue(system: System, product: dict[str, Any]) -> dict[str, Any]:
    """A confirmed order of 2 x 500.00 that was due 15 days ago; its customer is known to every service."""
    seller = system.as_("n1.sales1")
    customer = heard(lambda: seller.post("/customers", {"name": CUSTOMER, "kind": "company"}))
    ordered = datetime.now(tz=UTC).date() - timedelta(days=45)
    lines = [{"name": "现场服务", "quantity": "2", "price": "500.00"}]
    body = {"customer_id": customer["id"], "lines": lines, "ordered_on": ordered.isoformat()}
    order = heard(lambda: seller.post("/orders", body))
    return dict(seller.post(f"/orders/{order['id']}/confirm"))


def violations(page: Page) -> list[str]:
    """What axe finds serious or critical in the page and in what lies over it; the frame has a test of its own."""
    page.evaluate(AXE.read_text())
    parts = [[part] for part in ("main", ".el-drawer", ".el-dialog") if page.locator(part).count()]
    found = page.evaluate("parts => axe.run({include: parts}, {resultTypes: ['violations']})", parts)["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


def test_an_order_is_written_with_running_totals_and_delivered_in_parts(
    system: System, opened: Opened, product: dict[str, Any]
) -> None:
    seller, buyer = system.as_("n1.sales1"), "宁波海定仪器有限公司"
    customer = heard(lambda: seller.post("/customers", {"name": buyer, "kind": "company"}))
    heard(lambda: seller.post("/opportunities", {"name": "仪器", "customer_id": customer["id"]}))  # sales knows it
    page = opened()
    page.goto("/orders?create=1")
    form = page.locator("form.form")
    refer(page, form.get_by_role("combobox", name="客户"), buyer)
    form.get_by_role("button", name="添加产品").click()
    line = form.get_by_role("group", name="第 1 行")
    refer(page, line.get_by_role("combobox", name="产品"), product["name"])
    expect(line.get_by_label("单价")).to_have_value("99.90")
    line.get_by_label("数量").fill("3")
    line.get_by_label("折扣 %").fill("10")
    expect(line.locator("output")).to_have_text("¥304.79")
    form.get_by_role("button", name="添加自定义行").click()
    own = form.get_by_role("group", name="第 2 行")
    own.get_by_label("名称").fill("安装")
    own.get_by_label("单价").fill("100")
    expect(form.locator(".total")).to_contain_text("¥404.79")
    form.get_by_role("button", name="保存", exact=True).click()

    record = page.locator(".el-drawer .record")
    expect(record.locator("table")).to_contain_text("¥304.79")
    record.get_by_role("button", name="确认", exact=True).click()
    page.get_by_role("dialog", name="确认").get_by_role("button", name="确认", exact=True).click()
    expect(record.locator("h2")).to_contain_text("已确认")
    record.get_by_role("button", name="交付", exact=True).click()
    dialog = page.get_by_role("dialog", name="交付")
    dialog.get_by_label("测序试剂盒").fill("4")
    dialog.get_by_role("button", name="交付", exact=True).click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("测序试剂盒").fill("1")
    dialog.get_by_role("button", name="交付", exact=True).click()
    expect(record.locator("table")).to_contain_text("1 / 3")
    expect(record.locator("h2")).to_contain_text("已确认")
    number = re.findall(r"SO-\S+", record.locator("h2").inner_text())[0]
    (made,) = system.as_("n1.sales1").get(f"/orders?number={number}")["items"]
    assert (made["total"]["amount"], made["delivered_quantity"]) == ("404.79", "2")


def test_a_discount_beyond_the_limit_waits_for_approval(
    system: System, opened: Opened, product: dict[str, Any], overdue: dict[str, Any]
) -> None:
    seller = system.as_("n1.sales1")
    lines = [{"product_id": product["id"], "quantity": "10"}]
    order = seller.post("/orders", {"customer_id": overdue["customer_id"], "lines": lines})
    page = opened()
    page.goto(f"/orders/{order['id']}")
    page.get_by_role("button", name="修改明细").click()
    page.get_by_role("group", name="第 1 行").get_by_label("折扣 %").fill("30")
    expect(page.get_by_text("最大让利 30%")).to_be_visible()
    page.locator("form .actions").get_by_role("button", name="保存").click()
    page.get_by_role("button", name="确认", exact=True).click()
    page.get_by_role("dialog", name="确认").get_by_role("button", name="确认", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="折扣审批中")).to_be_visible()
    expect(page.get_by_role("button", name="修改明细")).to_have_count(0)
    assert seller.get(f"/orders/{order['id']}")["approval_status"] == "pending"


def test_finance_sees_what_is_late_and_records_the_payment_from_it(
    system: System, opened: Opened, overdue: dict[str, Any]
) -> None:
    page = opened("n1.finance")
    page.goto("/receivables")
    band = page.get_by_role("row").filter(has_text="1–30 天")
    expect(band).to_contain_text("¥1,000.00")
    band.get_by_role("button").click()
    expect(page).to_have_url(re.compile("due_on__gte="))
    rows = page.locator("tr[data-row]")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("逾期 15 天")
    assert violations(page) == []
    rows.click()
    page.get_by_role("button", name="登记收款").click()
    form = page.locator("form.form")
    amount = form.get_by_label(re.compile(overdue["number"]))
    expect(amount).to_have_value("1000.00")
    form.get_by_label("金额", exact=True).fill("1200")
    expect(form.locator("tfoot")).to_contain_text("¥200.00")
    settle(page)
    assert violations(page) == []
    form.get_by_role("button", name="保存", exact=True).click()
    expect(form).to_have_count(0)
    expect(page.locator(".el-drawer .record h2")).to_contain_text("已收")
    finance = system.as_("n1.finance")
    (payment,) = finance.get(f"/payments?customer_id={overdue['customer_id']}")["items"]
    assert (payment["unallocated"]["amount"], payment["allocations"][0]["amount"]) == ("200.00", "1000.00")


def test_a_request_is_answered_from_the_knowledge_base_and_rated(
    system: System, opened: Opened, overdue: dict[str, Any]
) -> None:
    lead = system.as_("n1.lead")
    steps = "<p>先核对流水号，再登记退款。</p><script>document.title='harmed'</script>"
    article = heard(lambda: lead.post("/articles", {"title": "重复扣款的退款流程", "category": "售后", "body": steps}))
    lead.post(f"/articles/{article['id']}/publish")
    page = opened("n1.lead")
    page.goto("/requests?create=1")
    form = page.locator("form.form")
    form.get_by_label("摘要").fill("订单重复扣款")
    expect(form.get_by_role("complementary", name="知识库里可能有答案")).to_contain_text(article["title"])
    form.get_by_role("button", name="保存", exact=True).click()

    record = page.locator(".el-drawer .record")
    expect(record.get_by_role("timer").first).to_contain_text("剩")
    record.get_by_role("button", name="开始", exact=True).click()
    page.get_by_role("dialog", name="开始").get_by_role("button", name="开始", exact=True).click()
    expect(record.locator("h2")).to_contain_text("处理中")
    record.locator("label", has_text="内部备注").click()
    record.get_by_label("写留言").fill("等财务确认")
    record.get_by_role("button", name="保存备注").click()
    expect(record.get_by_role("listitem").filter(has_text="等财务确认")).to_contain_text("内部")
    record.locator("label", has_text="正式答复").click()
    record.get_by_role("button", name=f"引用“{article['title']}”").click()
    expect(record.get_by_label("写留言")).to_have_value("先核对流水号，再登记退款。")
    settle(page)
    assert violations(page) == []
    record.get_by_role("button", name="提交答复").click()
    expect(record.locator("h2")).to_contain_text("已答复")
    record.get_by_role("button", name="记录反馈").click()
    dialog = page.get_by_role("dialog", name="记录反馈")
    dialog.get_by_role("radio", name="5 非常满意").check(force=True)
    dialog.get_by_role("button", name="记录反馈").click()
    expect(record.locator("h2")).to_contain_text("已归档")
    (made,) = lead.get("/requests?summary=订单重复扣款")["items"]
    assert (made["status"], made["satisfaction"]) == ("archived", 5)


def test_a_card_on_the_board_asks_for_the_words_its_new_place_needs(system: System, opened: Opened) -> None:
    lead = system.as_("n1.lead")
    made = heard(lambda: lead.post("/requests", {"summary": "仪器校准", "kind": "repair"}))
    page = opened("n1.lead")
    page.goto("/requests?layout=board")
    card = page.locator(".card", has_text=made["summary"])
    card.get_by_role("button", name=re.compile("移动")).click()
    page.get_by_role("menuitem", name="已归档").click()
    expect(page.get_by_text("不能从“已创建”直接移到“已归档”")).to_be_visible()
    card.get_by_role("button", name=re.compile("移动")).click()
    page.get_by_role("menuitem", name="已挂起").click()
    dialog = page.get_by_role("dialog", name="挂起")
    dialog.get_by_label("原因").fill("等备件")
    dialog.get_by_role("button", name="挂起", exact=True).click()
    expect(page.get_by_role("region", name="已挂起").locator(".card")).to_contain_text(made["summary"])
    # The card is there before the server has answered.
    held = eventually(lambda: [one for one in [lead.get(f"/requests/{made['id']}")] if one["status"] == "on_hold"])
    assert held[0]["hold_reason"] == "等备件"


def test_an_article_is_written_published_read_safely_and_rated(system: System, opened: Opened) -> None:
    page = opened("n1.lead")
    page.goto("/articles?create=1")
    form = page.locator("form.form")
    form.get_by_label("标题", exact=True).first.fill("离心机保养")
    text = form.get_by_role("textbox", name="正文").last
    text.click()
    form.get_by_role("button", name="项目符号").click()
    page.keyboard.type("断电")
    page.keyboard.press("Enter")
    page.keyboard.type("擦拭转子")
    settle(page)
    assert violations(page) == []
    form.get_by_role("button", name="保存", exact=True).click()
    record = page.locator(".el-drawer .record")
    expect(record.locator(".prose li")).to_have_text(["断电", "擦拭转子"])
    record.get_by_role("button", name="发布", exact=True).click()
    page.get_by_role("dialog", name="发布").get_by_role("button", name="发布", exact=True).click()
    expect(record.locator("h2")).to_contain_text("已发布")
    record.get_by_role("button", name=re.compile("有帮助")).click()
    expect(record.get_by_text("谢谢，已记录。")).to_be_visible()

    # Markdown passes the server's cleaning as text; what a browser would make of it is the console's to clean.
    lead = system.as_("n1.lead")
    body = "## 步骤\n\n&lt;img src=x onerror=\"document.title='harmed'\"&gt; [点此](javascript:document.title='harmed')"
    bad = lead.post("/articles", {"title": "来路不明", "body": body})
    page.goto(f"/articles/{bad['id']}")
    expect(page.locator(".prose h2")).to_have_text("步骤")
    assert page.locator(".prose [onerror], .prose [href^='javascript']").count() == 0
    assert page.title() != "harmed"
