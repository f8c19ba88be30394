"""The roles a new installation begins with. They are rows like any other: what the customer edits stays edited."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crm_contracts.permissions import RESOURCES

Grants = dict[tuple[str, str], str]
"""(resource, action) -> scope."""

_WIDTH = {"self": 0, "unit": 1, "subtree": 2, "company": 3, "all": 4}

_SHARED = (
    "region",
    "product",
    "pipeline",
    "competitor",
    "expense_category",
    "expense_policy",
    "sla_policy",
    "business_calendar",
)
"""What every company of the group reads alike: reference rows that may stand at head office."""


@dataclass(frozen=True)
class ReadyMade:
    """A ready-made role."""

    key: str
    name: str
    name_en: str
    grants: Grants
    fields: tuple[dict[str, str], ...] = field(default=())

    def as_rows(self) -> list[dict[str, Any]]:
        """The grants as a role's row holds them."""
        return [{"resource": r, "action": a, "scope": scope} for (r, a), scope in self.grants.items()]


def _give(scope: str, **actions: str) -> Grants:
    """Grants in one scope: resource="action action"; actions the catalogue does not have are left out."""
    return {
        (resource, action): scope
        for resource, names in actions.items()
        for action in (RESOURCES[resource].actions if names == "*" else names.split())
        if action in RESOURCES[resource].actions
    }


def _all_of(scope: str, *actions: str, but: tuple[str, ...] = ()) -> Grants:
    """The actions (every one when none is named) of every resource except those in ``but``."""
    return {
        (resource.name, action): scope
        for resource in RESOURCES.values()
        if resource.name not in but
        for action in resource.actions
        if not actions or action in actions
    }


def _together(*parts: Grants) -> Grants:
    """Several sets of grants; the wider scope wins."""
    found: Grants = {}
    for part in parts:
        for key, scope in part.items():
            if key not in found or _WIDTH[scope] > _WIDTH[found[key]]:
                found[key] = scope
    return found


_SHARED_READ = {(name, "read"): "all" for name in _SHARED}

_EVERYONE = _together(
    _give("company", user="read", org_unit="read", article="read"),
    _give(
        "self",
        notification="*",
        notification_preference="*",
        desktop="read",
        approval="read approve",
        activity="read create update delete",
        travel_plan="read create update delete",
        claim="read create update delete",
        saved_view="*",
    ),
    _give("company", search="read"),
    _SHARED_READ,
)
"""What whoever signs in may do: see colleagues' names, be told things, travel, claim, keep views of lists."""

_CONTACTS_CLOSED = tuple({"resource": "user", "field": name, "access": "hidden"} for name in ("email", "mobile"))

_HEAD_OFFICE_ONLY = ("system", "role", "delivery")
"""What a subsidiary's administrator does not run."""

READY_MADE = (
    ReadyMade("group_admin", "集团管理员", "Group administrator", _all_of("all")),
    ReadyMade(
        "subsidiary_admin",
        "板块管理员",
        "Subsidiary administrator",
        _together(_all_of("company", but=_HEAD_OFFICE_ONLY), _EVERYONE, _give("all", role="read")),
    ),
    ReadyMade(
        "executive",
        "高管",
        "Executive",
        _together(
            _all_of("subtree", "read", "export", but=(*_HEAD_OFFICE_ONLY, "api_key", "webhook", "audit")),
            _give("subtree", approval="approve"),
            _EVERYONE,
        ),
        _CONTACTS_CLOSED,
    ),
    ReadyMade(
        "sales_manager",
        "销售主管",
        "Sales manager",
        _together(
            _give(
                "company",
                customer="read create update delete export import assign claim configure",
                contact="read create update delete export import",
                interaction="read create update delete export import",
                activity="read create update delete export import assign",
                churn_rule="read create update delete",
                churn_case="read update export",
                lead="read create update delete export import assign claim configure",
                pipeline="read create update",
                opportunity="read create update delete export import assign configure",
                competitor="read create update delete export import",
                product="read create update export import",
                order="read create update delete export import confirm deliver",
                receivable="read export",
                payment="read",
                request="read create update export",
                article="read",
                travel_plan="read export",
                claim="read export",
                approval="read approve",
                approval_flow="read",
                report="read export",
                desktop="read",
                search="read",
            ),
            _EVERYONE,
        ),
        _CONTACTS_CLOSED,
    ),
    ReadyMade(
        "account_manager",
        "客户经理",
        "Account manager",
        _together(
            _give(
                "self",
                customer="read create update export import",
                contact="read create update delete export import",
                interaction="read create update delete export",
                lead="read create update export import",
                opportunity="read create update export",
                order="read create update confirm deliver export",
                receivable="read export",
                payment="read",
                churn_case="read update",
                request="read create update",
                report="read",
            ),
            _give("company", customer="claim", lead="claim"),
            _EVERYONE,
        ),
        _CONTACTS_CLOSED,
    ),
    ReadyMade(
        "service_lead",
        "客服主管",
        "Service lead",
        _together(
            _give(
                "company",
                customer="read export",
                contact="read create update export",
                interaction="read create update export",
                activity="read create update assign",
                order="read",
                request="read create update delete export import assign configure",
                sla_policy="read create update delete",
                business_calendar="read create update delete",
                article="read create update delete export import publish configure",
                churn_case="read",
                approval="read approve",
                report="read export",
            ),
            _EVERYONE,
        ),
        _CONTACTS_CLOSED,
    ),
    ReadyMade(
        "service_agent",
        "客服",
        "Service agent",
        _together(
            _give(
                "company",
                customer="read",
                contact="read create update",
                interaction="read create",
                order="read",
                request="read create update",  # who is free takes what nobody has
                article="read",
            ),
            _give("self", request="assign", interaction="update", article="create update", report="read"),
            _EVERYONE,
        ),
        _CONTACTS_CLOSED,
    ),
    ReadyMade(
        "finance",
        "财务",
        "Finance",
        _together(
            _give(
                "company",
                customer="read",
                contact="read",
                order="read export",
                receivable="read export write_off",
                payment="read create refund export import",
                travel_plan="read export",
                claim="read export pay configure",
                expense_category="read create update delete",
                expense_policy="read create update delete",
                approval="read approve",
                report="read export",
            ),
            _EVERYONE,
        ),
        _CONTACTS_CLOSED,
    ),
)
