"""What tests of the console do on any of its pages."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect
from system import PASSWORD, System, eventually

from crm_web import build

AXE = build.WEB / "node_modules" / "axe-core" / "axe.min.js"


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Fill the sign-in page and wait for the frame."""
    page.goto("/sign-in")
    page.locator("input[name=username]").fill(username)
    page.locator("input[name=password]").fill(password)
    page.locator("button[type=submit]").click()
    expect(page.locator(".frame")).to_be_visible()


def settle(page: Page) -> None:
    """Wait until nothing is being loaded and no skeleton stands in for what comes."""
    expect(page.locator(".skeleton")).to_have_count(0)
    # The console's policy forbids what `wait_for_function` needs.
    eventually(lambda: page.evaluate("document.getAnimations().every(one => one.playState !== 'running')"))


def choose(page: Page, picker: Locator, text: str) -> None:
    """Take an option of a select; its placeholder lies over the input, so it is opened by key."""
    picker.focus()
    picker.press("Enter")
    page.locator(".el-select-dropdown:visible").get_by_role("option", name=text, exact=True).click()


def refer(page: Page, picker: Locator, text: str) -> None:
    """Pick a record by typing a part of its name."""
    picker.click()
    picker.fill(text)
    page.locator(".el-select-dropdown__item:visible", has_text=text).first.click()


def save(form: Locator) -> None:
    """Press the form's button to save and wait until it is taken."""
    form.get_by_role("button", name="保存", exact=True).click()
    expect(form).to_have_count(0)


def act(page: Page, verb: str) -> None:
    """Press a record's button and again the one in the dialog that asks."""
    page.locator(".record").get_by_role("button", name=verb, exact=True).click()
    dialog = page.get_by_role("dialog", name=verb)
    dialog.get_by_role("button", name=verb, exact=True).click()
    expect(dialog).to_have_count(0)


def ask_manager(system: System, trip_id: str) -> None:
    """Submit a trip so that the manager is asked: until the news of the tree is through, the administrators are."""
    seller = system.as_("n1.sales1")
    manager_id = system.as_("n1.manager").get("/auth/me")["user"]["id"]

    def asked() -> bool:
        approval_id = seller.post(f"/travel-plans/{trip_id}/submit")["approval_id"]
        (approval,) = eventually(lambda: seller.get(f"/approvals?id={approval_id}")["items"])
        if manager_id in approval["waiting_ids"]:
            return True
        seller.post(f"/travel-plans/{trip_id}/withdraw")
        return False

    eventually(asked)


def violations(page: Page) -> list[str]:
    """What axe finds serious or critical on the page as it stands."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary'][:300]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]
