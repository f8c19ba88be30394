"""The console's icons as pictures, drawn from ``public/banyan.svg``: ``python -m crm_web.icons`` after it changed.

Needs Playwright and a Chromium on the PATH, which the browser tests need too.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

PUBLIC = Path(__file__).resolve().parents[1] / "public"
_SIZES = {"any-192": 192, "any-512": 512, "maskable-512": 512, "touch-180": 180}
_SAFE_ZONE = 0.72
"""A launcher may cut a maskable icon to a circle; what matters stays within."""


def page_of(svg: str, name: str, size: int) -> str:
    """A document that shows the icon alone, ``size`` pixels wide; maskable ones fill their square."""
    inner, colour = svg, "transparent"
    if not name.startswith("any"):
        found = re.search(r'<rect[^>]*fill="([^"]+)"[^>]*/>', svg)
        if found:
            colour, inner = found[1], svg.replace(found[0], "")
    width = round(size * (_SAFE_ZONE if name.startswith("maskable") else 1))
    place = f"width:{size}px;height:{size}px;display:grid;place-items:center;background:{colour}"
    return f'<body style="margin:0"><div style="{place}"><div style="width:{width}px;height:{width}px">{inner}</div>'


def main() -> int:
    """Draw every icon into ``public/icons``."""
    from playwright.sync_api import sync_playwright

    svg = (PUBLIC / "banyan.svg").read_text()
    target = PUBLIC / "icons"
    target.mkdir(exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, size in _SIZES.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(page_of(svg, name, size))
            page.screenshot(path=target / f"{name}.png", omit_background=True)
            page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
