"""What a cost may be about: opportunities, orders and requests as their services tell of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from crm_chassis import clock, inbox
from crm_chassis.identity import Grant
from crm_chassis.ids import uuid7
from crm_chassis.sweeper import Sweeper
from crm_chassis.testing import Client
from crm_contracts.envelope import Envelope

from .conftest import WORK, Group, draft, refusals

SERVICE = {"opportunity": "sales", "order": "sales", "request": "service-desk"}
KINDS = list(SERVICE)
WORDS = {
    "opportunity": {"name": "新收银系统", "stage": "new", "probability": 10, "amount": None, "status": "open"},
    "order": {
        "number": "SO-N1-000001",
        "ordered_on": "2026-03-02",
        "total": {"amount": "1.00", "currency": "CNY"},
        "lines": [],
        "status": "confirmed",
    },
    "request": {
        "number": "SR-N1-000001",
        "summary": "收银机打不开",
        "kind": "repair",
        "priority": "normal",
        "assignee_id": None,
        "due_at": None,
        "status": "assigned",
    },
}


def about(kind: str, unit_id: UUID, **state: Any) -> dict[str, Any]:
    """A record of the kind as an event carries it."""
    return {"id": str(uuid7()), "unit_id": unit_id, "owner_id": None, "customer_id": None, **WORDS[kind], **state}


def tell(group: Group, kind: str, record: dict[str, Any], fact: str = "created", version: int = 1) -> dict[str, str]:
    """Have the service hear of the record; answers what a claim calls it."""
    group.bench.deliver(f"crm.{SERVICE[kind]}.{kind}.{fact}.v1", record, version=version)
    return {"type": kind, "id": str(record["id"])}


def reader(group: Group, unit_id: UUID, name: str, kind: str, *, own: bool = False) -> Client:
    """Somebody who may read records of the kind in the unit, or their own ones only."""
    permissions = [*WORK, f"{kind}:read"]
    grants = {each: Grant(own=True) for each in permissions} if own else permissions
    return group.bench.client(group.bench.caller(unit_id, grants, username=name))


def named(client: Client, subject: dict[str, str]) -> int:
    return client.post("/claims", {"title": "x", "about": subject}).status_code


@pytest.mark.parametrize("kind", KINDS)
def test_a_cost_is_about_what_the_caller_may_read(group: Group, anna: Client, kind: str) -> None:
    mine, theirs = reader(group, group.n1, "mine", kind), reader(group, group.e1, "theirs", kind)
    subject = tell(group, kind, about(kind, group.n1))

    assert draft(mine, about=subject)["about"] == subject
    for stranger in (theirs, anna):  # of another company, and without the right to read such records
        refused = stranger.post("/claims", {"title": "x", "about": subject})
        assert refusals(refused) == [("/about/id", "unknown")]
        changed = stranger.patch(f"/claims/{draft(stranger)['id']}", {"about": subject}, version=1)
        assert refusals(changed) == [("/about/id", "unknown")]


def test_what_is_not_known_is_refused_with_what_to_do(group: Group) -> None:
    mine, subject = reader(group, group.n1, "mine", "order"), {"type": "order", "id": str(uuid7())}

    said = [
        mine.post("/claims", {"title": "x", "about": subject}, headers={"Accept-Language": asked}).json["detail"]
        for asked in ("en", "zh")
    ]

    assert said == [
        "There is no such order for you. Choose one that you may see; if it was made a moment ago, try again shortly.",
        "该订单不存在，或您无权查看。请选择您可见的订单；如为刚刚新建，请稍后再试。",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_claim_is_about_already_stays_when_the_record_goes(group: Group, kind: str) -> None:
    mine, record = reader(group, group.n1, "mine", kind), about(kind, group.n1)
    subject = tell(group, kind, record)
    path = f"/claims/{draft(mine, about=subject)['id']}"

    tell(group, kind, record, "deleted", 3)
    tell(group, kind, record, "changed", 2)  # came late

    assert mine.patch(path, {"title": "y", "about": subject}, version=1).status_code == 200
    assert named(mine, subject) == 422
    tell(group, kind, record, "changed", 4)  # restored
    assert named(mine, subject) == 201


@pytest.mark.parametrize(
    ("kind", "people"),
    [
        *((kind, lambda me: {"owner_id": me}) for kind in KINDS),
        ("opportunity", lambda me: {"team_ids": [me]}),
        ("request", lambda me: {"assignee_id": me}),
    ],
)
def test_who_sees_their_own_records_only_names_those_they_work_on(group: Group, kind: str, people: Any) -> None:
    me = reader(group, group.n1, "me", kind, own=True)
    mine = tell(group, kind, about(kind, group.n1, **people(str(me.principal.user_id))))
    others = tell(group, kind, about(kind, group.n1, **people(str(uuid7()))))

    assert (named(me, mine), named(me, others)) == (201, 422)


@pytest.mark.parametrize("kind", ["opportunity", "order"])
def test_who_owns_a_customer_names_its_records_and_those_follow_a_merge(group: Group, kind: str) -> None:
    me = reader(group, group.n1, "me", kind, own=True)
    mine, gone = group.customer(group.n1, me.principal.user_id), group.customer(group.n1)
    subject = tell(group, kind, about(kind, group.n1, customer_id=gone))
    merge = {"id": gone, "unit_id": group.n1, "owner_id": None, "into_id": mine}

    assert named(me, subject) == 422
    group.bench.deliver("crm.customer.customer.merged.v1", merge, version=2)
    assert named(me, subject) == 201
    group.bench.deliver("crm.customer.customer.unmerged.v1", merge, version=3)
    assert named(me, subject) == 422


@pytest.mark.parametrize(
    ("kind", "field", "over"),
    [
        ("opportunity", "owner_id", "won"),
        ("opportunity", "team_ids", "lost"),
        ("order", "owner_id", "closed"),
        ("request", "owner_id", "archived"),
        ("request", "assignee_id", "archived"),
    ],
)
def test_open_records_follow_a_handover_and_finished_ones_stay(group: Group, kind: str, field: str, over: str) -> None:
    heir, leaver = reader(group, group.n1, "heir", kind, own=True), str(uuid7())
    held = {field: [leaver] if field == "team_ids" else leaver}
    going, staying = (tell(group, kind, about(kind, group.n1, **held, **more)) for more in ({}, {"status": over}))

    handover = {"id": leaver, "to_user_id": heir.principal.user_id}
    group.bench.deliver("crm.gateway.user.handed-over.v1", handover, version=2)

    assert (named(heir, going), named(heir, staying)) == (201, 422)


class Feeds(Sweeper):
    """Reads what the outboxes of the others still hold from a list instead of over HTTP."""

    held: dict[str, list[Envelope]]

    def _page(self, source: str, after: int) -> dict[str, Any]:
        numbered = list(enumerate(self.held.get(source, ()), start=1))
        events = [{"pos": pos, "envelope": envelope.to_dict()} for pos, envelope in numbered if pos > after]
        return {"events": events, "scanned_through": len(numbered)}


def test_records_from_before_this_service_asked_for_them_come_with_the_first_sweep(group: Group) -> None:
    reading = Feeds(group.bench.runtime)
    reading.held, subjects = {}, []
    for kind, service in SERVICE.items():
        record = about(kind, group.n1) | {"unit_id": str(group.n1), "version": 1}
        subjects.append({"type": kind, "id": record["id"]})
        told, at = f"crm.{service}.{kind}.created.v1", clock.now().isoformat()
        reading.held.setdefault(service, []).append(
            Envelope(str(uuid7()), service, told, record["id"], at, record, 1, str(group.n1))
        )

    assert reading.sweep() == len(subjects)
    inbox.retry_due(group.bench.runtime)

    for subject in subjects:
        assert named(reader(group, group.n1, "mine", subject["type"]), subject) == 201
