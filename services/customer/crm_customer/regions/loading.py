"""The reference rows: read once from the package's files, written in one statement after each migration."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import count
from typing import Any

from pypinyin import lazy_pinyin
from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_chassis.text_search import searchable

from .rules import LEVELS, full_code, short_name

_BEYOND_THE_STANDARD = {"台湾省": "71", "香港特别行政区": "81", "澳门特别行政区": "82"}


_WRITE = text("""
    INSERT INTO regions (code, level, name, short_name, parent_code, search)
    SELECT code, level, name, short_name, parent_code, search
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r(code text, level text, name text, short_name text, parent_code text, search text)
    ON CONFLICT (code) DO UPDATE
    SET level = excluded.level, name = excluded.name, parent_code = excluded.parent_code, search = excluded.search
    WHERE (regions.level, regions.name, regions.parent_code, regions.search)
        IS DISTINCT FROM (excluded.level, excluded.name, excluded.parent_code, excluded.search)
""")


def load(session: Session) -> None:
    """Write every region in one statement. Rows already there keep their short name and remarks, which people edit."""
    session.execute(_WRITE, {"rows": _as_json()})


@cache
def _as_json() -> str:
    return json.dumps(all_rows())


def all_rows() -> list[dict[str, Any]]:
    """Every region as a row, provinces first.

    东莞, 中山 and 儋州 have no counties, and the source names each again as its own only county: they stay cities.
    """
    by_level = sorted([*_standard(), *_beyond_the_standard()], key=lambda row: LEVELS.index(row["level"]), reverse=True)
    found = sorted(
        {row["code"]: row for row in by_level}.values(), key=lambda row: (LEVELS.index(row["level"]), row["code"])
    )
    return [{**row, "short_name": short_name(row["name"]), "search": _search(row["name"])} for row in found]


def _search(name: str) -> str:
    short = short_name(name)
    return f"{searchable(name, short)} {''.join(lazy_pinyin(name))}"


def _standard() -> Iterator[dict[str, Any]]:
    for level, file, parent in (
        ("province", "provinces.csv", ""),
        ("city", "cities.csv", "provinceCode"),
        ("county", "areas.csv", "cityCode"),
    ):
        for row in csv.DictReader(_file(file).splitlines()):
            yield _row(row["code"], level, row["name"], row.get(parent))


def _beyond_the_standard() -> Iterator[dict[str, Any]]:
    for province, cities in json.loads(_file("HK-MO-TW.json")).items():
        code = _BEYOND_THE_STANDARD[province]
        yield _row(code, "province", province, None)
        for number, (city, counties) in zip(count(1), cities.items(), strict=False):
            city_code = f"{code}{number:02d}"
            yield _row(city_code, "city", city, code)
            for below, county in enumerate(counties, start=1):
                yield _row(f"{city_code}{below:02d}", "county", county, city_code)


def _row(code: str, level: str, name: str, parent: str | None) -> dict[str, Any]:
    return {
        "code": full_code(code),
        "level": level,
        "name": name,
        "parent_code": full_code(parent) if parent else None,
    }


def _file(name: str) -> str:
    return (files(__package__) / "data" / name).read_text("utf-8")
