"""``make bench-console``: the console's budgets in Chromium, over the customers that ``make bench`` makes.

Prints what the first load carries, how soon the list and a click's effect are painted (medians of five), and the
JavaScript heap while somebody reads a list of ``BENCH_CUSTOMERS`` (100,000) rows to ``BENCH_PAGES`` (2,000) pages.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from console_pages import sign_in
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from run import PASSWORD, SIZE, fill, free_port, start_system

from crm_local.demo.api import Api
from crm_local.demo.company import build_company
from crm_local.home import Home
from crm_local.installation import Installation, Wishes
from crm_web import build

PAGES = int(os.environ.get("BENCH_PAGES", "2000"))
TIMES = 5

LARGEST_PAINT = """new Promise(done => new PerformanceObserver(list => done(list.getEntries().at(-1).startTime))
  .observe({type: 'largest-contentful-paint', buffered: true}))"""

PAINTED = """selector => new Promise((done, failed) => {
  const began = performance.now()
  const seen = () => {
    if (window.changed()) requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)))
    else if (performance.now() - began > 30000) failed(new Error('nothing was painted'))
    else requestAnimationFrame(seen)
  }
  document.querySelector(selector).click()
  seen()
})"""
"""Milliseconds from a click until what it leads to has been painted."""


READ_ON = """pages => new Promise((done, failed) => {
  const last = () => [...document.querySelectorAll('tr[data-row]')].at(-1).innerText
  let seen = last(), since = performance.now()
  const look = () => {
    const now = last()
    if (now !== seen) {
      if (!--pages) return done()
      seen = now
      since = performance.now()
    } else if (performance.now() - since > 30000) {
      return failed(new Error('the list did not go on'))
    }
    document.querySelector('.scroll').scrollTop = 1e9
    requestAnimationFrame(look)
  }
  look()
})"""
"""Holds the list at its end until so many pages have come."""


def main() -> None:
    """Run the whole bench."""
    build.ensure()
    home = Path(tempfile.mkdtemp(prefix="banyan-bench-"))
    port = free_port()
    system = start_system(home, port)
    try:
        address = f"http://127.0.0.1:{port}"
        load(home, port, address)
        with sync_playwright() as playwright:
            found = shutil.which("chromium") or shutil.which("google-chrome")
            arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=found, args=arguments)
            measure(browser, address)
            browser.close()
    finally:
        system.send_signal(signal.SIGINT)
        system.wait(60)
        shutil.rmtree(home)


def load(home: Path, port: int, address: str) -> None:
    """The demo group's people and SIZE customers."""
    units = build_company(Api(address, "admin", PASSWORD), PASSWORD)
    owner = Api(address, "n1.sales1", PASSWORD).get("/auth/me")["user"]["id"]
    installation = Installation.running(Home(home), Wishes.from_environment({"CRM_PORT": str(port)}))
    database = installation.databases["customer"]
    fill(installation.server_url.rsplit("/", 1)[0] + f"/{database.name}", units, owner)


def measure(browser: Browser, address: str) -> None:
    """Print the table."""
    context = browser.new_context(base_url=address, locale="zh-CN", viewport={"width": 1280, "height": 844})
    sign_in(context.new_page(), "ceo", PASSWORD)
    state = context.storage_state()
    context.close()

    def fresh() -> Page:
        made = browser.new_context(
            base_url=address, locale="zh-CN", storage_state=state, viewport={"width": 1280, "height": 844}
        )
        return made.new_page()

    loads = [first_load(fresh()) for _ in range(TIMES)]
    print(f"\n{SIZE} customers, {os.cpu_count()} cores; medians of {TIMES}\n")
    say("first load of the customer list, transferred", statistics.median(size for size, _ in loads) / 1000, "kB")
    say("largest contentful paint of the list, cold cache", statistics.median(paint for _, paint in loads), "ms")
    page = fresh()
    for work, step in STEPS.items():
        say(work, statistics.median(step(page) for _ in range(TIMES)), "ms")
    read_on(page)


def say(work: str, value: float, unit: str) -> None:
    print(f"{work:52} {value:9.0f} {unit}", flush=True)


def first_load(page: Page) -> tuple[float, float]:
    """Bytes over the wire until the list stands, and its largest contentful paint in ms, with nothing cached."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto("/customers")
    page.locator("tr[data-row]").first.wait_for()
    page.wait_for_timeout(500)
    painted = float(page.evaluate(LARGEST_PAINT))
    page.context.close()
    return sum(sizes), painted


def clicked(page: Page, selector: str, changed: str) -> float:
    """Milliseconds from a click to the paint after which ``changed`` is true."""
    page.evaluate(f"window.changed = () => {changed}")
    return float(page.evaluate(PAINTED, selector))


def listed(page: Page, query: str = "") -> None:
    page.goto(f"/customers{query}")
    page.locator("tr[data-row]").nth(49).wait_for()


def next_page(page: Page) -> float:
    """From "load more" to the rows of the next page."""
    listed(page)
    return clicked(page, ".foot button", "document.querySelectorAll('tr[data-row]').length > 50")


def open_drawer(page: Page) -> float:
    """From a row to its record in the drawer; each time another row."""
    listed(page)
    return clicked(page, "tr[data-row]:nth-child(7)", "document.querySelector('.el-drawer .record dl')")


def another_view(page: Page) -> float:
    """From the tab of the important customers to their rows; the list before it was sorted by name."""
    listed(page, "?sort=name")
    page.evaluate("window.shown = document.querySelectorAll('tr[data-row]')[1].innerText")
    row = "document.querySelectorAll('tr[data-row]')[1]"
    return clicked(page, ".views .view:nth-of-type(3) button", f"{row} && {row}.innerText !== window.shown")


STEPS: dict[str, Callable[[Page], float]] = {
    "click on a row -> its record painted": open_drawer,
    "load more -> next page painted": next_page,
    "click on a view -> its rows painted": another_view,
}


def read_on(page: Page) -> None:
    """Scroll through the list to its end and watch the heap."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    listed(page)
    for quarter in range(5):
        if quarter:
            page.evaluate(READ_ON, PAGES // 4)
        pages = quarter * PAGES // 4
        say(f"JS heap after {pages} pages, {nodes(session):.0f} DOM nodes", heap_mb(session), "MB")


def metric(session: CDPSession, name: str) -> float:
    found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return float(found[name])


def heap_mb(session: CDPSession) -> float:
    """The JavaScript heap in MB after everything that can go is gone."""
    session.send("HeapProfiler.collectGarbage")
    return metric(session, "JSHeapUsedSize") / 1e6


def nodes(session: CDPSession) -> float:
    session.send("HeapProfiler.collectGarbage")
    return metric(session, "Nodes")


if __name__ == "__main__":
    main()
