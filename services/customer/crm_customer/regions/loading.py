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
from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm_chassis.text_search import searchable

from .models import Region
from .rules import LEVELS, full_code, short_name

_BEYOND_THE_STANDARD = {"台湾省": "71", "香港特别行政区": "81", "澳门特别行政区": "82"}


def load(session: Session) -> None:
    """Write every region. Rows already there keep their short name and remarks, which people may edit."""
    row = insert(Region)
    known = row.on_conflict_do_update(
        index_elements=["code"],
        set_={name: row.excluded[name] for name in ("level", "name", "parent_code", "search")},
        where=or_(
            *(getattr(Region, name).is_distinct_from(row.excluded[name]) for name in ("name", "parent_code", "search"))
        ),
    )
    session.execute(known, all_rows())


@cache
def all_rows() -> list[dict[str, Any]]:
    """Every region as a row, provinces first."""
    found = sorted([*_standard(), *_beyond_the_standard()], key=lambda row: (LEVELS.index(row["level"]), row["code"]))
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
        for row in csv.DictReader(_text(file).splitlines()):
            yield _row(row["code"], level, row["name"], row.get(parent))


def _beyond_the_standard() -> Iterator[dict[str, Any]]:
    for province, cities in json.loads(_text("HK-MO-TW.json")).items():
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


def _text(file: str) -> str:
    return (files(__package__) / "data" / file).read_text("utf-8")
