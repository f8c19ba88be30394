"""The outbox: a service's events, written in the same transaction as the rows they tell about.

Nobody publishes from a request. The relay (``crm_chassis.relay``) gives every committed row its ``pos`` and hands it to
the broker; ``crm_chassis.outbox_feed`` serves the rows to the sweepers of other services.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    delete,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from crm_contracts.envelope import Envelope
from crm_contracts.events import REGISTRY, EventType

from . import clock, logs
from .identity import principal_or_none
from .ids import uuid7
from .inbox import current_event
from .schedules import Schedule
from .service import current_runtime
from .tables import ChassisBase

KEPT_DAYS = 30
_FORGOTTEN_AT_ONCE = 10_000


class OutboxError(RuntimeError):
    """The code announces something the contract does not allow: a programming error, never the caller's fault."""


class OutboxRow(ChassisBase):
    """One event of this service. ``pos`` is gapless and given after commit; ``id`` may have gaps and commit out of order."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("aggregate_id", "aggregate_version", "type", name="uq_outbox_fact"),
        Index("ix_outbox_unpublished", "id", postgresql_where="published_at IS NULL"),
        Index("ix_outbox_unnumbered", "id", postgresql_where="pos IS NULL"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    event_id: Mapped[UUID] = mapped_column(unique=True)
    aggregate_type: Mapped[str] = mapped_column(Text)
    aggregate_id: Mapped[UUID]
    aggregate_version: Mapped[int] = mapped_column(Integer)
    type: Mapped[str] = mapped_column(Text)
    unit_id: Mapped[UUID | None]
    envelope: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    pos: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)


def _actor(cause: Envelope | None) -> str | None:
    principal = principal_or_none()
    return str(principal.user_id) if principal else cause.actorid if cause else None


def record(
    session: Session,
    event_type: str,
    aggregate_id: UUID,
    payload: Mapping[str, Any],
    *,
    version: int,
    unit_id: UUID | None,
    actor_id: UUID | None = None,
    causation: Envelope | None = None,
) -> Envelope:
    """Announce a fact; it leaves when the session's transaction commits and never when it does not.

    version: the aggregate's version after the change. A versioned record gets its new version when it is flushed, so
    call ``session.flush()`` before reading it. causation: the event that led here; inside a consumer it is the handled
    event by itself. The payload may hold UUID, Decimal, datetime and date. Raises OutboxError when the type is unknown,
    belongs to another service, or a required field is missing.
    """
    definition = _checked(event_type, payload)
    cause = causation or current_event()
    event_id = str(uuid7())
    now = clock.now()
    envelope = Envelope(
        id=event_id,
        source=definition.service,
        type=event_type,
        subject=str(aggregate_id),
        time=to_json(now),
        data=to_json(payload),
        aggregateversion=version,
        unitid=_text(unit_id),
        actorid=_text(actor_id) or _actor(cause),
        correlationid=(cause.correlationid or cause.id) if cause else logs.request_id() or event_id,
        causationid=cause.id if cause else None,
        traceparent=cause.traceparent if cause else logs.traceparent(),
    )
    session.add(
        OutboxRow(
            event_id=UUID(event_id),
            aggregate_type=definition.subject,
            aggregate_id=aggregate_id,
            aggregate_version=version,
            type=event_type,
            unit_id=unit_id,
            envelope=envelope.to_dict(),
            created_at=now,
        )
    )
    return envelope


def to_json(value: Any) -> Any:
    """The JSON form of a payload value: UUID and Decimal as text, times in RFC 3339 UTC, dates in ISO 8601.

    Raises OutboxError for a naive datetime and for types without an agreed form, such as float amounts in objects.
    """
    match value:
        case None | str() | bool() | int() | float():
            return value
        case UUID() | Decimal():
            return str(value)
        case datetime():
            return _rfc3339(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): to_json(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [to_json(item) for item in value]
    raise OutboxError(f"an event cannot carry a {type(value).__name__}")


def lag(session: Session) -> dict[str, float]:
    """How far the relay is behind: ``unpublished`` rows and the age of the oldest in seconds (``oldest_s``)."""
    count, oldest = session.execute(
        select(func.count(), func.min(OutboxRow.created_at)).where(OutboxRow.published_at.is_(None))
    ).one()
    return {
        "unpublished": count,
        "oldest_s": (clock.now() - oldest).total_seconds() if oldest else 0.0,
    }


def forget_old(session: Session) -> None:
    """Remove rows published more than KEPT_DAYS ago, the oldest of the first _FORGOTTEN_AT_ONCE.

    Never the newest: the next ``pos`` is counted from it. They leave in their order, so a look at the first tells.
    """
    newest = select(func.max(OutboxRow.pos)).scalar_subquery()
    first = select(OutboxRow.id, OutboxRow.published_at).where(OutboxRow.pos < newest)
    oldest = first.order_by(OutboxRow.pos).limit(_FORGOTTEN_AT_ONCE).subquery()
    due = select(oldest.c.id).where(oldest.c.published_at < clock.now() - timedelta(days=KEPT_DAYS))
    session.execute(delete(OutboxRow).where(OutboxRow.id.in_(due)).execution_options(synchronize_session=False))


RETENTION = Schedule(name="outbox.retention", every_s=600, run=forget_old)


def _checked(event_type: str, payload: Mapping[str, Any]) -> EventType:
    definition = REGISTRY.get(event_type)
    if definition is None:
        raise OutboxError(f"{event_type} is not in crm_contracts.events")
    service = current_runtime().service.name
    if definition.service != service:
        raise OutboxError(f"{event_type} is announced by {definition.service}, not by {service}")
    missing = definition.missing(dict(payload))
    if missing:
        raise OutboxError(f"{event_type} lacks {', '.join(missing)}")
    return definition


def _rfc3339(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise OutboxError("an event cannot carry a time without a time zone")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
