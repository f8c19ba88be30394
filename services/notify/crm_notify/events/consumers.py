"""Every event of the system comes through here: copies first, then who is told, reminded and called."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import inbox, org
from crm_contracts.envelope import Envelope
from crm_contracts.events import REGISTRY

from ..customers import actions as customer_copies
from ..customers import queries as customers
from ..notices.actions import Notice, tell
from ..people import queries as people
from ..reminders import consumers as reminders
from ..reminders.rules import uuid_of
from ..webhooks import consumers as webhooks
from . import rules

_COPIED = {f"crm.customer.customer.{fact}.v1" for fact in ("created", "changed", "assigned", "pooled", "deleted")}
_PEOPLE = (rules.ASSIGNEE, rules.OWNER, rules.TRAVELLER, rules.CLAIMANT)


def handle(session: Session, envelopes: Sequence[Envelope]) -> None:
    """Follow events in all that this service does; what several of them need is asked once."""
    for envelope in envelopes:
        _copy(session, envelope)
    spoken_of = [each for each in envelopes if each.type in rules.TOLD or reminders.follows(each)]
    named = customers.names_of(session, (uuid_of(each.data.get("customer_id")) for each in spoken_of))
    reminders.handle(session, envelopes, named)  # before the mailboxes, as what fires them does: one order of locks
    tell(session, notices_of(session, envelopes, named))
    webhooks.handle(session, envelopes)


HANDLERS = dict.fromkeys(REGISTRY, inbox.Together(handle))
"""Every event type, because a webhook may ask for any of them."""


def _copy(session: Session, envelope: Envelope) -> None:
    if known := org.HANDLERS.get(envelope.type):
        known(session, envelope)
    elif envelope.type in _COPIED:
        customer_copies.copy(session, envelope.data, envelope.aggregateversion)
    elif envelope.type == "crm.gateway.user.handed-over.v1":
        from_id, to_id = UUID(envelope.data["id"]), UUID(envelope.data["to_user_id"])
        customer_copies.hand_over(session, from_id=from_id, to_id=to_id)


def notices_of(session: Session, envelopes: Sequence[Envelope], named: Mapping[UUID, str]) -> list[Notice]:
    """The notices that events cause by the table of ``rules``. named: their customers."""
    told = [
        (envelope, rule)
        for envelope in envelopes
        for rule in rules.TOLD.get(envelope.type, ())
        if rule.when(envelope.data)
    ]
    left = people.who_left(
        session, {each for envelope, rule in told for place in rule.to for each in _at(place, envelope.data)}
    )
    return [notice for envelope, rule in told for notice in _by_rule(session, envelope, rule, named, left)]


def _by_rule(
    session: Session, envelope: Envelope, rule: rules.Rule, named: Mapping[UUID, str], left: Collection[UUID]
) -> list[Notice]:
    payload = envelope.data
    unit_id = uuid_of(envelope.unitid or payload.get("unit_id")) or UUID(int=0)
    actor_id = uuid_of(rules.actor_of(payload, envelope.actorid))
    values = _values(session, envelope, named)
    gathered = rule.gathered and rules.is_by_job(envelope.correlationid)
    return [
        Notice(UUID(envelope.id), recipient, rule.kind, unit_id, values, gathered=gathered)
        for recipient in _recipients(session, rule, payload, unit_id, left)
        if rule.own_act or recipient != actor_id
    ]


def _recipients(
    session: Session, rule: rules.Rule, payload: rules.Payload, unit_id: UUID, left: Collection[UUID]
) -> list[UUID]:
    """Whom a rule names and who is still there, so that of several places one with somebody in it comes first."""
    found: list[UUID] = []
    for place in rule.to:
        if place == rules.SUPERIOR:
            person = next((payload[name] for name in _PEOPLE if payload.get(name)), None)
            superior = people.superior(session, uuid_of(person), unit_id)
            found += [superior] if superior else []
        else:
            found += [each for each in _at(place, payload) if each not in left]
        if found and rule.first:
            return found[:1]
    return list(dict.fromkeys(found))


def _at(place: str, payload: rules.Payload) -> list[UUID]:
    """The people that a payload's field names; none for SUPERIOR, which is no field."""
    people_there = payload.get(place) if place in rules.LISTS else [payload.get(place)]
    return [UUID(str(person)) for person in people_there or () if person]


def _values(session: Session, envelope: Envelope, named: Mapping[UUID, str]) -> dict[str, Any]:
    """What the words may use: the event's fields and the names behind its ids."""
    payload = envelope.data
    customer_id = uuid_of(payload.get("customer_id"))
    values = {**payload, "customer": named.get(customer_id, "") if customer_id else ""}
    if envelope.type == "crm.gateway.user.handed-over.v1":
        values["from_name"] = people.name_of(session, UUID(payload["id"]))
    if envelope.type == "crm.workflow.approval.timed-out.v1":
        values["late_names"] = [people.name_of(session, UUID(late)) for late in payload.get(rules.ASSIGNEES) or ()]
    return values
