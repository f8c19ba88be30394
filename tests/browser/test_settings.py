"""Settings and reports by clicking: the company tree, users, roles, pipelines, keys, the audit log, and a report."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from console_pages import settle
from notify.world import WebSink
from playwright.sync_api import Page, expect
from system import System, eventually

Opened = Callable[..., Page]


def test_a_unit_is_made_moved_by_keyboard_and_closed(system: System, opened: Opened) -> None:
    page = opened("admin")
    page.goto("/org-units")
    tree = page.get_by_role("tree")
    tree.get_by_role("treeitem", name="蓝梦北京公司").click()
    page.get_by_role("button", name="新建下级").click()
    form = page.locator(".el-drawer form.form")
    form.get_by_label("名称", exact=True).fill("大客户部")
    form.get_by_label("编码").fill("N1K")
    form.get_by_role("button", name="保存", exact=True).click()
    made = tree.get_by_role("treeitem", name="大客户部")
    expect(made).to_have_attribute("aria-level", "4")
    made.press("m")
    dialog = page.get_by_role("dialog", name="把“大客户部”移到")
    dialog.get_by_role("combobox").click()
    page.get_by_role("option", name="蓝梦天津公司").click()
    dialog.get_by_role("button", name="移动").click()
    page.get_by_role("dialog", name="").get_by_role("button", name="移动").last.click()
    expect(page.locator(".detail .path")).to_have_text("蓝梦集团 / 华北区 / 蓝梦天津公司")
    admin = system.as_("admin")
    assert admin.get("/org-units?code=N1K")["items"][0]["parent_id"] == system.units["N2"]
    page.get_by_role("button", name="关闭", exact=True).click()
    page.locator(".el-message-box").get_by_role("button", name="关闭", exact=True).click()
    expect(made).to_contain_text("已关闭")
    assert admin.get("/org-units?code=N1K")["items"][0]["active"] is False


def test_a_role_is_copied_and_widened_and_a_user_who_holds_it_signs_in_with_the_password_shown_once(
    system: System, opened: Opened
) -> None:
    page = opened("admin")
    page.goto("/roles")
    page.get_by_role("button", name="财务 finance").click()
    page.get_by_role("button", name="复制为新角色").click()
    dialog = page.get_by_role("dialog", name="新建角色")
    dialog.get_by_label("标识").fill("finance_audit")
    dialog.get_by_role("button", name="新建角色").click()
    expect(page.locator(".detail h2")).to_have_text("财务（副本）")
    cell = page.get_by_label("审计日志：查看")
    expect(cell).to_have_value("")
    cell.select_option("company")
    expect(page.locator(".bar .tag")).to_have_text("有 1 处修改未保存")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".bar .tag")).to_have_count(0)
    admin = system.as_("admin")
    role = admin.get("/roles?key=finance_audit")["items"][0]
    assert {"resource": "audit", "action": "read", "scope": "company"} in role["grants"]
    assert {"resource": "payment", "action": "create", "scope": "company"} in role["grants"], "copied"

    page.goto("/users?create=1")
    form = page.locator(".el-drawer form.form")
    form.get_by_label("姓名").fill("郑审计")
    form.get_by_label("用户名").fill("n1.auditor")
    form.get_by_role("combobox", name="主组织").fill("蓝梦北京")
    page.get_by_role("option", name="蓝梦北京公司").click()
    form.get_by_role("combobox", name="角色").fill("财务（副本）")
    page.get_by_role("option", name="财务（副本）").click()
    form.get_by_label("姓名").click()
    expect(form.locator(".el-tag")).to_contain_text("财务（副本）")
    form.get_by_role("button", name="保存", exact=True).click()
    shown = page.get_by_role("dialog", name="郑审计").get_by_role("textbox", name="仅显示一次")
    expect(shown).to_be_visible()
    password = shown.input_value()
    page.get_by_role("button", name="已记下").click()
    expect(shown).to_have_count(0)
    assert password not in page.content()

    browser = page.context.browser
    assert browser is not None
    fresh = browser.new_context(base_url=system.address, locale="zh-CN")
    theirs = fresh.new_page()
    theirs.goto("/sign-in")
    theirs.locator("input[name=username]").fill("n1.auditor")
    theirs.locator("input[name=password]").fill(password)
    theirs.locator("button[type=submit]").click()
    expect(theirs.get_by_label("再输入一次新密码")).to_be_visible()
    fresh.close()


def test_a_pipeline_is_ordered_from_the_keyboard(system: System, opened: Opened) -> None:
    page = opened("admin")
    page.goto("/pipelines")
    page.get_by_role("button", name="方案报价 上移").press("Enter")
    expect(page.get_by_role("button", name="方案报价 上移")).to_be_focused()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("button", name="保存", exact=True)).to_be_disabled()
    stages = system.as_("admin").get("/pipelines")["items"][0]["stages"]
    assert [stage["key"] for stage in stages] == ["qualify", "proposal", "needs", "negotiation"]


def test_a_calendar_is_filled_with_holidays_and_a_limit_counts_by_it(system: System, opened: Opened) -> None:
    page = opened("n1.lead")
    page.goto("/business-calendars?create=1")
    form = page.locator(".el-drawer form.form")
    form.get_by_label("名称", exact=True).fill("北京客服")
    form.get_by_role("group", name="周六").get_by_role("button", name="加一段时间").click()
    form.get_by_role("button", name="添加公共假日").click()
    form.get_by_role("group", name="添加公共假日").get_by_role("button", name="添加", exact=True).click()
    expect(form.get_by_role("status")).to_contain_text("已添加")
    form.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator("tr[data-row]", has_text="北京客服")).to_contain_text("周一至周六 09:00–18:00")
    lead = system.as_("n1.lead")
    made = lead.get(f"/business-calendars?name={quote('北京客服')}")["items"][0]
    assert made["timezone"] == "Asia/Shanghai"
    assert any(day["name"].startswith("国庆节") for day in made["special_days"])

    page.goto("/sla-policies?create=1")
    form.get_by_label("名称", exact=True).fill("北京报修")
    form.get_by_label("响应时限").fill("60")
    form.get_by_label("解决时限").fill("480")
    form.get_by_role("combobox", name="工作日历").fill("北京客服")
    page.get_by_role("option", name="北京客服").click()
    form.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator("tr[data-row]", has_text="北京报修")).to_contain_text("北京客服")
    policy = lead.get(f"/sla-policies?name={quote('北京报修')}")["items"][0]
    assert policy["calendar_id"] == made["id"]


def test_a_key_is_shown_once_and_the_audit_chain_that_tells_of_it_holds(system: System, opened: Opened) -> None:
    page = opened("admin")
    page.goto("/api-keys")
    page.get_by_role("button", name="新建密钥").click()
    dialog = page.get_by_role("dialog", name="新建密钥")
    dialog.get_by_label("名称").fill("财务系统同步")
    dialog.get_by_role("button", name="新建密钥").click()
    expect(dialog.get_by_role("alert")).to_have_text("至少选择一项权限")
    dialog.get_by_role("button", name="全部只读").click()
    dialog.get_by_role("button", name="新建密钥").click()
    key = page.get_by_role("dialog", name="财务系统同步").get_by_role("textbox").input_value()
    page.get_by_role("button", name="已记下").click()
    expect(page.get_by_role("row", name=re.compile("财务系统同步"))).to_contain_text("启用")
    assert key not in page.content()
    answer = page.request.fetch(
        f"{system.address}/api/v1/customers?limit=1", headers={"Authorization": f"Bearer {key}", "Cookie": ""}
    )
    assert answer.status == 200, answer.text()

    page.goto("/audit-entries?action__contains=api_key.")
    expect(page.locator("tr[data-row]").first).to_contain_text("新建密钥")
    page.get_by_role("button", name="校验完整性").click()
    expect(page.locator(".strip")).to_contain_text("完整：")


def test_who_leaves_hands_over_what_is_open(system: System, opened: Opened) -> None:
    admin = system.as_("admin")
    seller = admin.get("/users?username=n1.sales2")["items"][0]
    body = {"name": "北京移交机械有限公司", "owner_id": seller["id"], "unit_id": seller["unit_id"]}
    customer = admin.post("/customers", body)
    page = opened("admin")
    page.goto(f"/users/{seller['id']}")
    page.get_by_role("button", name="交接", exact=True).click()
    dialog = page.get_by_role("dialog", name="交接")
    expect(dialog).to_contain_text("历史记录不变")
    dialog.get_by_role("combobox", name="接手人").fill("n1.manager")
    page.get_by_role("option").first.click()
    dialog.get_by_role("button", name="交接", exact=True).click()
    expect(dialog).to_have_count(0)
    successor = admin.get("/users?username=n1.manager")["items"][0]["id"]
    eventually(lambda: admin.get(f"/customers/{customer['id']}")["owner_id"] == successor)


def test_a_call_that_was_made_is_seen_and_made_again(system: System, opened: Opened) -> None:
    receiver = WebSink()
    hook = system.as_("admin").post("/webhooks", {"url": receiver.url, "events": ["crm.sales.order.*.v1"]})
    page = opened("admin")
    page.goto(f"/webhooks/{hook['id']}")
    page.get_by_role("button", name="测试", exact=True).click()
    dialog = page.get_by_role("dialog", name="测试")
    dialog.get_by_role("button", name="测试", exact=True).click()
    expect(dialog).to_contain_text("成功：", timeout=30_000)
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="推送记录").click()
    call = page.get_by_role("tabpanel").get_by_role("listitem").first
    expect(call).to_contain_text("成功")
    call.get_by_role("button", name=re.compile("^重发")).click()
    expect(page.get_by_text("已排队重发")).to_be_visible()
    eventually(lambda: len(receiver.calls) == 2)
    assert receiver.calls[0][0]["webhook-id"] == receiver.calls[1][0]["webhook-id"]
    receiver.close()


def test_a_report_is_narrowed_downloaded_and_leads_to_its_records(system: System, opened: Opened) -> None:
    manager = system.as_("n1.manager")
    made = manager.post("/customers", {"name": "北京数榕科技有限公司", "level": "A", "mobile": "13700137001"})
    eventually(lambda: manager.get("/reports/composition?group_by=level")["rows"])
    page = opened("n1.manager")
    page.goto("/reports?report=composition&group_by=level&period=year")
    settle(page)
    table = page.get_by_role("region", name="客户构成").get_by_role("table")
    expect(table.locator("tfoot")).to_contain_text("合计")
    expect(page.locator(".chart svg")).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("button", name="下载 XLSX").click()
    assert started.value.path().read_bytes()[:2] == b"PK"
    table.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/customers\?level__(in|isnull)="))
    expect(page.locator("tr[data-row]").first).to_be_visible()

    page.goto("/search?q=数榕")
    page.get_by_role("link", name=re.compile(made["name"])).click()
    expect(page).to_have_url(re.compile(f"/customers/{made['id']}"))
