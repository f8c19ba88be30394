"""What roles add up to, by table."""

from __future__ import annotations

from uuid import UUID

import pytest

from crm_chassis.org import Tree
from crm_contracts.permissions import RESOURCES
from crm_gateway.roles.readymade import READY_MADE
from crm_gateway.roles.rules import Reach, beyond, closed_fields, reaches

ROOT, NORTH, N1, N1_TEAM, N2 = (UUID(int=number) for number in range(1, 6))
TREE = Tree(
    (1, 1),
    {ROOT: None, NORTH: ROOT, N1: NORTH, N1_TEAM: N1, N2: NORTH},
    {ROOT: "group", NORTH: "region", N1: "subsidiary", N1_TEAM: "team", N2: "subsidiary"},
    {},
    {ROOT: [NORTH], NORTH: [N1, N2], N1: [N1_TEAM]},
)
ALL = Reach(everything=True)


def below(*units: UUID) -> Reach:
    return Reach(subtrees=frozenset(units))


def grant(scope: str, *units: UUID) -> dict[str, object]:
    return {"resource": "order", "action": "read", "scope": scope, "unit_ids": [str(unit) for unit in units]}


@pytest.mark.parametrize(
    ("grants", "units", "reach"),
    [
        ([grant("self")], {N1_TEAM}, Reach(own=True)),
        ([grant("unit")], {N1_TEAM}, Reach(units=frozenset({N1_TEAM}))),
        ([grant("company")], {N1_TEAM}, below(N1)),
        ([grant("company")], {N1_TEAM, N2}, below(N1, N2)),
        ([grant("company")], {ROOT}, ALL),
        ([grant("subtree")], {N1_TEAM}, below(N1_TEAM)),
        ([grant("subtree")], {NORTH, N1}, below(NORTH)),
        ([grant("units", N2)], {N1_TEAM}, below(N2)),
        ([grant("all")], {N1_TEAM}, ALL),
        ([grant("self"), grant("unit"), grant("company")], {N1_TEAM}, Reach(own=True, subtrees=frozenset({N1}))),
        ([grant("self"), grant("all")], {N1_TEAM}, ALL),
    ],
)
def test_scopes_reach(grants: list[dict[str, object]], units: set[UUID], reach: Reach) -> None:
    assert reaches([grants], frozenset(units), TREE) == {"order:read": reach}


@pytest.mark.parametrize(
    ("held", "wanted", "is_beyond"),
    [
        (ALL, ALL, False),
        (below(NORTH), ALL, True),
        (below(NORTH), below(N1), False),
        (below(N1), below(NORTH), True),
        (below(N1), Reach(units=frozenset({N1_TEAM})), False),
        (Reach(units=frozenset({N1})), below(N1), True),
        (Reach(units=frozenset({N1})), Reach(units=frozenset({N1})), False),
        (Reach(own=True), Reach(own=True), False),
        (Reach(own=True), Reach(units=frozenset({N1})), True),
    ],
)
def test_nothing_is_given_that_is_not_held(held: Reach, wanted: Reach, is_beyond: bool) -> None:
    assert beyond({"order:read": wanted}, {"order:read": held}, TREE) == (["order:read"] if is_beyond else [])


def test_what_is_not_held_at_all_is_beyond() -> None:
    assert beyond({"order:read": Reach(own=True)}, {}, TREE) == ["order:read"]


READS = [{"resource": "user", "action": "read", "scope": "all"}]
WRITES = [*READS, {"resource": "user", "action": "update", "scope": "all"}]


def closing(access: str) -> list[dict[str, str]]:
    return [{"resource": "user", "field": "mobile", "access": access}]


@pytest.mark.parametrize(
    ("roles", "access"),
    [
        ([(READS, closing("hidden"))], "hidden"),
        ([(READS, closing("masked"))], "masked"),
        ([(WRITES, closing("readonly"))], "readonly"),
        ([(READS, closing("hidden")), (READS, closing("masked"))], "masked"),
        ([(READS, closing("hidden")), (READS, [])], "readonly"),
        ([(READS, closing("hidden")), (WRITES, [])], None),
        ([(WRITES, closing("readonly")), (READS, [])], "readonly"),
        ([(WRITES, closing("readonly")), (WRITES, [])], None),
        ([(READS, closing("hidden")), ([], closing("masked"))], "hidden"),
        ([([], closing("hidden"))], None),
    ],
)
def test_field_access_widens_with_roles(roles: list[tuple[list, list]], access: str | None) -> None:
    assert closed_fields(roles).get("user", {}).get("mobile") == access


@pytest.mark.parametrize(
    ("fields", "access"),
    [
        (["custom.grade", "custom.grade"], "hidden"),
        (["custom", "custom.grade"], "hidden"),
        (["custom.grade", "custom.other"], None),
    ],
)
def test_a_role_that_closes_all_custom_fields_closes_each(fields: list[str], access: str | None) -> None:
    roles = [(WRITES, [{"resource": "user", "field": field, "access": "hidden"}]) for field in fields]

    assert closed_fields(roles).get("user", {}).get("custom.grade") == access


def ready_made(key: str) -> dict[tuple[str, str], str]:
    return next(role.grants for role in READY_MADE if role.key == key)


@pytest.mark.parametrize("role", READY_MADE, ids=lambda role: role.key)
def test_ready_made_roles_name_real_permissions_and_can_read_what_they_change(role) -> None:
    width = {"self": 0, "unit": 1, "subtree": 2, "company": 3, "all": 4}
    for (resource, action), scope in role.grants.items():
        assert action in RESOURCES[resource].actions
        # A pooled record is seen by the whole company, so claiming may reach further than reading.
        assert (
            action == "claim"
            or width[role.grants[resource, "read"]] >= width[scope]
            or "read" not in RESOURCES[resource].actions
        )


@pytest.mark.parametrize(
    ("key", "does"),
    [
        ("account_manager", "customer:create contact:create interaction:create opportunity:create order:confirm"),
        (
            "account_manager",
            "activity:create travel_plan:create claim:create approval:approve search:read desktop:read",
        ),
        (
            "account_manager",
            "lead:claim customer:claim product:read region:read pipeline:read article:read report:read",
        ),
        (
            "sales_manager",
            "lead:assign opportunity:assign customer:assign approval:approve churn_case:update claim:read",
        ),
        ("service_agent", "request:create request:update request:assign customer:read article:read contact:create"),
        ("service_lead", "request:assign sla_policy:update article:publish report:read"),
        ("finance", "claim:pay payment:create payment:refund receivable:write_off expense_policy:update order:read"),
        ("executive", "report:read report:export customer:read opportunity:read claim:read churn_case:read"),
        ("subsidiary_admin", "user:create org_unit:create role:read audit:read api_key:create approval_flow:update"),
        ("group_admin", "system:configure role:create user:create audit:export"),
    ],
)
def test_ready_made_roles_can_do_their_job(key: str, does: str) -> None:
    missing = [name for name in does.split() if tuple(name.split(":")) not in ready_made(key)]
    assert missing == []


def test_a_subsidiarys_administrator_runs_nothing_of_the_group() -> None:
    held = ready_made("subsidiary_admin")
    assert not {("system", "configure"), ("role", "update"), ("role", "create")} & set(held)
    assert {scope for (_, action), scope in held.items() if action != "read"} <= {"company", "self"}
