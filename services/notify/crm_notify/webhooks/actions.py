"""Creating webhooks, queueing events for them, and how a call ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm_chassis import clock, errors, ids, outbox
from crm_chassis.collection import writing
from crm_chassis.language import say
from crm_chassis.service import current_runtime
from crm_contracts.envelope import Envelope

from . import rules, secrets
from .models import Call, Webhook

DISABLED_EVENT = "crm.notify.webhook.disabled.v1"
CALLS_KEPT = timedelta(days=30)
_ERROR_LONGEST = 500
_ROWS_AT_ONCE = 2_000


def create(session: Session, values: dict[str, Any]) -> Webhook:
    """A webhook with a fresh secret, which its first answer alone shows. Raises Invalid for a refused address."""
    _check(values)
    webhook = Webhook(**values, sealed_secret="")
    _give_secret(webhook)
    session.add(webhook)
    return webhook


def change(_session: Session, webhook: Webhook, values: dict[str, Any]) -> None:
    """Change a webhook; switching it on again forgets why it was off. Raises Invalid for a refused address."""
    _check(values)
    if values.get("active") and not webhook.active:
        values |= {"disabled_reason": None, "failing_since": None, "next_attempt_at": clock.now()}
    if "url" in values and values["url"] != webhook.url:
        values |= {"failing_since": None, "next_attempt_at": clock.now()}
    writing.assign(webhook, values)


def _check(values: Mapping[str, Any]) -> None:
    if "url" in values:
        reason = rules.refused_url(values["url"], private_allowed=private_allowed())
        if reason:
            raise errors.field_error("/url", "refused", reason)
    unknown = rules.unknown_patterns(values.get("events", ()))
    if unknown or values.get("events") == []:
        named = list(unknown) or say("an empty list")
        raise errors.field_error(
            "/events", "unknown", say("No event matches {named}. Write crm.sales.order.*.v1 or crm.#.", named=named)
        )


def private_allowed() -> bool:
    """Whether webhooks may go to private addresses and by plain http: the setting ``webhook_private_addresses``.

    For an ERP in the same network; otherwise whoever may create a webhook could reach what only the servers can.
    """
    return current_runtime().settings.webhook_private_addresses == "allow"


def rotate_secret(webhook: Webhook) -> Webhook:
    """Give a webhook a new secret; calls are signed with the old one too for a day, so that nobody misses one."""
    webhook.sealed_previous, webhook.previous_until = webhook.sealed_secret, clock.now() + rules.SECRET_OVERLAP
    _give_secret(webhook)
    return webhook


def _give_secret(webhook: Webhook) -> None:
    secret = secrets.new_secret()
    webhook.sealed_secret = secrets.seal(secret, current_runtime().settings.signing_key)
    webhook.shown_secret = secret  # type: ignore[attr-defined]  # no column: it lives as long as this answer


def secrets_of(webhook: Webhook, now: datetime) -> list[str]:
    """The secrets that sign a call now, the newest first; none when that was sealed under another signing key."""
    key = current_runtime().settings.signing_key
    newest = secrets.unseal(webhook.sealed_secret, key)
    if newest is None:
        return []
    overlaps = webhook.sealed_previous and webhook.previous_until and webhook.previous_until > now
    previous = secrets.unseal(webhook.sealed_previous, key) if webhook.sealed_previous and overlaps else None
    return [newest] if previous is None else [newest, previous]


def queue(session: Session, calls: Sequence[tuple[Webhook, Envelope]]) -> None:
    """Write the calls that events ask for, once each, to be made in this order."""
    if not calls:
        return
    rows = [
        {
            "id": ids.uuid7(),
            "webhook_id": webhook.id,
            "event_id": UUID(envelope.id),
            "type": envelope.type,
            "envelope": envelope.to_dict(),
            "status": "pending",
            "attempts": 0,
            "created_at": clock.now(),
        }
        for webhook, envelope in calls
    ]
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        session.execute(insert(Call.__table__).values(some).on_conflict_do_nothing())  # type: ignore[arg-type]


def test(session: Session, webhook: Webhook) -> Call:
    """Queue an event that says nothing but that the line works; answers its call."""
    event_id = str(ids.uuid7())
    envelope = Envelope(
        id=event_id,
        source="notify",
        type=rules.TEST_TYPE,
        subject=str(webhook.id),
        time=outbox.to_json(clock.now()),
        data={"id": str(webhook.id), "url": webhook.url},
        aggregateversion=webhook.version,
        unitid=str(webhook.unit_id),
    )
    queue(session, [(webhook, envelope)])
    return session.scalars(select(Call).where(Call.webhook_id == webhook.id, Call.event_id == UUID(event_id))).one()


def replay(session: Session, call: Call) -> Call:
    """Queue a finished call again, behind all that waits. Raises StateConflict while it is still pending."""
    if call.status == "pending":
        raise errors.StateConflict(say("This delivery is still waiting to be made."))
    call.status, call.attempts, call.last_error = "pending", 0, None
    call.position = session.scalar(select(func.nextval(_SEQUENCE))) or call.position
    session.flush()
    return call


_SEQUENCE = func.pg_get_serial_sequence("webhook_calls", "position")


class Lease(NamedTuple):
    """A webhook that is one sender's until a moment."""

    webhook_id: UUID
    until: datetime


