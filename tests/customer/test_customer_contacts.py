"""Contacts and interactions: under a customer, with its unit, seen by its owner."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from crm_chassis import clock
from crm_chassis.ids import uuid7
from crm_chassis.inbox_rows import InboxRow
from crm_chassis.testing import Bench, Client
from crm_customer.contacts.rules import vcard
from crm_customer.content_lines import document, folded

from .conftest import Made


@pytest.mark.parametrize("line", ["SHORT:x", "NOTE:" + "a" * 200, "NOTE:" + "榕" * 60, "NOTE:" + "a榕" * 40])
def test_lines_are_folded_at_75_octets_and_never_inside_a_character(line: str) -> None:
    pieces = folded(line).split("\r\n")

    assert all(len(piece.encode()) <= 75 for piece in pieces)
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == line
    assert all(piece.startswith(" ") for piece in pieces[1:])


def test_a_card_escapes_what_would_break_it() -> None:
    card = vcard({"id": "1", "name": "Wang; Yi, \\ Dr.", "preferences": "tea\ngolf"}, "Banyan, Ltd")

    assert "FN:Wang\\; Yi\\, \\\\ Dr.\r\n" in card
    assert "NOTE:tea\\ngolf\r\n" in card
    assert "ORG:Banyan\\, Ltd\r\n" in card
    assert card.startswith("BEGIN:VCARD\r\nVERSION:4.0\r\n")
    assert document(["A", "B"]) == "A\r\nB\r\n"


def test_a_contact_has_its_customers_unit_and_owner(seller: Client, bench: Bench, made: Made) -> None:
    customer = made("甲", seller)

    made_contact = seller.post("/contacts", {"customer_id": customer["id"], "name": "王一", "decision_maker": True})

    assert made_contact.status_code == 201, made_contact.json
    assert (made_contact.json["unit_id"], made_contact.json["owner_id"]) == (customer["unit_id"], customer["owner_id"])
    assert bench.events("crm.customer.contact.created.v1")[0]["data"]["customer_id"] == customer["id"]


@pytest.mark.parametrize("path", ["/contacts", "/interactions"])
def test_a_child_needs_a_customer_that_the_caller_sees(e1: Client, made: Made, path: str) -> None:
    values = {"name": "x"} if path == "/contacts" else {"kind": "call", "subject": "x"}

    for customer_id in (made("甲")["id"], str(uuid7())):
        answer = e1.post(path, {"customer_id": customer_id, **values})
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/customer_id")


def test_a_child_needs_a_right_that_reaches_the_customer(bench: Bench, units: dict[str, UUID], made: Made) -> None:
    customer = made("甲")
    from crm_chassis.identity import Grant

    own_only = {
        "customer:read": Grant(subtrees=frozenset({units["N1"]})),
        "contact:create": Grant(own=True),
        "contact:read": Grant(own=True),
    }
    caller = bench.client(bench.caller(units["A"], own_only))

    assert caller.post("/contacts", {"customer_id": customer["id"], "name": "x"}).status_code == 403


def test_a_contact_can_be_taken_into_an_address_book(bench: Bench, n1: Client, e1: Client, made: Made) -> None:
    contact = n1.post("/contacts", {"customer_id": made("甲")["id"], "name": "王一", "mobile": "13800138000"}).json
    path = f"/contacts/{contact['id']}.vcf"

    assert bench.client().get(path).status_code == 401
    assert e1.get(path).status_code == 404
    card = n1.get(path)
    assert (card.status_code, card.mimetype) == (200, "text/vcard")
    assert "TEL;TYPE=cell:+8613800138000\r\n" in card.text
    assert "ORG:甲\r\n" in card.text
    masked = bench.caller(
        n1.principal.unit_id, ["contact:read", "customer:read"], fields={"contact": {"mobile": "masked"}}
    )
    assert "+8613800138000" not in bench.client(masked).get(path).text


def test_a_contact_moved_to_another_customer_follows_it(n1: Client, seller: Client, made: Made) -> None:
    contact = n1.post("/contacts", {"customer_id": made("甲")["id"], "name": "王一"}).json
    target = made("乙", seller)

    moved = n1.patch(f"/contacts/{contact['id']}", {"customer_id": target["id"]}, version=1)

    assert (moved.json["unit_id"], moved.json["owner_id"]) == (target["unit_id"], target["owner_id"])


def test_a_deletion_of_a_contact_is_announced_and_so_is_its_being_taken_back(
    bench: Bench, n1: Client, made: Made
) -> None:
    path = f"/contacts/{n1.post('/contacts', {'customer_id': made('甲')['id'], 'name': '王一'}).json['id']}"

    assert n1.delete(path, version=1).status_code == 204
    assert n1.post(f"{path}/restore").status_code == 200

    facts = [
        event["type"].split(".")[3] for event in bench.events() if event["type"].startswith("crm.customer.contact")
    ]
    assert facts == ["created", "deleted", "changed"]


def test_an_interaction_is_recorded_and_moves_the_last_contact(bench: Bench, n1: Client, made: Made) -> None:
    customer = made("甲")
    path = f"/customers/{customer['id']}"
    for at in ("2026-03-05T02:00:00Z", "2026-03-01T02:00:00Z", "2099-01-01T00:00:00Z"):
        body = {"customer_id": customer["id"], "kind": "visit", "subject": "回访", "occurred_at": at}
        assert n1.post("/interactions", body).status_code == 201

    assert n1.get(path).json["last_contact_at"] == "2026-03-05T02:00:00Z"
    assert n1.get(path, headers={"If-None-Match": '"1"'}).status_code == 200
    events = bench.events("crm.customer.interaction.recorded.v1")
    assert [event["data"]["unit_id"] for event in events] == [customer["unit_id"]] * 3


def test_whoever_owns_the_customer_sees_its_interactions(n1: Client, seller: Client, made: Made) -> None:
    customer = made("甲", seller)
    interaction = n1.post("/interactions", {"customer_id": customer["id"], "kind": "call", "subject": "x"}).json

    assert seller.get(f"/interactions/{interaction['id']}").status_code == 200
    assert seller.patch(f"/interactions/{interaction['id']}", {"subject": "y"}, version=1).status_code == 403


def test_a_contact_named_in_an_interaction_is_the_customers(n1: Client, made: Made) -> None:
    customer, other = made("甲"), made("乙")
    contact = n1.post("/contacts", {"customer_id": other["id"], "name": "王一"}).json

    body = {"customer_id": customer["id"], "contact_id": contact["id"], "kind": "call", "subject": "x"}
    refused = n1.post("/interactions", body)

    assert refused.json["errors"][0]["pointer"] == "/contact_id"
    assert n1.post("/interactions", {**body, "customer_id": other["id"]}).status_code == 201


def visit_to(customer: dict[str, Any]) -> dict[str, Any]:
    """A visit as the trip's record of it is announced."""
    return {
        "id": str(uuid7()),
        "unit_id": customer["unit_id"],
        "owner_id": str(uuid7()),
        "traveller_id": str(uuid7()),
        "travel_plan_id": str(uuid7()),
        "customer_id": customer["id"],
        "on": "2026-03-05",
        "what": "看样\n细节",
        "result": "满意",
    }


