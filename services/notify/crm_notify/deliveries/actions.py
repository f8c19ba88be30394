"""How a delivery moves from pending to its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm_chassis import clock, errors, ids, outbox
from crm_chassis.language import say, word

from ..texts.kinds import KINDS
from . import rules
from .models import Delivery
from .rules import LEASE, next_wait

_FORGOTTEN_AT_ONCE = 10_000
FAILED_EVENT = "crm.notify.delivery.failed.v1"


@dataclass(frozen=True, slots=True)
class Order:
    """A delivery to be made: of which notification, to whom, not before when."""

    notification_id: UUID
    kind: str
    channel: str
    recipient: str
    recipient_id: UUID
    unit_id: UUID
    not_before: datetime


def queue(session: Session, orders: Sequence[Order]) -> None:
    """Write the deliveries that do not exist yet."""
    if not orders:
        return
    now = clock.now()
    rows = [
        {
            "id": ids.uuid7(),
            "version": 1,
            "unit_id": order.unit_id,
            "owner_id": order.recipient_id,
            "notification_id": order.notification_id,
            "kind": order.kind,
            "channel": order.channel,
            "recipient": order.recipient,
            "status": "pending",
            "attempts": 0,
            "next_attempt_at": order.not_before,
            "created_at": now,
            "updated_at": now,
        }
        for order in orders
    ]
    session.execute(insert(Delivery.__table__).values(rows).on_conflict_do_nothing())  # type: ignore[arg-type]


def settle_lapsed(session: Session) -> int:
    """Deliveries whose sender died become unknown: sent again where a repetition is harmless, else left to a person."""
    repeatable = [kind.key for kind in KINDS.values() if kind.repeatable]
    lapsed = update(Delivery).where(Delivery.status == "sending", clock.due(Delivery.lease_until, LEASE))
    unknown = {
        "status": "unknown",
        "lease_until": None,
        "updated_at": clock.now(),
        "version": Delivery.version + 1,
        "last_error": "The sender stopped before the mail server had answered.",
    }
    again = lapsed.where(Delivery.kind.in_(repeatable)).values(**unknown, next_attempt_at=clock.now())
    waits = lapsed.where(Delivery.kind.not_in(repeatable)).values(**unknown, next_attempt_at=None)
    statements = [statement.execution_options(synchronize_session=False) for statement in (again, waits)]
    return sum(session.execute(statement).rowcount for statement in statements)  # type: ignore[attr-defined]


def claim(session: Session, limit: int) -> list[UUID]:
    """Take due deliveries for sending, oldest first; their lease keeps other senders away. Answers their ids."""
    rows = session.scalars(
        select(Delivery)
        .where(Delivery.status.in_(("pending", "unknown")), Delivery.next_attempt_at <= clock.now())
        .order_by(Delivery.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.status, row.lease_until, row.attempts = "sending", clock.now() + LEASE, row.attempts + 1
    return [row.id for row in rows]


def release(session: Session, delivery_ids: Iterable[UUID]) -> None:
    """Put claimed deliveries back that were not begun; that costs them no attempt."""
    for row in session.scalars(select(Delivery).where(Delivery.id.in_(sorted(delivery_ids))).with_for_update()):
        row.status, row.lease_until, row.attempts = "pending", None, row.attempts - 1


def sent(delivery: Delivery) -> None:
    """The mail server has taken it."""
    delivery.status, delivery.sent_at, delivery.last_error = "sent", clock.now(), None
    delivery.lease_until = delivery.next_attempt_at = None


def delayed(session: Session, delivery: Delivery, error: str) -> None:
    """It was not taken this time: try again later, or give up after the last wait."""
    wait = next_wait(delivery.attempts)
    if wait is None:
        failed(session, delivery, error)
        return
    delivery.status, delivery.lease_until, delivery.last_error = "pending", None, error
    delivery.next_attempt_at = clock.now() + wait


def doubtful(session: Session, delivery: Delivery, error: str) -> None:
    """Nobody knows whether it was taken: the kind's policy says whether it is sent again."""
    if KINDS[delivery.kind].repeatable:
        delayed(session, delivery, error)
        if delivery.status == "failed":
            return
    else:
        delivery.next_attempt_at = None
    delivery.status, delivery.lease_until, delivery.last_error = "unknown", None, error


def failed(session: Session, delivery: Delivery, error: str) -> None:
    """It will not arrive; announced as ``delivery.failed``."""
    delivery.status, delivery.last_error = "failed", error
    delivery.lease_until = delivery.next_attempt_at = None
    session.flush()
    facts = {
        "id": delivery.id,
        "version": delivery.version,
        "unit_id": delivery.unit_id,
        "channel": delivery.channel,
        "recipient": delivery.recipient,
        "error": error,
        "notification_id": delivery.notification_id,
    }
    outbox.record(session, FAILED_EVENT, delivery.id, facts, version=delivery.version, unit_id=delivery.unit_id)


def retry(delivery: Delivery) -> Delivery:
    """An operator has it sent again with fresh attempts. Raises StateConflict unless it failed or is unknown."""
    if delivery.status not in rules.WENT_WRONG:
        raise errors.StateConflict(
            say(
                "This delivery is {status}; only a failed or unknown one is sent again.",
                status=word(rules.STATUSES, delivery.status),
            )
        )
    delivery.status, delivery.attempts, delivery.next_attempt_at = "pending", 0, clock.now()
    return delivery


def forget(session: Session, horizon: datetime) -> None:
    """Remove deliveries that were written before ``horizon``, _FORGOTTEN_AT_ONCE at most."""
    old = select(Delivery.id).where(Delivery.created_at < horizon).limit(_FORGOTTEN_AT_ONCE)
    session.execute(delete(Delivery).where(Delivery.id.in_(old)).execution_options(synchronize_session=False))
