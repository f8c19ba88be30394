"""Telling people something: the one way in which a notification comes to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import clock, inbox
from crm_chassis.service import current_runtime

from ..deliveries import actions as deliveries
from ..deliveries.rules import DIGEST_WAIT, EMAIL, NEXT_DIGEST_WAIT
from ..notifications import actions as notifications
from ..people import queries as people
from ..preferences import queries as preferences
from ..preferences.rules import Choice, after_quiet_hours
from ..texts.kinds import KINDS
from ..texts.rendering import render


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell one person. cause_id: the event or reminder; the same cause tells the same thing once.

    unit_id: where it happened, for a recipient not known yet. gathered: it comes with many others of its kind, and is
    told together with them.
    """

    cause_id: UUID
    recipient_id: UUID
    kind: str
    unit_id: UUID
    values: Mapping[str, Any] = field(default_factory=dict)
    gathered: bool = False


def tell(session: Session, notices: Sequence[Notice]) -> int:
    """Write notifications and queue their mails as each recipient chose; answers how many rows that made.

    Users who are no longer active are not told. Within a replayed event nothing is mailed.
    """
    if not notices:
        return 0
    recipients = {notice.recipient_id for notice in notices}
    known = people.known(session, recipients)
    chosen = preferences.rows_of(session, recipients)
    drafts: list[notifications.Draft] = []
    plans: dict[tuple[UUID, str], tuple[people.Person, Choice, bool]] = {}
    for notice in notices:
        person = known.get(notice.recipient_id) or people.stranger(notice.recipient_id, notice.unit_id)
        kind = KINDS[notice.kind]
        choice = preferences.effective(chosen, person.id, kind.topic)
        mailed = bool(person.email) and _mailing() and (kind.email if choice.email is None else choice.email)
        if not person.active or not (choice.in_app or mailed):
            continue
        plans[person.id, kind.key] = (person, choice, mailed)
        words = render(kind, notice.values, locale=person.locale, timezone=person.timezone)
        drafts.append(
            notifications.Draft(
                event_id=notice.cause_id,
                recipient_id=person.id,
                unit_id=person.unit_id,
                kind=kind.key,
                locale=person.locale,
                words=words,
                in_app=choice.in_app,
                gathered=notice.gathered,
            )
        )
    written = notifications.add(session, drafts) if drafts else []
    deliveries.queue(session, [order for row in written if (order := _order(row, *plans[row.recipient_id, row.kind]))])
    return len(written)


def _mailing() -> bool:
    """Whether mails leave at all: a server is configured, and what is being handled is no replay."""
    return bool(current_runtime().settings.smtp_url) and not inbox.replaying()


def _order(row: notifications.Written, person: people.Person, choice: Choice, mailed: bool) -> deliveries.Order | None:
    if not mailed or person.email is None:
        return None
    wait = (NEXT_DIGEST_WAIT if row.follows else DIGEST_WAIT) if row.is_digest else timedelta()
    return deliveries.Order(
        notification_id=row.id,
        kind=row.kind,
        channel=EMAIL,
        recipient=person.email,
        recipient_id=person.id,
        unit_id=person.unit_id,
        not_before=after_quiet_hours(clock.now() + wait, choice, person.timezone),
    )
