"""What a due reminder says, to whom, and what follows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import clock

from ..customers import queries as customers
from ..notices.actions import Notice
from ..people import queries as people
from . import actions, rules
from .models import Reminder

_LEVELS = 2


def notices_of(session: Session, reminder: Reminder) -> list[Notice]:
    """The notices of a due reminder; sets the one that follows it."""
    return _FIRING.get(reminder.kind, _plainly)(session, reminder)


def _notice(reminder: Reminder, recipient_id: UUID, kind: str | None = None, **more: object) -> Notice:
    return Notice(reminder.id, recipient_id, kind or reminder.kind, reminder.unit_id, {**reminder.details, **more})


def _plainly(_session: Session, reminder: Reminder) -> list[Notice]:
    return [_notice(reminder, recipient) for recipient in reminder.recipient_ids]


def _birthday(session: Session, reminder: Reminder) -> list[Notice]:
    """The contact's owner, else the customer's, is told; the next one is in a year."""
    contact = reminder.details
    zone = people.timezone_of(session, reminder.unit_id)
    customer_id = UUID(contact["customer_id"])
    actions.arm(
        session,
        kind=reminder.kind,
        subject_id=reminder.subject_id,
        due=rules.next_birthday(date.fromisoformat(contact["birthday"][:10]), zone, clock.now()),
        recipient_ids=reminder.recipient_ids,
        unit_id=reminder.unit_id,
        details=contact,
    )
    owner = customers.owner_of(session, customer_id)
    recipients = reminder.recipient_ids or ([owner] if owner else [])
    name = customers.name_of(session, customer_id)
    return [_notice(reminder, recipient, customer=name) for recipient in recipients]


def _inactive(session: Session, reminder: Reminder) -> list[Notice]:
    """The user is told, and whoever stands above them."""
    user_id = reminder.subject_id
    superior = people.superior(session, user_id, reminder.unit_id)
    found = [_notice(reminder, user_id)]
    if superior:
        name = people.name_of(session, user_id)
        found.append(_notice(reminder, superior, "user.inactive-report", display_name=name))
    return found


def _escalation(session: Session, reminder: Reminder) -> list[Notice]:
    """First the owner's manager, so much later again the company's, and nobody twice."""
    owner = next(iter(reminder.recipient_ids), None)
    owner = owner if owner and owner.int else None
    superior = people.superior(session, owner, reminder.unit_id)
    head = people.head_of_company(session, reminder.unit_id)
    first = reminder.details["level"] == 1
    if first and head and head not in {superior, owner}:
        _escalate_further(session, reminder)
    told = (superior or head) if first else head
    if told is None or told == owner:
        return []
    return [_notice(reminder, told, owner_name=people.name_of(session, owner))]


def _escalate_further(session: Session, reminder: Reminder) -> None:
    wait = timedelta(minutes=reminder.details["minutes"])
    actions.arm(
        session,
        kind=reminder.kind,
        subject_id=reminder.subject_id,
        due=rules.Due(reminder.due_at + wait, f"{reminder.details['warned_at']} {_LEVELS}"),
        recipient_ids=reminder.recipient_ids,
        unit_id=reminder.unit_id,
        details={**reminder.details, "level": _LEVELS},
    )


_FIRING: dict[str, Callable[[Session, Reminder], list[Notice]]] = {
    rules.BIRTHDAY: _birthday,
    rules.INACTIVE: _inactive,
    rules.CHURN: _escalation,
}
