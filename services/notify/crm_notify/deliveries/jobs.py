"""Sending what is due: claim in one transaction, send outside of any, write down in the next."""

from __future__ import annotations

import time
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_chassis import clock, crash
from crm_chassis.database import system_transaction
from crm_chassis.service import current_runtime

from ..notifications import actions as notifications
from ..people import queries as people
from ..texts.rendering import language_of
from . import actions
from .mail import Doubtful, Line, NotTaken, Refused, server_of, write
from .models import Delivery

log = structlog.get_logger("deliveries")

_BATCH = 20
_BUDGET_S = 15.0


def send_due(session: Session) -> None:
    """Send due mails for up to 15 seconds. ``session`` is the schedule's own and only kept awake.

    Without a mail server nothing is due: no deliveries are written then (see ``notices.actions``).
    """
    settings = current_runtime().settings
    if not settings.smtp_url:
        return
    ends = time.monotonic() + _BUDGET_S
    with system_transaction(separate=True) as own:
        actions.settle_lapsed(own)
    with Line(server_of(settings.smtp_url)) as line:
        while time.monotonic() < ends:
            with system_transaction(separate=True) as own:
                claimed = actions.claim(own, _BATCH)
            if not claimed:
                return
            _send_batch(session, line, claimed, ends)


def _send_batch(session: Session, line: Line, claimed: list[UUID], ends: float) -> None:
    """Send claimed mails while there is time. However that ends, those not begun are put back, not left to a lease."""
    waiting = list(claimed)
    try:
        while waiting and time.monotonic() < ends:
            _send(line, waiting.pop(0))
            session.execute(text("SELECT 1"))  # or the schedule's transaction is ended for idling
    finally:
        if waiting:
            with system_transaction(separate=True) as own:
                actions.release(own, waiting)


def _send(line: Line, delivery_id: UUID) -> None:
    """Send one claimed mail and write down how that went."""
    outcome = _attempt(line, delivery_id)
    with system_transaction(separate=True) as session:
        _write_down(session, session.get_one(Delivery, delivery_id, with_for_update=True), outcome)


def _attempt(line: Line, delivery_id: UUID) -> Exception | None:
    """Write a mail and hand it over; answers what stood in the way: NotTaken, Refused, Doubtful, or nothing."""
    try:
        with system_transaction(separate=True) as session:
            mail = _written(session, session.get_one(Delivery, delivery_id))
        line.send(mail)
        crash.point("after_send")
    except (NotTaken, Refused, Doubtful) as error:
        log.warning("mail_not_sent", delivery=str(delivery_id), error=str(error), outcome=type(error).__name__)
        return error
    except Exception as error:  # the loop over mails: whatever one of them raises belongs to it alone
        log.exception("mail_not_written", delivery=str(delivery_id))
        return NotTaken(f"{type(error).__name__}: {error}")
    return None


def _written(session: Session, delivery: Delivery):  # type: ignore[no-untyped-def]  # an EmailMessage
    settings = current_runtime().settings
    notification = notifications.for_mail(session, delivery.notification_id)
    recipient = people.known(session, [notification.owner_id]).get(notification.owner_id)
    public = settings.public_url.rstrip("/")
    return write(
        delivery_id=delivery.id,
        sender=settings.mail_from,
        recipient=delivery.recipient,
        title=notification.title,
        body=notification.body,
        url=public + notification.link,
        settings_url=f"{public}/notification-preferences",
        language=language_of(recipient.locale if recipient else people.DEFAULT_LOCALE),
        at=clock.now(),
    )


def _write_down(session: Session, delivery: Delivery, outcome: Exception | None) -> None:
    reason = str(outcome).replace("\x00", "\N{REPLACEMENT CHARACTER}")  # a server may say NUL, PostgreSQL refuses it
    match outcome:
        case None:
            actions.sent(delivery)
        case Refused():
            actions.failed(session, delivery, reason)
        case Doubtful():
            actions.doubtful(session, delivery, reason)
        case _:
            actions.delayed(session, delivery, reason)
