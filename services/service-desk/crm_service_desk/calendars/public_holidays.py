"""The public holidays of a country as special days of a calendar. Source: the holidays library (python-holidays)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TypedDict

import holidays

from crm_chassis import language
from crm_chassis.language import say

COUNTRIES: Sequence[str] = sorted(code for code in holidays.list_supported_countries() if len(code) == 2)
"""ISO 3166-1 alpha-2 codes."""

_LIKE = 1
"""A weekend day that is worked in exchange for a holiday has the hours of a Monday, until somebody says otherwise."""


class SpecialDay(TypedDict):
    """A row of ``BusinessCalendar.special_days`` before it is stored."""

    first_on: date
    last_on: date
    name: str
    as_weekday: int | None


def special_days(country: str, year: int) -> list[SpecialDay]:
    """The year's public holidays and the weekends worked in exchange, in order, named in the current language.

    Days of one name that follow each other are one row. Where the library does not know the language, the country's own.
    """
    wanted = "zh_CN" if language.current() == language.CHINESE else "en_US"
    known = holidays.country_holidays(country).supported_languages
    found = holidays.country_holidays(country, years=year, language=wanted if wanted in known else None)
    free = [(day, name, None) for day, name in found.items()]
    exchanged = say("Working day in exchange").spoken()
    worked = [(day, exchanged, _LIKE) for day in getattr(found, "weekend_workdays", ()) if day.year == year]
    return list(_joined(sorted([*free, *worked])))


def _joined(days: Sequence[tuple[date, str, int | None]]) -> Iterator[SpecialDay]:
    row: SpecialDay | None = None
    for day, name, like in days:
        if row and row["last_on"] + timedelta(days=1) == day and (row["name"], row["as_weekday"]) == (name, like):
            row["last_on"] = day
            continue
        if row:
            yield row
        row = SpecialDay(first_on=day, last_on=day, name=name[:100], as_weekday=like)
    if row:
        yield row
