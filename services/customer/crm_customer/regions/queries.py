"""Reading regions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from crm_chassis import errors
from crm_chassis.language import say
from crm_chassis.text_search import normalise

from .models import Region


def is_region(session: Session, code: str) -> bool:
    """Whether there is a region with this code."""
    return bool(session.scalar(select(exists().where(Region.code == code))))


def check_region(session: Session, code: str | None) -> None:
    """Raises Invalid at ``/region_code`` when the code is given and there is no such region.

    A code found good is remembered for the transaction: a file names few regions many times.
    """
    if code is None or code in session.info.setdefault("regions", set()):
        return
    if not is_region(session, code):
        raise errors.field_error(
            "/region_code", "unknown", say("There is no such region; take a code of GET /regions, such as 310115.")
        )
    session.info["regions"].add(code)


def one(session: Session, code: str, *, lock: bool = False) -> Region:
    """The region with this code. Raises NotFound."""
    region = session.get(Region, code, with_for_update=lock or None)
    if region is None:
        raise errors.NotFound(say("There is no region with this code."))
    return region


def listed(asked: dict[str, Any]) -> Select[Region]:
    """The regions that match ``parent_code``, ``level``, ``code__in`` and ``q``, by code."""
    statement = select(Region).order_by(Region.code)
    for name in ("parent_code", "level"):
        if name in asked:
            statement = statement.where(getattr(Region, name) == asked[name])
    if "code__in" in asked:
        statement = statement.where(Region.code.in_(asked["code__in"].split(",")))
    for word in normalise(asked.get("q", "")).split():
        statement = statement.where(Region.search.contains(word, autoescape=True))
    return statement
