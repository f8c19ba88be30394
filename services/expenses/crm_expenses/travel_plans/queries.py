"""Reading trips for other slices, and locking one for an answer."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import TravelPlan
from .rules import UNDER_WAY


class Trip(NamedTuple):
    """What a claim needs to know of its trip."""

    traveller_id: UUID
    under_way: bool
    settled: bool


def trip(session: Session, travel_plan_id: UUID) -> Trip | None:
    """The trip, None when the caller does not see it."""
    row = session.execute(
        select(TravelPlan.traveller_id, TravelPlan.status).where(TravelPlan.id == travel_plan_id)
    ).one_or_none()
    return Trip(row.traveller_id, row.status in UNDER_WAY, row.status == "settled") if row else None


def lock(session: Session, travel_plan_id: UUID) -> TravelPlan | None:
    """The trip, kept from others until the transaction ends; None when there is none."""
    return session.scalar(select(TravelPlan).where(TravelPlan.id == travel_plan_id).with_for_update())
