"""Which events set reminders and which take them back. Each looks at the subject's state, not at the event's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import clock, org
from crm_contracts.envelope import Envelope

from ..people import queries as people
from . import actions, queries, rules
from .rules import uuid_of

_NO_UNIT = UUID(int=0)
_ASKED = "crm.workflow.approval.assigned.v1"


@dataclass(frozen=True, slots=True)
class Known:
    """What the events of a batch are handled with. names: of their customers, as far as heard of."""

    minutes: queries.Minutes
    names: Mapping[UUID, str]

    def name(self, customer_id: Any) -> str:
        """A customer's name, empty when it has not been heard of."""
        found = uuid_of(customer_id)
        return self.names.get(found, "") if found else ""


def _moment(value: Any) -> datetime | None:
    if not value:
        return None
    found = datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _unit(envelope: Envelope) -> UUID:
    return uuid_of(envelope.unitid or envelope.data.get("unit_id")) or _NO_UNIT


def _ids(*values: Any) -> list[UUID]:
    return [found for value in values if (found := uuid_of(value))]


def _arm(
    session: Session, envelope: Envelope, kind: str, due: rules.Due | None, recipients: list[UUID], **more: Any
) -> None:
    """Set the reminder, or take it back when there is nothing to be reminded of."""
    subject_id = UUID(envelope.data["id"])
    if due is None or not recipients:
        actions.cancel(session, kind=kind, subject_id=subject_id)
        return
    actions.arm(
        session,
        kind=kind,
        subject_id=subject_id,
        due=due,
        recipient_ids=recipients,
        unit_id=_unit(envelope),
        details={**envelope.data, **more},
    )


def on_activity(session: Session, envelope: Envelope, known: Known) -> None:
    """A planned activity reminds whoever does it when it starts, or shortly before it is due."""
    activity = envelope.data
    due, starts, due_at = None, _moment(activity.get("starts_at")), _moment(activity.get("due_at"))
    minutes = known.minutes(rules.ACTIVITY, _unit(envelope))
    moment = starts or due_at
    if activity["status"] == "planned" and moment and minutes is not None:
        at = rules.before(moment, 0 if starts else minutes, clock.now())
        due = rules.Due(at, moment.astimezone(UTC).isoformat()) if at else None
    customer = known.name(activity.get("customer_id"))
    recipients = _ids(activity.get("assignee_id") or activity.get("owner_id"))
    _arm(session, envelope, rules.ACTIVITY, due, recipients, customer=customer)


def on_approval(session: Session, envelope: Envelope, known: Known) -> None:
    """A running approval reminds everybody it waits for when a day has passed since they were asked, each in their time."""
    approval, subject_id = envelope.data, UUID(envelope.data["id"])
    minutes = known.minutes(rules.APPROVAL, _unit(envelope))
    waits = approval["status"] == "running" and minutes is not None
    waiting: set[UUID] = set(_ids(*_waited_for(approval)) if waits else ())
    asked: set[UUID] = set(_ids(*approval.get("assignee_ids", ())) if envelope.type == _ASKED else ())
    covered = actions.keep_to(session, kind=rules.APPROVAL, subject_id=subject_id, recipient_ids=waiting - asked)
    # Who is not covered was asked by an event that this one has overtaken.
    fresh = (waiting & asked) | (waiting - covered)
    if fresh and minutes is not None:
        at = (_moment(envelope.time) or clock.now()) + timedelta(minutes=minutes)
        actions.add(
            session,
            kind=rules.APPROVAL,
            subject_id=subject_id,
            due=rules.Due(at, str(envelope.aggregateversion)),
            recipient_ids=fresh,
            unit_id=_unit(envelope),
            details=approval,
        )


def _waited_for(approval: dict[str, Any]) -> Sequence[str]:
    """Everybody whose decision is awaited; an event of former times names those newly asked only."""
    found: Sequence[str] = approval["waiting_ids"] if "waiting_ids" in approval else approval.get("assignee_ids", ())
    return found


