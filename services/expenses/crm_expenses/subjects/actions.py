"""What happens to all copies at once, of which their services tell no event for each record."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Uuid, cast, func, update
from sqlalchemy.orm import Session

from ..customers import actions as merges
from .models import COPIES, Opportunity, Request


def hand_over(session: Session, *, from_user_id: UUID, to_user_id: UUID) -> None:
    """Give everything open of one user to another, and their seats in teams: the services do so in one statement."""
    for column in (*(model.owner_id for model in COPIES.values()), Request.assignee_id):
        model = column.class_
        held = update(model).where(column == from_user_id, model.status.in_(model.__open__))
        session.execute(held.values({column.key: to_user_id}))
    teams = Opportunity.team_ids
    others = func.array_remove(func.array_remove(teams, cast(from_user_id, Uuid)), cast(to_user_id, Uuid))
    seated = update(Opportunity).where(teams.contains([from_user_id]), Opportunity.status.in_(Opportunity.__open__))
    session.execute(seated.values(team_ids=func.array_append(others, cast(to_user_id, Uuid))))


def merge_customer(session: Session, *, customer_id: UUID, into_id: UUID) -> None:
    """Let the records of a merged customer be those of the one it was merged into."""
    for kind, model in COPIES.items():
        moved = update(model).where(model.customer_id == customer_id).values(customer_id=into_id)
        merges.remember_repointed(session, customer_id, kind, session.scalars(moved.returning(model.id)).all())


def unmerge_customer(session: Session, *, customer_id: UUID, into_id: UUID) -> None:
    """Give back exactly the records that a merge took, unless they are somebody else's by now."""
    for kind, model in COPIES.items():
        taken = merges.recall_repointed(session, customer_id, kind)
        back = update(model).where(model.id.in_(taken), model.customer_id == into_id)
        session.execute(back.values(customer_id=customer_id))