VISITED, UNDONE = "crm.expenses.visit.recorded.v1", "crm.expenses.visit.deleted.v1"


def last_contact(client: Client, customer: dict[str, Any]) -> str | None:
    found: str | None = client.get(f"/customers/{customer['id']}").json["last_contact_at"]
    return found


def test_a_visit_counts_as_contact_from_the_morning_of_its_day(bench: Bench, n1: Client, made: Made) -> None:
    customer, later = made("甲"), made("乙")
    morning = datetime(2026, 3, 5, 1, tzinfo=UTC)  # nine in Shanghai
    with clock.frozen(morning):
        bench.deliver(VISITED, visit_to(customer), version=1)
        bench.deliver(VISITED, visit_to(later) | {"on": "2026-03-06"}, version=1)

    assert last_contact(n1, customer) == "2026-03-05T01:00:00Z"
    assert last_contact(n1, later) is None, "nobody was there yet"


def test_a_contact_that_is_taken_back_or_moved_is_the_last_one_no_more(bench: Bench, n1: Client, made: Made) -> None:
    customer = made("甲")
    call = {"customer_id": customer["id"], "kind": "call", "subject": "x"}
    early, late = (
        n1.post("/interactions", {**call, "occurred_at": f"2026-0{month}-01T00:00:00Z"}).json for month in (1, 2)
    )
    visit = visit_to(customer)
    bench.deliver(VISITED, visit, version=1)
    assert last_contact(n1, customer) == "2026-03-05T04:00:00Z"

    bench.deliver(UNDONE, visit, version=2)
    assert last_contact(n1, customer) == late["occurred_at"]
    n1.patch(f"/interactions/{late['id']}", {"occurred_at": "2025-12-01T00:00:00Z"}, version=1)
    assert last_contact(n1, customer) == early["occurred_at"]
    n1.delete(f"/interactions/{early['id']}", version=1)
    assert last_contact(n1, customer) == "2025-12-01T00:00:00Z"
    n1.delete(f"/interactions/{late['id']}", version=2)
    assert last_contact(n1, customer) is None
    n1.post(f"/interactions/{early['id']}/restore")
    assert last_contact(n1, customer) == early["occurred_at"]


