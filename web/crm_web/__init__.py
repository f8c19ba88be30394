"""The console: its built files, and the means to build them."""

from __future__ import annotations

from pathlib import Path

DIST = Path(__file__).parent / "dist"
"""Where the built files lie, in a wheel and in a checkout alike."""


def root() -> Path | None:
    """The folder to serve, or None while nothing is built."""
    return DIST if (DIST / "index.html").is_file() else None
