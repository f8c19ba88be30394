"""Working time: spans of it over nights, weekends, special days and changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_service_desk.calendars import rules

SHANGHAI = "Asia/Shanghai"
OFFICE = [
    {"weekday": day, "opens": opens, "closes": closes}
    for day in range(1, 6)
    for opens, closes in (("13:00", "18:00"), ("09:00", "12:00"))
]
HOLIDAYS = [
    {"first_on": "2026-10-01", "last_on": "2026-10-07", "name": "国庆节", "as_weekday": None},
    {"first_on": "2026-10-10", "last_on": "2026-10-10", "name": "调休上班", "as_weekday": 3},
]
CALENDAR = rules.calendar(SHANGHAI, OFFICE, HOLIDAYS)


def at(text: str, zone: str = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-09-21 10:00", 1, "2026-09-21 11:00"),
        ("2026-09-21 11:30", 1, "2026-09-21 13:30"),  # over lunch
        ("2026-09-25 17:00", 2, "2026-09-28 10:00"),  # over the weekend
        ("2026-09-26 03:00", 1, "2026-09-28 10:00"),  # begun on a Saturday
        ("2026-09-30 17:00", 2, "2026-10-08 10:00"),  # over the holidays
        ("2026-10-09 17:00", 2, "2026-10-10 10:00"),  # a Saturday worked in exchange
        ("2026-09-21 09:00", 8, "2026-09-21 18:00"),  # until closing time, not until the next morning
    ],
)
def test_time_counts_while_people_work(start: str, hours: int, end: str) -> None:
    assert rules.after(CALENDAR, at(start), hours * 3600) == at(end)
    assert rules.between(CALENDAR, at(start), at(end)) == hours * 3600


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-06-07", 24)])
def test_a_day_is_as_long_as_it_really_was(day: str, hours: int) -> None:
    zone = "America/New_York"
    sundays = rules.calendar(zone, [{"weekday": 7, "opens": "00:00", "closes": "24:00"}], [])

    start = at(f"{day} 00:00", zone)

    assert rules.between(sundays, start, start + timedelta(days=2)) == hours * 3600


def test_what_never_comes_is_due_at_the_horizon() -> None:
    seldom = rules.calendar(SHANGHAI, [{"weekday": 1, "opens": "09:00", "closes": "09:01"}], [])
    start = at("2026-09-21 00:00")

    late = rules.after(seldom, start, 365 * 24 * 3600)

    assert timedelta(days=rules.HORIZON_DAYS - 8) < late - start <= timedelta(days=rules.HORIZON_DAYS)


_MINUTES = st.integers(0, 24 * 60)
_ROWS = st.lists(
    st.tuples(st.integers(1, 7), st.lists(_MINUTES, min_size=2, max_size=6, unique=True)),
    min_size=1,
    max_size=7,
    unique_by=lambda row: row[0],
)


def _row(weekday: int, opens: int, closes: int) -> dict[str, Any]:
    texts = [f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (opens, closes)]
    return {"weekday": weekday, "opens": texts[0], "closes": texts[1]}


_CALENDARS = st.builds(
    lambda zone, rows: rules.calendar(
        zone,
        [
            _row(weekday, *pair)
            for weekday, minutes in rows
            for pair in zip(sorted(minutes)[::2], sorted(minutes)[1::2], strict=False)
        ],
        HOLIDAYS,
    ),
    st.sampled_from([SHANGHAI, "America/New_York", "Pacific/Apia", "Asia/Kathmandu"]),
    _ROWS,
)
_MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(_CALENDARS, _MOMENTS, st.integers(1, 40 * 60))
def test_a_span_reaches_exactly_as_far_as_it_is_long(calendar: rules.Calendar, start: datetime, seconds: int) -> None:
    end = rules.after(calendar, start, seconds)

    assert rules.between(calendar, start, end) == seconds
    assert rules.between(calendar, start, end - timedelta(seconds=1)) < seconds, "the first such moment"


@given(st.none() | _CALENDARS, _MOMENTS, st.integers(0, 90_000), st.integers(0, 90_000))
def test_spans_one_after_the_other_are_as_long_as_both(
    calendar: rules.Calendar | None, start: datetime, first: int, second: int
) -> None:
    middle = start + timedelta(seconds=first)
    end = middle + timedelta(seconds=second)

    whole = rules.between(calendar, start, end)

    assert whole == rules.between(calendar, start, middle) + rules.between(calendar, middle, end)
    assert rules.between(calendar, end, start) == 0 or first == second == 0
