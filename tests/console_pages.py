"""What tests of the console do on any of its pages."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from system import PASSWORD, eventually

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
