"""Every event of the system comes through here: copies first, then who is told, reminded and called."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import org
from crm_contracts.envelope import Envelope
from crm_contracts.events import REGISTRY

from ..customers import actions as customer_copies
from ..customers import queries as customers
from ..notices.actions import Notice, tell
from ..people import queries as people
from ..reminders import consumers as reminders
from ..webhooks import consumers as webhooks
from . import rules

_COPIED = {f"crm.customer.customer.{fact}.v1" for fact in ("created", "changed", "assigned", "pooled", "deleted")}
_PEOPLE = (rules.ASSIGNEE, rules.OWNER, rules.TRAVELLER, rules.CLAIMANT)


def handle(session: Session, envelope: Envelope) -> None:
    """Follow an event in all that this service does."""
    _copy(session, envelope)
    tell(session, notices_of(session, envelope))
    reminders.handle(session, envelope)
    webhooks.handle(session, envelope)


HANDLERS = dict.fromkeys(REGISTRY, handle)
"""Every event type, because a webhook may ask for any of them."""


def _copy(session: Session, envelope: Envelope) -> None:
    if known := org.HANDLERS.get(envelope.type):
        known(session, envelope)
    elif envelope.type in _COPIED:
        customer_copies.copy(session, envelope.data, envelope.aggregateversion)
    elif envelope.type == "crm.gateway.user.handed-over.v1":
        from_id, to_id = UUID(envelope.data["id"]), UUID(envelope.data["to_user_id"])
        customer_copies.hand_over(session, from_id=from_id, to_id=to_id)


def notices_of(session: Session, envelope: Envelope) -> list[Notice]:
    """The notices that an event causes by the table of ``rules``."""
    payload = envelope.data
    chosen = [rule for rule in rules.TOLD.get(envelope.type, ()) if rule.when(payload)]
    if not chosen:
        return []
    values = _values(session, envelope)
    unit_id = reminders.uuid_of(envelope.unitid or payload.get("unit_id")) or UUID(int=0)
    actor_id = reminders.uuid_of(rules.actor_of(payload, envelope.actorid))
    by_job = rules.is_by_job(envelope.correlationid)
    return [
        Notice(UUID(envelope.id), recipient, rule.kind, unit_id, values, gathered=rule.gathered and by_job)
        for rule in chosen
        for recipient in _recipients(session, rule, payload, unit_id)
        if rule.own_act or recipient != actor_id
    ]


def _recipients(session: Session, rule: rules.Rule, payload: rules.Payload, unit_id: UUID) -> list[UUID]:
    """Whom a rule names and who is still there, so that of several places one with somebody in it comes first."""
    found: list[UUID] = []
    for place in rule.to:
        found += [each for each in _named(session, place, payload, unit_id) if not people.has_left(session, each)]
        if found and rule.first:
            return found[:1]
    return list(dict.fromkeys(found))


def _named(session: Session, place: str, payload: rules.Payload, unit_id: UUID) -> list[UUID]:
    if place == rules.SUPERIOR:
        person = next((payload[name] for name in _PEOPLE if payload.get(name)), None)
        superior = people.superior(session, reminders.uuid_of(person), unit_id)
        return [superior] if superior else []
    if place in rules.LISTS:
        return [UUID(str(person)) for person in payload.get(place) or ()]
    person_id = reminders.uuid_of(payload.get(place))
    return [person_id] if person_id else []


def _values(session: Session, envelope: Envelope) -> dict[str, Any]:
    """What the words may use: the event's fields and the names behind its ids."""
    payload = envelope.data
    customer_id = reminders.uuid_of(payload.get("customer_id"))
    values = {**payload, "customer": customers.name_of(session, customer_id)}
    if envelope.type == "crm.gateway.user.handed-over.v1":
        values["from_name"] = people.name_of(session, UUID(payload["id"]))
    if envelope.type == "crm.workflow.approval.timed-out.v1":
        values["late_names"] = [people.name_of(session, UUID(late)) for late in payload.get(rules.ASSIGNEES) or ()]
    return values
