"""The console in a real browser, on the real system."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from console_pages import sign_in
from playwright.sync_api import Browser, BrowserContext, Page, expect
from system import System

from crm_web import build

expect.set_options(timeout=15_000)

SignIn = Callable[..., Page]


@pytest.fixture(scope="session", autouse=True)
def console() -> Path:
    """The console, built when its sources changed."""
    return build.ensure()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's Chromium where it has one; Chromium's sandbox does not run as root."""
    made = dict(browser_type_launch_args)
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found:
        made["executable_path"] = found
    if os.geteuid() == 0:
        made["args"] = ["--no-sandbox"]
    return made


@pytest.fixture(scope="session")
def storage(system: System, browser: Browser) -> Callable[[str], Any]:
    """The cookies of a user who signed in by the page, signed in once each: sign-ins are limited per minute."""
    kept: dict[str, Any] = {}

    def of(username: str) -> Any:
        if username not in kept:
            context = browser.new_context(base_url=system.address, locale="zh-CN")
            sign_in(context.new_page(), username)
            kept[username] = context.storage_state()
            context.close()
        return kept[username]

    return of


@pytest.fixture
def opened(system: System, browser: Browser, storage: Callable[[str], Any]) -> Any:
    """``opened(username, locale=…, appearance=…, width=…)``: a page of somebody who is signed in."""
    contexts: list[BrowserContext] = []

    def open_(
        username: str = "n1.sales1", *, locale: str = "zh-CN", appearance: str = "light", width: int = 1280
    ) -> Page:
        context = browser.new_context(
            base_url=system.address,
            storage_state=storage(username),
            viewport={"width": width, "height": 844},
            locale=locale,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.add_init_script(
            f"localStorage.setItem('banyan.locale', '{locale}'); localStorage.setItem('banyan.appearance', '{appearance}')"
        )
        page = context.new_page()
        page.goto("/")
        expect(page.locator(".frame")).to_be_visible()
        return page

    yield open_
    for context in contexts:
        context.close()
