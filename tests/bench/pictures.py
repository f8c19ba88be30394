"""``make screenshots``: the pictures of README.md and docs/tour.md, taken from a running system with the demo group.

``URL`` and ``PASSWORD`` name a system that runs; without them one is started in a scratch home and filled first, which
takes ten minutes. Pictures are small on purpose: WebP, at most 120 kB each.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from console_pages import settle, sign_in
from playwright.sync_api import Browser, Page, expect, sync_playwright
from run import free_port

from crm_local.demo.api import Api
from crm_web import build

PICTURES_FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
expect.set_options(timeout=60_000)
LARGEST_BYTES = 120_000
QUALITY = 82


@dataclass(frozen=True)
class Picture:
    """One picture: who looks, at what, and how."""

    name: str
    user: str
    path: str | Callable[[Api], str]
    locale: str = "zh-CN"
    appearance: str = "light"
    width: int = 1280
    height: int = 800
    ready: str = ".frame"


def customer_with_a_deal(api: Api) -> str:
    """The page of a customer with whom something is going on."""
    deal = api.get("/opportunities?status=open&sort=-amount&limit=1")["items"][0]
    return f"/customers/{deal['customer_id']}"


def decided_approval(api: Api) -> str:
    """An approval with its picture."""
    (approval,) = api.get("/approvals?sort=-created_at&limit=1")["items"]
    return f"/approvals?mine=all&record={approval['id']}"


PICTURES = [
    Picture("desk", "n1.sales1", "/"),
    Picture("customers", "n1.sales1", "/customers", locale="en", ready="tr[data-row]"),
    Picture("customer", "n1.sales1", customer_with_a_deal, ready=".record h2"),
    Picture("board", "n1.manager", "/opportunities?layout=board", locale="en", ready=".card"),
    Picture("approval", "n1.manager", decided_approval, ready="[role=img]"),
    Picture("report", "ceo", "/reports?report=contribution&group_by=month&period=all", locale="en", ready=".chart svg"),
    Picture("dark", "n1.manager", customer_with_a_deal, locale="en", appearance="dark", ready=".record h2"),
    Picture("phone", "n1.manager", "/", width=390, height=844),
]


def main() -> None:
    """Take all pictures, or those whose names are arguments."""
    wanted = set(sys.argv[1:]) or {picture.name for picture in PICTURES}
    with running() as (address, password), sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("google-chrome")
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        for picture in PICTURES:
            if picture.name in wanted:
                keep(picture.name, photograph(browser, picture, address, password))
        browser.close()


def photograph(browser: Browser, picture: Picture, address: str, password: str) -> bytes:
    """What that person sees there, once everything has come."""
    context = browser.new_context(
        base_url=address,
        locale=picture.locale,
        timezone_id="Asia/Shanghai",
        viewport={"width": picture.width, "height": picture.height},
        reduced_motion="reduce",
    )
    context.add_init_script(
        f"localStorage.setItem('banyan.locale', '{picture.locale}');"
        f"localStorage.setItem('banyan.appearance', '{picture.appearance}')"
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    sign_in(page, picture.user, password)
    path = picture.path if isinstance(picture.path, str) else picture.path(Api(address, picture.user, password))
    page.goto(path)
    page.locator(picture.ready).first.wait_for()
    quiet(page)
    asked = {"format": "webp", "quality": QUALITY}
    taken = context.new_cdp_session(page).send("Page.captureScreenshot", asked)
    context.close()
    return base64.b64decode(taken["data"])


def quiet(page: Page) -> None:
    """Wait until nothing is being loaded and names have taken the place of ids."""
    settle(page)
    page.wait_for_load_state("domcontentloaded")
    expect(page.get_by_text("…", exact=True).and_(page.locator(":not(.mark, .person)"))).to_have_count(0)
    settle(page)


def keep(name: str, picture: bytes) -> None:
    """Write it. Raises SystemExit when it is too large."""
    if len(picture) > LARGEST_BYTES:
        raise SystemExit(f"{name} has {len(picture)} bytes; it may have {LARGEST_BYTES}")
    (PICTURES_FOLDER / f"{name}.webp").write_bytes(picture)
    print(f"{name}.webp {len(picture) / 1000:.0f} kB")


@contextmanager
def running() -> Iterator[tuple[str, str]]:
    """Address and password of a system with the demo group."""
    if "URL" in os.environ:
        yield os.environ["URL"].rstrip("/"), os.environ["PASSWORD"]
        return
    build.ensure()
    password = "a-password-for-pictures"
    with tempfile.TemporaryDirectory(prefix="banyan-pictures-") as home:
        port = free_port()
        environment: dict[str, str] = {**os.environ, "CRM_HOME": home, "CRM_PORT": str(port), "CRM_PASSWORD": password}
        command = [sys.executable, "-m", "crm_local", "up", "--demo", "bluedream"]
        system = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
        assert system.stdout
        try:
            for line in system.stdout:
                print(line, end="")
                if "demo: churn cases" in line:
                    break
            while waiting(environment):
                time.sleep(2)
            yield f"http://127.0.0.1:{port}", password
        finally:
            system.send_signal(signal.SIGINT)
            system.wait(60)


def waiting(environment: dict[str, str]) -> int:
    """How many events are not handled yet."""
    command = [sys.executable, "-m", "crm_local", "status", "--json"]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return sum(queue["inbox_waiting"] or 0 for queue in json.loads(printed)["queues"])


if __name__ == "__main__":
    main()
