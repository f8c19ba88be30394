"""Finding approvals, and the people a step asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..people import queries as people
from . import rules
from .models import Approval

BATCH = 200


def lock(session: Session, approval_id: UUID) -> Approval | None:
    """The approval, kept from others until the transaction ends; None when there is none."""
    return session.scalar(select(Approval).where(Approval.id == approval_id).with_for_update())


def of_subject(session: Session, subject_type: str, subject_id: UUID) -> list[Approval]:
    """Every round about a document, locked, the first one first."""
    rounds = select(Approval).where(Approval.subject_type == subject_type, Approval.subject_id == subject_id)
    return list(session.scalars(rounds.order_by(Approval.round).with_for_update()))


def running_with(session: Session, user_id: UUID) -> list[Approval]:
    """The running approvals a person was ever asked in, locked."""
    asked = Approval.participant_ids.contains([user_id])
    return list(session.scalars(_running().where(asked).order_by(Approval.id).with_for_update()))


def overdue(session: Session, now: datetime) -> list[Approval]:
    """Running approvals with a step past its time, the latest first, locked; those that others hold are left out."""
    late = _running().where(Approval.due_at <= now).order_by(Approval.due_at).limit(BATCH)
    return list(session.scalars(late.with_for_update(skip_locked=True)))


def unassigned(session: Session) -> list[Approval]:
    """Running approvals that wait for nobody, because nobody could be found, locked."""
    stuck = _running().where(func.cardinality(Approval.waiting_ids) == 0).order_by(Approval.created_at).limit(BATCH)
    return list(session.scalars(stuck.with_for_update(skip_locked=True)))


def waiting_in_vain(session: Session) -> list[Approval]:
    """Running approvals that wait for somebody who cannot decide, the oldest first, locked; as ``overdue``."""
    vain = _running().where(people.some_cannot_decide(session, Approval.waiting_ids))
    return list(session.scalars(vain.order_by(Approval.created_at).limit(BATCH).with_for_update(skip_locked=True)))


def approvers(session: Session, approval: Approval, step: dict[str, Any]) -> list[UUID]:
    """Whom a step asks now.

    The requester is left out unless named as a user, and whoever has answered there. When nobody is left, the
    administrators of the company are asked, and when there is none, those of the group.
    """
    found: list[UUID] = []
    for approver in step["approvers"]:
        found += _named(session, approval, approver)
    done = {UUID(user_id) for user_id in rules.answered(step)}
    left = [each for each in people.deciders(session, found) if each not in done]
    return left or deputies(session, approval, but=done)


def deputies(session: Session, approval: Approval, *, but: Iterable[UUID] = ()) -> list[UUID]:
    """Who is asked when nobody else can be."""
    return people.administrators(session, approval.unit_id, but=[approval.requester_id, *but])


def replacement(session: Session, approval: Approval, user_id: UUID) -> list[UUID]:
    """Who is asked instead of a person who left: their manager, or else whoever answers for the company."""
    managers = _managers(session, approval, of=user_id)
    return [each for each in managers if each != user_id][:1] or deputies(session, approval)


def _running() -> Any:
    return select(Approval).where(Approval.status == "running")


def _named(session: Session, approval: Approval, approver: dict[str, Any]) -> list[UUID]:
    match approver["kind"]:
        case "user":
            return [UUID(approver["value"])]
        case "role":
            holders = people.with_role(session, approver["value"], approval.unit_id)
            return [each for each in holders if each != approval.requester_id]
        case "unit_manager":
            return _managers(session, approval, of=approval.requester_id)[:1]
    managers = _managers(session, approval, of=approval.requester_id)
    return managers[approver["levels"] - 1 :][:1] or managers[-1:]


def _managers(session: Session, approval: Approval, *, of: UUID) -> list[UUID]:
    """The managers above a person, without the requester; above the document's unit when the person is unknown."""
    unit_id = people.unit_of(session, of) or approval.unit_id
    return [each for each in people.managers_above(session, unit_id) if each != approval.requester_id]
