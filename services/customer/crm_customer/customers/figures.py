"""Figures the service itself keeps on a customer: last contact, last order, churn risk, satisfaction.

They raise the customer's version, so that nobody reads an old one from a cache, but make no event: whoever wants them
has the facts they follow from.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from .models import Customer


def contacted(session: Session, customer_id: UUID, at: datetime) -> None:
    """Move the customer's last contact forward to ``at`` (aware UTC, not ahead), unless that is older."""
    older = or_(Customer.last_contact_at.is_(None), Customer.last_contact_at < at)
    keep_figures(session, Customer.id == customer_id, older, last_contact_at=at)


def keep_figures(session: Session, *conditions: Any, **figures: Any) -> None:
    """Set figures on the customers that match, raising their versions."""
    statement = update(Customer).where(*conditions).values(**figures, version=Customer.version + 1)
    session.execute(statement.execution_options(synchronize_session=False))
