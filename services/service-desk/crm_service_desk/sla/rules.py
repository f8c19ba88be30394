"""Which time limits hold for a request, and when they end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

from ..calendars.rules import Calendar, after

WARN_AT_PERCENT = 80
"""How much of the time to solve may pass before somebody is warned."""


class Default(NamedTuple):
    """A policy for one priority, round the clock."""

    name: str
    priority: str
    response_minutes: int
    resolve_minutes: int


DEFAULTS: tuple[Default, ...] = (
    Default("紧急 Urgent", "urgent", 30, 4 * 60),
    Default("高 High", "high", 60, 8 * 60),
    Default("普通 Normal", "normal", 4 * 60, 24 * 60),
    Default("低 Low", "low", 8 * 60, 72 * 60),
)
"""What a group begins with until it writes its own."""


class Terms(Protocol):
    """What a policy says: its conditions (None = any) and its limits in minutes."""

    unit_id: UUID
    kind: str | None
    priority: str | None
    level: str | None
    response_minutes: int
    resolve_minutes: int


T = TypeVar("T", bound=Terms)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When the first response and the solution are due, and when to warn about the latter."""

    response_due_at: datetime
    warn_at: datetime
    due_at: datetime


def choose(policies: Iterable[T], units: Sequence[UUID], *, kind: str, priority: str, level: str | None) -> T | None:
    """The policy that holds: of the nearest unit that has a fitting one, the one with the most conditions.

    units: the request's unit, then its parents up to the root. None when nothing fits.
    """
    given = {"kind": kind, "priority": priority, "level": level}
    fitting = [
        policy
        for policy in policies
        if policy.unit_id in units and all(getattr(policy, name) in {None, value} for name, value in given.items())
    ]
    conditions = {id(policy): sum(getattr(policy, name) is not None for name in given) for policy in fitting}
    return min(fitting, key=lambda policy: (units.index(policy.unit_id), -conditions[id(policy)]), default=None)


def deadlines(
    started_at: datetime,
    calendar: Calendar | None = None,
    *,
    response_minutes: int,
    resolve_minutes: int,
    held_s: int = 0,
) -> Deadlines:
    """The moments the limits end, counted from ``started_at`` by the calendar, later by the working time spent on hold."""
    return Deadlines(
        response_due_at=after(calendar, started_at, response_minutes * 60 + held_s),
        warn_at=after(calendar, started_at, resolve_minutes * 60 * WARN_AT_PERCENT / 100 + held_s),
        due_at=after(calendar, started_at, resolve_minutes * 60 + held_s),
    )


def stands(told: bool, due_at: datetime | None, now: datetime) -> bool:
    """Whether a warning or breach that was told of another limit holds of one due at ``due_at``; None: no limit."""
    return bool(told and due_at and due_at <= now)
