"""The 360° page: one timeline of facts from all services, and the customer's figures."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from crm_chassis import errors, language, org, paging
from crm_chassis.collection import writing
from crm_chassis.collection.access import Access
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, answers, in_language, json_response, query
from crm_chassis.identity import Principal, current_principal, requires
from crm_chassis.language import say

from ..customers.collection import customers
from ..timeline import rules
from ..timeline.models import TimelineEntry
from . import queries
from .schemas import OverviewView, TimelineQuery, TimelineView

blueprint = Blueprint("customer overview", __name__, url_prefix="/customers")

_FIGURES = {
    "open_opportunities": "opportunity",
    "orders_12_months": "order",
    "open_receivables": "receivable",
    "requests": "request",
    "last_interaction": "interaction",
    "next_activity": "activity",
}
_OWED = ("outstanding", "amount", "paid", "credited")
_MADE_OF: dict[str, dict[str, tuple[str, ...]]] = {
    "open_opportunities": {"total": ("amount",)},
    "orders_12_months": {"total": ("total",)},
    "open_receivables": {"total": _OWED, "overdue.total": _OWED, "overdue": ("due_on",)},
    "requests": {"complaints": ("kind",), "satisfaction": ("satisfaction",)},
    "last_interaction": {name: (name,) for name in ("kind", "subject", "occurred_at")},
    "next_activity": {name: (name,) for name in ("kind", "subject", "due_at")},
}
"""Figure -> each part of it -> the fields of its resource that the part tells about."""
_OF_THE_CUSTOMER = ("last_contact_at", "last_order_at", "churn_risk", "satisfaction")


@blueprint.get("/<uuid:customer_id>/timeline")
@requires("customer:read")
@query(TimelineQuery)
@answers(TimelineView)
def timeline(customer_id: UUID, query: dict[str, Any]) -> Response:
    """What happened with a customer, newest first, as far as the caller may read it."""
    principal, limit = current_principal(), query["limit"]
    resources = sorted(kind for kind in _kinds(query.get("kinds")) if principal.may(f"{kind}:read"))
    question = f"timeline {customer_id} {','.join(resources)}"
    after = _after(question, query.get("cursor"))
    with transaction() as session:
        customer = writing.get(session, customers, customer_id)
        found = queries.entries(session, customer, resources=resources, after=after, limit=limit + 1)
        shown = found[:limit]
        names = org.users(session, {entry.actor_id for entry in shown if entry.actor_id})
    more = paging.cursor_after(question, shown[-1].at.isoformat(), str(shown[-1].id)) if len(found) > limit else None
    items = [_entry(entry, names, principal) for entry in shown]
    return in_language(json_response(TimelineView().dump({"items": items, "next_cursor": more})))


@blueprint.get("/<uuid:customer_id>/overview")
@requires("customer:read")
@answers(OverviewView)
def overview(customer_id: UUID) -> dict[str, Any]:
    """A customer's counts and sums from every service, as far as the caller may read them."""
    principal = current_principal()
    may_read = {resource for resource in _FIGURES.values() if principal.may(f"{resource}:read")}
    closed = _closed(principal, "customer")
    with transaction() as session:
        customer = writing.get(session, customers, customer_id)
        made = queries.figures(session, customer, may_read)
    kept = {name: None if name in closed else getattr(customer, name) for name in _OF_THE_CUSTOMER}
    shown = {name: _shown(principal, name, made[resource]) for name, resource in _FIGURES.items()}
    return {"customer_id": customer.id, **shown, **kept}


def _shown(principal: Principal, name: str, figure: Any) -> Any:
    """A figure without the parts that tell about fields which the caller's roles close."""
    closed, parts = _closed(principal, _FIGURES[name]), _MADE_OF[name]
    hidden = [part for part, fields in parts.items() if not closed.isdisjoint(fields)]
    if figure is None or not hidden:
        return figure
    if not isinstance(figure, dict):
        figure = {each: getattr(figure, each) for each in ("id", *parts)}
    for part in hidden:
        figure = _without(figure, part)
    return figure


def _without(figure: dict[str, Any], part: str) -> dict[str, Any]:
    name, _, inner = part.partition(".")
    return figure | {name: _without(figure[name], inner) if inner else None}


def _kinds(raw: str | None) -> list[str]:
    if raw is None:
        return list(rules.KINDS)
    wanted = [kind.strip() for kind in raw.split(",") if kind.strip()]
    unknown = [kind for kind in wanted if kind not in rules.KINDS]
    if unknown:
        raise errors.field_error("?kinds", "unknown", say("Choose from {kinds}.", kinds=list(rules.KINDS)))
    return wanted


def _after(question: str, cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    at, entry_id = paging.position(question, cursor)
    return datetime.fromisoformat(at), UUID(entry_id)


def _closed(principal: Principal, resource: str) -> set[str]:
    access = Access.of(principal, resource)
    return {name for name in access.rules if access.closes(name)}


def _entry(entry: TimelineEntry, names: dict[UUID, org.OrgUser], principal: Principal) -> dict[str, Any]:
    fact = rules.FACTS[entry.type]
    details = rules.open_details(entry.details, _closed(principal, entry.resource))
    actor = names.get(entry.actor_id) if entry.actor_id else None
    return {
        "id": entry.id,
        "at": entry.at,
        "type": entry.type,
        "kind": entry.resource,
        "title": rules.title(fact, details, language.current()),
        "actor_id": entry.actor_id,
        "actor_name": actor.display_name if actor else None,
        "link": f"/{fact.path}/{entry.subject_id}",
        "payload": details,
    }