def on_receivable(session: Session, envelope: Envelope, known: Known) -> None:
    """An open receivable reminds its owner some days before it is due, of what is owed by then."""
    receivable, due = envelope.data, None
    minutes = known.minutes(rules.RECEIVABLE, _unit(envelope))
    if receivable["status"] in {"open", "partly_paid"} and minutes is not None:
        zone = people.timezone_of(session, _unit(envelope))
        day = date.fromisoformat(receivable["due_on"])
        last = rules.morning(day, rules.RECEIVABLE_AT, zone)
        at = rules.before(last, minutes, clock.now())
        due = rules.Due(at, receivable["due_on"]) if at else None
    customer = known.name(receivable["customer_id"])
    _arm(session, envelope, rules.RECEIVABLE, due, _ids(receivable.get("owner_id")), customer=customer)


def on_churn_case(session: Session, envelope: Envelope, known: Known) -> None:
    """A warned case that nobody acts on goes to the owner's manager, later to the company's.

    One that changes hands meanwhile goes to the managers of whoever has it then, at the times it had.
    """
    case, due = envelope.data, None
    minutes = known.minutes(rules.CHURN, _unit(envelope))
    if case["status"] == "warned" and minutes is not None:
        warned = _moment(case["warned_at"]) or clock.now()
        due = rules.Due(warned + timedelta(minutes=minutes), f"{case['warned_at']} 1")
    # Whom it goes to is looked up when it is due; the owner stands here so that a handover is followed.
    recipients, subject_id = _ids(case.get("owner_id")) or [_NO_UNIT], UUID(case["id"])
    if due and actions.has_happened(session, kind=rules.CHURN, subject_id=subject_id, bucket=due.bucket):
        actions.redirect(
            session,
            kind=rules.CHURN,
            subject_id=subject_id,
            recipient_ids=recipients,
            unit_id=_unit(envelope),
            details=case,
        )
    else:
        _arm(session, envelope, rules.CHURN, due, recipients, level=1, minutes=minutes)


def on_contact(session: Session, envelope: Envelope, _known: Known) -> None:
    """A contact's birthday reminds the owner in the morning of the day, every year."""
    contact, due = envelope.data, None
    if contact.get("birthday"):
        zone = people.timezone_of(session, _unit(envelope))
        due = rules.next_birthday(date.fromisoformat(contact["birthday"][:10]), zone, clock.now())
    kept = ("id", "name", "customer_id", "birthday", "owner_id")
    _arm_birthday(session, envelope, due, {name: contact.get(name) for name in kept})


def _arm_birthday(session: Session, envelope: Envelope, due: rules.Due | None, details: dict[str, Any]) -> None:
    subject_id = UUID(envelope.data["id"])
    if due is None:
        actions.cancel(session, kind=rules.BIRTHDAY, subject_id=subject_id)
        return
    actions.arm(
        session,
        kind=rules.BIRTHDAY,
        subject_id=subject_id,
        due=due,
        recipient_ids=_ids(details["owner_id"]),
        unit_id=_unit(envelope),
        details=details,
    )


def on_deleted(session: Session, envelope: Envelope, _known: Known) -> None:
    """Nobody is reminded of what is deleted; restored, it tells its state anew."""
    actions.cancel(session, subject_id=UUID(envelope.data["id"]))


def on_user(session: Session, envelope: Envelope) -> None:
    """A new user is expected to sign in within two weeks; one who left is not."""
    user = envelope.data
    if not user["active"]:
        actions.cancel(session, kind=rules.INACTIVE, subject_id=UUID(user["id"]))
    elif envelope.type.endswith(".created.v1"):
        since = user.get("last_sign_in_at") or envelope.time
        _expect_sign_in(session, UUID(user["id"]), UUID(user["unit_id"]), since)


def on_sign_in(session: Session, envelope: Envelope) -> None:
    """Two weeks begin again with each sign-in."""
    user_id = UUID(envelope.data["id"])
    user = session.get(org.OrgUser, user_id)
    if user is None or user.active:
        _expect_sign_in(session, user_id, user.unit_id if user else _unit(envelope), envelope.data["at"])


