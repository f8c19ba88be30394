"""What pages and messages point to is there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from crm_local import postgres

ROOT = Path(__file__).parents[2]


def test_every_module_that_the_page_about_the_chassis_names_exists() -> None:
    page = (ROOT / "libs/chassis/README.md").read_text(encoding="utf-8")
    named = {
        name.rstrip("/")
        for row in re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE)
        for name in re.findall(r"`([a-z_]+/?)`", row)
    }
    assert len(named) > 20
    assert [name for name in sorted(named) if importlib.util.find_spec(f"crm_chassis.{name}") is None] == []


def test_the_way_to_a_new_postgresql_is_described_where_the_launcher_says() -> None:
    assert "### A new PostgreSQL\n" in (ROOT / postgres.UPGRADE_PAGE).read_text(encoding="utf-8")
