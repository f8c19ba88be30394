"""Which events tell about which records, and who is concerned by a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

State = Mapping[str, Any]

RESOURCES = {
    "crm.customer.customer": "customer",
    "crm.customer.contact": "contact",
    "crm.customer.activity": "activity",
    "crm.customer.churn-case": "churn_case",
    "crm.sales.lead": "lead",
    "crm.sales.opportunity": "opportunity",
    "crm.sales.order": "order",
    "crm.sales.product": "product",
    "crm.sales.receivable": "receivable",
    "crm.sales.payment": "payment",
    "crm.service-desk.request": "request",
    "crm.service-desk.sla": "request",
    "crm.service-desk.article": "article",
    "crm.expenses.travel-plan": "travel_plan",
    "crm.expenses.claim": "claim",
    "crm.workflow.approval": "approval",
}
"""Subject of an event type -> the permission resource of the record whose full state it carries."""

_PERSON_FIELDS = ("owner_id", "assignee_id", "traveller_id", "claimant_id")
_PEOPLE_FIELDS = ("assignee_ids", "waiting_ids")
_HANDED_OVER = ("owner_id", "assignee_id")

_NOT_HANDED_OVER = {
    "activity": {"done", "cancelled"},
    "churn_case": {"lost", "recovered"},
    "lead": {"converted", "discarded"},
    "opportunity": {"won", "lost"},
    "order": {"closed", "cancelled"},
    "receivable": {"paid", "written_off"},
    "request": {"archived", "merged"},
    "travel_plan": {"settled", "rejected", "cancelled", "draft", "returned", "withdrawn"},
    "claim": {"rejected", "draft", "returned", "withdrawn"},
    "approval": {"approved", "rejected", "returned", "withdrawn"},
}
"""Resource -> the states in which its service leaves a record with whoever has it."""
_NEVER_HANDED_OVER = {"payment", "article", "product"}


def subject_of(event_type: str) -> str:
    """``crm.sales.order`` of ``crm.sales.order.confirmed.v1``."""
    return event_type.rsplit(".", 2)[0]


def state_of(event_type: str, payload: State, told_at: str) -> dict[str, Any]:
    """The record's state as an event tells it. ``deleted`` and ``merged_into`` hold until a newer event.

    told_at: when the event happened, for records that do not say when they were changed.
    """
    fact = event_type.rsplit(".", 2)[1]
    state = {"updated_at": told_at, **payload}
    if fact == "deleted":
        state["deleted"] = True
    if fact == "merged":
        state["merged_into"] = payload.get("into_id")
    return state


def still_true(state: State) -> dict[str, Any]:
    """What of a former state holds beside a newer one that does not tell everything."""
    return {name: value for name, value in state.items() if name not in {"deleted", "merged_into"}}


def is_alive(state: State) -> bool:
    """Whether the record is there to be found and counted."""
    return not state.get("deleted") and not state.get("merged_into")


def is_open(resource: str, state: State) -> bool:
    """Whether somebody still has to work on it, so that it follows a handover as in its own service.

    Trips and claims that wait for their own author stay, and an approved claim waits for its money.
    """
    if resource in _NEVER_HANDED_OVER or not is_alive(state):
        return False
    done = state.get("status") in _NOT_HANDED_OVER.get(resource, set())
    return not done and state.get("payment_status") != "paid"


def responsible(resource: str, state: State) -> UUID | None:
    """Whom the figures of the record belong to: who works on a request, who travelled or paid, else the owner."""
    names = {
        "request": ("assignee_id", "owner_id"),
        "activity": ("assignee_id", "owner_id"),
        "claim": ("claimant_id", "owner_id"),
        "travel_plan": ("traveller_id", "owner_id"),
        "approval": (),
    }.get(resource, ("owner_id",))
    return next((UUID(state[name]) for name in names if state.get(name)), None)


def people(state: State) -> list[UUID]:
    """Everybody the record belongs to, in a stable order."""
    found = {state[name] for name in _PERSON_FIELDS if state.get(name)}
    return sorted(map(UUID, found.union(*(state.get(name) or () for name in _PEOPLE_FIELDS))))


def customer_of(resource: str, state: State) -> UUID | None:
    """The customer a record is about; a customer is about itself."""
    if resource == "customer":
        return UUID(state["id"])
    about = state.get("about") or {}
    found = state.get("customer_id") or (about.get("id") if about.get("type") == "customer" else None)
    return UUID(found) if found else None


def handed_over(state: State, from_user: str, to_user: str) -> dict[str, Any]:
    """The state with one person in the place of another."""
    changed: dict[str, Any] = {name: to_user for name in _HANDED_OVER if state.get(name) == from_user}
    for name in _PEOPLE_FIELDS:
        if from_user in (state.get(name) or ()):
            changed[name] = [*(each for each in state[name] if each not in {from_user, to_user}), to_user]
    return {**state, **changed}