def _expect_sign_in(session: Session, user_id: UUID, unit_id: UUID, since: str) -> None:
    minutes, seen = queries.minutes_of(session, rules.INACTIVE, unit_id), _moment(since)
    if minutes is None or seen is None:
        actions.cancel(session, kind=rules.INACTIVE, subject_id=user_id)
        return
    # The day of the sign-in is the version: a late event about an earlier one changes nothing.
    if not actions.news(session, {user_id: int(seen.timestamp()) // 86_400}):
        return
    due = rules.Due(seen + timedelta(minutes=minutes), seen.astimezone(UTC).date().isoformat())
    details = {"id": str(user_id), "days": minutes // (24 * 60)}
    actions.arm(
        session,
        kind=rules.INACTIVE,
        subject_id=user_id,
        due=due,
        recipient_ids=[user_id],
        unit_id=unit_id,
        details=details,
    )


def on_handover(session: Session, envelope: Envelope) -> None:
    """Who takes over is reminded instead."""
    from_id, to_id = UUID(envelope.data["id"]), UUID(envelope.data["to_user_id"])
    actions.hand_over(session, from_id=from_id, to_id=to_id)


_BY_STATE: dict[str, Callable[[Session, Envelope, Known], None]] = {
    **{f"crm.customer.activity.{f}.v1": on_activity for f in ("planned", "changed", "done", "cancelled", "overdue")},
    **{f"crm.sales.receivable.{f}.v1": on_receivable for f in ("opened", "changed", "overdue", "paid", "written-off")},
    **{
        f"crm.customer.churn-case.{f}.v1": on_churn_case
        for f in ("warned", "changed", "reprieved", "lost", "recovered")
    },
    **{f"crm.customer.contact.{f}.v1": on_contact for f in ("created", "changed")},
    **{f"crm.customer.{subject}.deleted.v1": on_deleted for subject in ("activity", "contact", "churn-case")},
}
_IN_TURN: dict[str, Callable[[Session, Envelope, Known], None]] = {
    f"crm.workflow.approval.{f}.v1": on_approval for f in ("assigned", "changed", "decided", "withdrawn")
}
"""By state too, but who was asked when is told by each event and not by the newest alone."""

_BY_FACT: dict[str, Callable[[Session, Envelope], None]] = {
    **{f"crm.gateway.user.{f}.v1": on_user for f in ("created", "changed", "deactivated")},
    "crm.gateway.user.signed-in.v1": on_sign_in,
    "crm.gateway.user.handed-over.v1": on_handover,
}


def follows(envelope: Envelope) -> bool:
    """Whether an event sets or takes back reminders."""
    return any(envelope.type in handlers for handlers in (_BY_STATE, _IN_TURN, _BY_FACT))


def handle(session: Session, envelopes: Sequence[Envelope], names: Mapping[UUID, str]) -> None:
    """Follow events. Of one subject only the newest state counts, in whatever order the events come.

    names: of the events' customers.
    """
    newest = _newest(session, envelopes)
    concerned = [envelope for envelope in envelopes if follows(envelope)]
    known = Known(queries.minutes_in(session, {_unit(envelope) for envelope in concerned}), names)
    for envelope in concerned:
        if by_fact := _BY_FACT.get(envelope.type):
            by_fact(session, envelope)
        elif newest.get(UUID(envelope.subject)) is envelope:
            _BY_STATE[envelope.type](session, envelope, known)
        elif envelope.type in _IN_TURN and actions.news(session, {UUID(envelope.subject): envelope.aggregateversion}):
            _IN_TURN[envelope.type](session, envelope, known)


def _newest(session: Session, envelopes: Sequence[Envelope]) -> dict[UUID, Envelope]:
    """Subject -> the event that tells its newest state; subjects of which newer was known already are left out."""
    found: dict[UUID, Envelope] = {}
    for envelope in envelopes:
        if envelope.type in _BY_STATE:
            best = found.setdefault(UUID(envelope.subject), envelope)
            if envelope.aggregateversion > best.aggregateversion:
                found[UUID(envelope.subject)] = envelope
    news = actions.news(session, {subject: envelope.aggregateversion for subject, envelope in found.items()})
    return {subject: envelope for subject, envelope in found.items() if subject in news}
