"""What hangs on a record is reached from it, and what was begun is still there after a reload."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from system import System, eventually

Opened = Callable[..., Page]


def test_a_contacts_menu_gives_its_card(system: System, opened: Opened) -> None:
    seller = system.as_("n1.sales1")
    customer = seller.post("/customers", {"name": "榕下名片有限公司"})
    contact = seller.post("/contacts", {"customer_id": customer["id"], "name": "纪名片"})
    page = opened("n1.sales1")
    page.goto(f"/contacts/{contact['id']}")
    page.get_by_role("button", name="更多", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="下载名片").click()
    assert download.value.suggested_filename == "纪名片.vcf"


def test_from_a_leads_call_the_lead_is_reached(system: System, opened: Opened) -> None:
    seller = system.as_("n1.sales1")
    lead = seller.post("/leads", {"name": "来电线索", "company": "榕来电公司"})
    about = {"type": "lead", "id": lead["id"]}
    call = seller.post("/activities", {"subject": "回访来电线索", "kind": "call", "about": about})
    page = opened("n1.sales1")
    page.goto(f"/activities/{call['id']}")
    page.get_by_role("complementary", name="详情").get_by_role("link", name="来电线索").click()
    expect(page).to_have_url(re.compile(f"/leads/{lead['id']}$"))


@pytest.mark.parametrize("width", [1280, 390])
def test_an_import_is_undone_from_the_tray_after_a_reload(system: System, opened: Opened, width: int) -> None:
    name = f"撤销导入{width}公司"
    manager = system.as_("n1.manager")
    page = opened("n1.manager", width=width)
    page.goto("/customers")
    page.get_by_role("button", name="更多", exact=True).click()
    page.get_by_role("menuitem", name="导入", exact=True).click()
    wizard = page.get_by_role("dialog", name="导入客户")
    wizard.locator("input[type=file]").set_input_files(
        {"name": "new.csv", "mimeType": "text/csv", "buffer": f"名称,类型,关系\n{name},company,prospect\n".encode()}
    )
    wizard.get_by_role("button", name="试运行").click()
    wizard.get_by_role("button", name="开始导入").click()
    expect(wizard.get_by_text("导入完成")).to_be_visible()
    assert manager.get(f"/customers?name={name}")["items"]
    page.reload()
    page.get_by_role("button", name="后台任务").click()
    page.get_by_role("button", name="撤销此次导入").click()
    question = page.locator(".el-message-box")
    expect(question).to_contain_text("1 条记录")
    question.get_by_role("button", name="撤销此次导入").click()
    eventually(lambda: not manager.get(f"/customers?name={name}")["items"])
