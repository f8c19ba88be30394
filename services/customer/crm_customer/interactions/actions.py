"""Recording what happened with a customer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from crm_chassis import clock
from crm_chassis.collection.writing import assign as set_columns
from crm_chassis.database import everything

from ..contacts.queries import check_contact
from ..customers.figures import contacted, keep_figures
from ..customers.models import Customer
from ..customers.queries import for_child, locked
from ..timeline.actions import note
from .models import Interaction
from .queries import counted_at, last_contact


def create(session: Session, values: dict[str, Any]) -> Interaction:
    """Record an interaction with a customer the caller sees. Raises Invalid, Forbidden."""
    customer = for_child(session, values["customer_id"], "interaction:create")
    check_contact(session, values.get("contact_id"), customer.id)
    return record(session, customer, {"occurred_at": clock.now(), **values})


def record(session: Session, customer: Customer, values: dict[str, Any]) -> Interaction:
    """Record an interaction in the customer's unit; the customer's last contact and its timeline follow."""
    interaction = Interaction(**{**values, "customer_id": customer.id, "unit_id": customer.unit_id})
    session.add(interaction)
    session.flush()
    _tell(session, interaction)
    return interaction


def change(session: Session, interaction: Interaction, values: dict[str, Any]) -> None:
    """Set an interaction's columns; what the customer shows of it follows. Raises Invalid.

    It stays with its customer: what happened with one did not happen with another.
    """
    values.pop("customer_id", None)
    check_contact(session, values.get("contact_id"), interaction.customer_id)
    before = interaction.occurred_at
    set_columns(interaction, values)
    if interaction.occurred_at != before:
        recount(session, interaction.customer_id)
    _note(session, interaction)


def remove(session: Session, interaction: Interaction) -> None:
    """Take an interaction that is being deleted out of the customer's last contact."""
    recount(session, interaction.customer_id)


def revive(session: Session, interaction: Interaction) -> None:
    """An interaction that comes back counts as contact again."""
    _count(session, interaction)


def recount(session: Session, customer_id: UUID) -> None:
    """Let the customer's last contact be what its interactions say now; it may have been earlier than was thought."""
    with everything(session):
        locked(session, customer_id)  # whoever changes another one of them meanwhile counts after this
        at = last_contact(session, customer_id, clock.now())
        other = Customer.last_contact_at.is_distinct_from(at)
        keep_figures(session, Customer.id == customer_id, other, last_contact_at=at)


def follow(session: Session, customer_id: UUID, *, unit_id: UUID) -> None:
    """Bring a customer's interactions to its unit, in one statement."""
    statement = (
        update(Interaction)
        .where(Interaction.customer_id == customer_id, Interaction.unit_id != unit_id)
        .values(unit_id=unit_id, version=Interaction.version + 1)
    )
    session.execute(statement.execution_options(synchronize_session=False))


def _tell(session: Session, interaction: Interaction) -> None:
    _count(session, interaction)
    _note(session, interaction)


def _count(session: Session, interaction: Interaction) -> None:
    at = counted_at(interaction, clock.now())
    if at is not None:
        contacted(session, interaction.customer_id, at)


def _note(session: Session, interaction: Interaction) -> None:
    note(
        session,
        "interaction.recorded",
        customer_id=interaction.customer_id,
        subject_id=interaction.id,
        values={"kind": interaction.kind, "subject": interaction.subject},
        at=interaction.occurred_at,
        entry_id=interaction.id,
    )