def test_a_visit_that_is_deleted_goes_from_the_customers_file(bench: Bench, n1: Client, made: Made) -> None:
    customer = made("甲")
    visit = visit_to(customer)
    bench.deliver(VISITED, visit, version=1)
    path = f"/customers/{customer['id']}/timeline?kinds=interaction"
    assert len(n1.get(path).json["items"]) == 1

    for _ in range(2):
        bench.deliver(UNDONE, visit, version=2)

    assert n1.get("/interactions").json["items"] == []
    assert n1.get(path).json["items"] == []


def test_a_visit_is_gone_in_whatever_order_its_news_come(bench: Bench, n1: Client, made: Made) -> None:
    early, late, unknown = visit_to(made("甲")), visit_to(made("乙")), visit_to({"id": str(uuid7()), "unit_id": None})
    bench.deliver(VISITED, late, version=1)

    for kind, visit, version in ((UNDONE, early, 2), (VISITED, early, 1), (UNDONE, late, 3), (VISITED, late, 2)):
        bench.deliver(kind, visit, version=version)
    bench.deliver(UNDONE, unknown, version=2)

    assert n1.get("/interactions").json["items"] == []
    with bench.system() as session:
        rows = session.execute(select(InboxRow.last_error).where(InboxRow.type.in_((VISITED, UNDONE)))).scalars()
        assert set(rows) == {None}


def test_a_visit_that_somebody_deleted_here_is_not_brought_back_by_a_correction(
    bench: Bench, n1: Client, made: Made
) -> None:
    visit = visit_to(made("甲"))
    bench.deliver(VISITED, visit, version=1)
    assert n1.delete(f"/interactions/{visit['id']}", version=1).status_code == 204

    bench.deliver(VISITED, {**visit, "result": "很满意"}, version=2)

    assert n1.get("/interactions").json["items"] == []
    with bench.system() as session:
        assert session.scalar(select(InboxRow.status).where(InboxRow.aggregate_version == 2)) == "done"


def test_a_visit_on_a_trip_becomes_an_interaction_once(bench: Bench, n1: Client, made: Made) -> None:
    customer = made("甲")
    visit = visit_to(customer)
    record_id = visit["id"]
    kind = "crm.expenses.visit.recorded.v1"
    bench.deliver(kind, visit, version=1)
    bench.deliver(kind, visit, version=1)
    bench.deliver(kind, {**visit, "result": "很满意"}, version=2)
    bench.deliver(kind, visit, version=1)
    bench.deliver(kind, {**visit, "id": str(uuid7()), "customer_id": str(uuid7())}, version=1)

    found = n1.get("/interactions").json["items"]
    assert [(item["id"], item["kind"], item["subject"], item["feedback"]) for item in found] == [
        (record_id, "visit", "看样", "很满意")
    ]
    assert datetime.fromisoformat(found[0]["occurred_at"]) == datetime(2026, 3, 5, 4, tzinfo=UTC)
    assert n1.get(f"/customers/{customer['id']}").json["last_contact_at"]
    assert len(bench.events("crm.customer.interaction.recorded.v1")) == 1
