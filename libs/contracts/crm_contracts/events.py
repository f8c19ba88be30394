"""Every domain event of the system: its type and the fields a consumer may rely on.

A type reads ``crm.<service>.<subject>.<past tense>.v<version>``. ``required`` maps a field of the payload to the
name of its JSON type; a trailing ``?`` means the value may be null. Payloads carry more than that: the full record
as its API shows it. Adding a field is compatible; anything else is a new version beside the old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EventType:
    """One kind of fact. ``required``: payload field -> JSON type name, ``?`` = nullable."""

    type: str
    service: str
    subject: str
    fact: str
    version: int
    required: dict[str, str]

    def missing(self, payload: dict[str, Any]) -> list[str]:
        """The required fields that the payload lacks, or holds null where null is not allowed; sorted."""
        return sorted(
            name
            for name, kind in self.required.items()
            if name not in payload or (payload[name] is None and not kind.endswith("?"))
        )


REGISTRY: dict[str, EventType] = {}
"""Event type -> its definition."""

_RECORD = {"id": "uuid", "version": "integer", "unit_id": "uuid?"}
_OWNED = {**_RECORD, "owner_id": "uuid?"}


def _define(service: str, subject: str, facts: str, required: dict[str, str]) -> None:
    for fact in facts.split():
        name = f"crm.{service}.{subject}.{fact}.v1"
        REGISTRY[name] = EventType(name, service, subject, fact, 1, required)


# gateway: identity and the company tree. `tree_version` grows with every change of the tree.
_define(
    "gateway",
    "org-unit",
    "created changed moved closed",
    {
        "id": "uuid",
        "version": "integer",
        "code": "string",
        "name": "string",
        "name_en": "string?",
        "kind": "string",
        "parent_id": "uuid?",
        "manager_id": "uuid?",
        "timezone": "string",
        "currency": "string",
        "active": "boolean",
        "tree_version": "integer",
    },
)
_USER = {
    "id": "uuid",
    "version": "integer",
    "username": "string",
    "display_name": "string",
    "email": "string?",
    "mobile": "string?",
    "unit_id": "uuid",
    "unit_ids": "array",
    "roles": "array",
    "manager_id": "uuid?",
    "locale": "string",
    "active": "boolean",
}
_define("gateway", "user", "created changed deactivated", _USER)
_define("gateway", "user", "signed-in", {"id": "uuid", "version": "integer", "at": "datetime"})
_define("gateway", "user", "handed-over", {"id": "uuid", "version": "integer", "to_user_id": "uuid"})
_define(
    "gateway",
    "role",
    "changed",
    {"id": "uuid", "version": "integer", "key": "string", "name": "string", "grants": "array", "active": "boolean"},
)

# customer
_CUSTOMER = {
    **_OWNED,
    "code": "string",
    "name": "string",
    "kind": "string",
    "relation": "string",
    "status": "string",
    "level": "string?",
    "region_code": "string?",
    "phone": "string?",
}
_define("customer", "customer", "created changed assigned pooled deleted", _CUSTOMER)
_define("customer", "customer", "merged unmerged", {**_OWNED, "into_id": "uuid"})
_define("customer", "contact", "created changed deleted", {**_OWNED, "customer_id": "uuid", "name": "string"})
_define(
    "customer",
    "interaction",
    "recorded",
    {**_OWNED, "customer_id": "uuid", "kind": "string", "subject": "string", "occurred_at": "datetime"},
)
_define(
    "customer",
    "activity",
    "planned changed assigned done cancelled overdue deleted",
    {
        **_OWNED,
        "subject": "string",
        "kind": "string",
        "status": "string",
        "customer_id": "uuid?",
        "assignee_id": "uuid?",
        "due_at": "datetime?",
    },
)
_define(
    "customer",
    "churn-case",
    "warned changed reprieved lost recovered deleted",
    {
        **_OWNED,
        "customer_id": "uuid",
        "customer_name": "string",
        "status": "string",
        "reasons": "array",
        "warned_at": "datetime",
    },
)
_define(
    "customer",
    "lead-conversion",
    "settled refused",
    {"id": "uuid", "version": "integer", "unit_id": "uuid", "lead_id": "uuid", "customer_id": "uuid?"},
)

# sales
_define(
    "sales",
    "lead",
    "captured changed assigned discarded deleted",
    {**_OWNED, "name": "string", "company": "string?", "status": "string"},
)
_define(
    "sales",
    "lead",
    "converted",
    {**_OWNED, "name": "string", "customer": "object", "contact": "object?", "opportunity_id": "uuid?"},
)
_OPPORTUNITY = {
    **_OWNED,
    "name": "string",
    "customer_id": "uuid",
    "stage": "string",
    "probability": "integer",
    "amount": "money?",
    "status": "string",
}
_define("sales", "opportunity", "created changed assigned advanced stalled won lost reopened deleted", _OPPORTUNITY)
_define("sales", "product", "changed deleted", {"id": "uuid", "version": "integer", "code": "string", "name": "string"})
_ORDER = {
    **_OWNED,
    "number": "string",
    "customer_id": "uuid",
    "ordered_on": "date",
    "status": "string",
    "total": "money",
    "lines": "array",
}
_define("sales", "order", "created changed confirmed delivered returned closed cancelled deleted", _ORDER)
_define(
    "sales",
    "receivable",
    "opened changed overdue paid written-off",
    {**_OWNED, "order_id": "uuid", "customer_id": "uuid", "due_on": "date", "amount": "money", "status": "string"},
)
_define(
    "sales",
    "payment",
    "received allocated deallocated refunded",
    {**_OWNED, "customer_id": "uuid", "received_on": "date", "amount": "money"},
)

# service-desk
_REQUEST = {
    **_OWNED,
    "number": "string",
    "kind": "string",
    "customer_id": "uuid?",
    "summary": "string",
    "status": "string",
    "priority": "string",
    "assignee_id": "uuid?",
    "due_at": "datetime?",
}
_define(
    "service-desk",
    "request",
    "created changed assigned started held resumed answered rated reopened escalated archived merged deleted",
    _REQUEST,
)
_define("service-desk", "sla", "warned breached", {**_REQUEST, "id": "uuid"})
_define(
    "service-desk", "article", "changed published retired deleted", {**_RECORD, "title": "string", "body": "string"}
)

# expenses
_TRIP = {
    **_OWNED,
    "number": "string",
    "subject": "string",
    "traveller_id": "uuid",
    "starts_on": "date",
    "ends_on": "date",
    "status": "string",
    "customer_ids": "array",
}
_define(
    "expenses",
    "travel-plan",
    "created changed submitted approved returned rejected withdrawn started finished settled cancelled deleted",
    _TRIP,
)
_define(
    "expenses",
    "visit",
    "recorded deleted",
    {**_OWNED, "travel_plan_id": "uuid", "customer_id": "uuid", "on": "date", "what": "string", "result": "string?"},
)
_CLAIM = {
    **_OWNED,
    "number": "string",
    "title": "string",
    "claimant_id": "uuid",
    "status": "string",
    "payment_status": "string",
    "total": "money",
    "items": "array",
}
_define("expenses", "claim", "created changed submitted approved returned rejected withdrawn paid deleted", _CLAIM)

# approvals: any service asks, workflow answers. `fields` are what the conditions of a flow may use.
_ASKED = {
    "id": "uuid",
    "version": "integer",
    "unit_id": "uuid",
    "subject_type": "string",
    "subject_id": "uuid",
    "title": "string",
    "requester_id": "uuid",
    "round": "integer",
    "fields": "object",
}
for _service in ("sales", "expenses"):
    _define(_service, "approval", "requested", _ASKED)
    _define(
        _service,
        "approval",
        "cancelled",
        {"id": "uuid", "version": "integer", "unit_id": "uuid", "subject_type": "string", "subject_id": "uuid"},
    )
_APPROVAL = {
    "id": "uuid",
    "version": "integer",
    "unit_id": "uuid",
    "subject_type": "string",
    "subject_id": "uuid",
    "title": "string",
    "requester_id": "uuid",
    "round": "integer",
    "status": "string",
    "waiting_ids": "array",
}
_define("workflow", "approval", "assigned", {**_APPROVAL, "assignee_ids": "array", "due_at": "datetime?"})
_define("workflow", "approval", "decided", {**_APPROVAL, "comment": "string?", "decided_by": "uuid?"})
_define("workflow", "approval", "changed withdrawn timed-out", _APPROVAL)

# exports: a file of records, or of a report, was made. `owner_id` is who asked for it, `unit_id` their unit, `id` the job
# (of a report, the answer).
for _service in ("gateway", "customer", "sales", "service-desk", "expenses", "insight"):
    _define(
        _service,
        "export",
        "finished",
        {
            **_OWNED,
            "username": "string",
            "collection": "string",
            "format": "string",
            "filter": "object",
            "fields": "array",
            "rows": "integer",
        },
    )

# notify
_define("notify", "delivery", "failed", {**_RECORD, "channel": "string", "recipient": "string", "error": "string"})
_define("notify", "webhook", "disabled", {**_OWNED, "url": "string", "reason": "string"})