def claim(session: Session) -> Lease | None:
    """Take the webhook that has waited longest, of those with something to send; its lease keeps other senders away."""
    now = clock.now()
    pending = exists().where(Call.webhook_id == Webhook.id, Call.status == "pending")
    found = session.scalar(
        select(Webhook.id)
        .where(
            Webhook.active,
            or_(Webhook.failing_since.is_(None), Webhook.next_attempt_at <= now),
            or_(Webhook.lease_until.is_(None), clock.due(Webhook.lease_until, rules.LEASE)),
            pending,
        )
        .order_by(Webhook.next_attempt_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if found is None:
        return None
    _set(session, found, lease_until=now + rules.LEASE)
    return Lease(found, now + rules.LEASE)


def release(session: Session, lease: Lease) -> None:
    """Let others send for a webhook again, behind those that wait already; one that is theirs by now stays theirs."""
    _set(
        session,
        lease.webhook_id,
        Webhook.lease_until == lease.until,
        lease_until=None,
        next_attempt_at=func.greatest(Webhook.next_attempt_at, clock.now()),
    )


_SENT = (
    update(Call.__table__)  # type: ignore[arg-type]
    .where(Call.id == bindparam("call_id"), Call.status == "pending", Webhook.id == Call.webhook_id)
    .values(status="sent", last_error=None, attempts=Call.attempts + 1)
    .values(response_status=bindparam("answered"), sent_at=bindparam("at"))
    .returning(Webhook.version)
)
"""Made once: every call pays for it."""


def sent(session: Session, call: Call, status: int, *, recovered: bool) -> int | None:
    """The receiver took it. recovered: there was trouble before, and it is over. Answers the webhook's version by now."""
    if recovered:
        _set(session, call.webhook_id, failing_since=None)
    noted = {"call_id": call.id, "answered": status, "at": clock.now()}
    return session.connection().scalar(_SENT, noted)


def failed(session: Session, call: Call, *, url: str, status: int | None, error: str) -> None:
    """The receiver did not take it: the webhook rests, and all behind this call waits. After days it is switched off.

    A call that the receiver refuses again and again is given up, so that those behind it are made. url: the address that
    was called; what went wrong at a former one, or with a call that others settled, says nothing.
    """
    webhook = session.get_one(Webhook, call.webhook_id, with_for_update=True)
    if webhook.url != url or call.status != "pending":
        return
    call.attempts, call.response_status = call.attempts + 1, status
    if rules.is_hopeless(status, call.attempts):
        call.status = "failed"
    call.last_error = error[:_ERROR_LONGEST]
    since = webhook.failing_since or clock.now()
    rest = clock.now() + rules.next_wait(call.attempts)
    _set(session, webhook.id, failing_since=since, next_attempt_at=rest, lease_until=None)
    if status == rules.GONE:
        disable(session, webhook, "The receiver answered 410 Gone.")
    elif clock.now() - since >= rules.DISABLE_AFTER:
        disable(session, webhook, f"It has failed for {rules.DISABLE_AFTER.days} days: {call.last_error}")


def disable(session: Session, webhook: Webhook, reason: str) -> None:
    """Switch a webhook off and announce it as ``webhook.disabled``. What waits stays until it is switched on again."""
    webhook.active, webhook.disabled_reason = False, reason
    session.flush()
    facts = {
        "id": webhook.id,
        "version": webhook.version,
        "unit_id": webhook.unit_id,
        "owner_id": webhook.owner_id,
        "url": webhook.url,
        "reason": reason,
    }
    outbox.record(session, DISABLED_EVENT, webhook.id, facts, version=webhook.version, unit_id=webhook.unit_id)


def give_up_unreadable(session: Session, webhook: Webhook) -> None:
    """Switch off a webhook whose secret cannot be read: nobody could check its calls, and the others must not wait."""
    disable(session, webhook, "The secret cannot be read any more: rotate it, then switch the webhook on again.")


def forget_old(session: Session) -> None:
    """Remove calls made more than CALLS_KEPT ago."""
    session.execute(delete(Call).where(Call.created_at < clock.now() - CALLS_KEPT, Call.status != "pending"))


def _set(session: Session, webhook_id: UUID, *conditions: ColumnElement[bool], **values: Any) -> None:
    """Move the state of a queue without making a new version of the webhook."""
    statement = update(Webhook).where(Webhook.id == webhook_id, *conditions).values(**values)
    session.execute(statement.execution_options(synchronize_session=False))
