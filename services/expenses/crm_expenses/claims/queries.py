"""Reading claims."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Claim


def lock(session: Session, claim_id: UUID) -> Claim | None:
    """The claim, kept from others until the transaction ends; None when there is none."""
    return session.scalar(select(Claim).where(Claim.id == claim_id).with_for_update())
