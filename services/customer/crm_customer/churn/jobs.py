"""The churn scan: once an hour by itself, and as a job for whoever may configure churn."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import org
from crm_chassis.database import system_transaction
from crm_chassis.identity import Principal
from crm_chassis.jobs import JobRun
from crm_chassis.schedules import Schedule

from . import actions
from .collection import announce_warned

_BATCH = 500
_PER_HOUR = 5_000


def scan_some(session: Session, *, within: list[UUID] | None = None, limit: int = _BATCH) -> tuple[int, int]:
    """Warn of up to ``limit`` silent customers and ended reprieves; answers how many of each. (0, 0): all is done."""
    fresh = actions.warn_of_silent(session, within=within, limit=limit)
    again = actions.warn_again(session, within=within, limit=limit)
    announce_warned(session, [*fresh, *again])
    return len(fresh), len(again)


def scan_hourly(session: Session) -> None:
    """One bounded piece of the scan; a base with more silent customers is worked off in the next hours."""
    scan_some(session, limit=_PER_HOUR)


def run_scan(run: JobRun) -> dict[str, Any]:
    """Scan everything the caller's right to configure churn reaches, in batches of their own transactions."""
    within = _units(run.principal)
    done = sum(run.counts.values())
    for name in ("warned", "warned_again"):
        run.counts.setdefault(name, 0)
    while True:
        with system_transaction() as session:
            fresh, again = scan_some(session, within=within)
            run.counts["warned"] += fresh
            run.counts["warned_again"] += again
            done += fresh + again
            run.save(session, done=done)
        if not fresh and not again:
            return dict(run.counts)
        run.give_way()


def _units(principal: Principal) -> list[UUID] | None:
    grant = principal.grants["churn_case:configure"]
    if grant.everything:
        return None
    below = {unit for root in grant.subtrees for unit in org.tree().descendants(root)}
    own = {principal.unit_id} if grant.own else set()
    return sorted(below | grant.units | own)


CHURN = Schedule("churn", 3600, scan_hourly)
