"""Lead conversion and handover: the customer service's half of what crosses services."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client
from crm_customer.leads import rules

from .conftest import Made

CONVERTED = "crm.sales.lead.converted.v1"
SETTLED = "crm.customer.lead-conversion.settled.v1"
REFUSED = "crm.customer.lead-conversion.refused.v1"


def _lead(client: Client, **customer: Any) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "unit_id": str(client.principal.unit_id),
        "owner_id": str(client.principal.user_id),
        "name": "王一",
        "customer": {"id": str(uuid7()), **customer},
        "contact": {"id": str(uuid7()), "name": "王一", "phone": "+8613800138000"},
        "opportunity_id": str(uuid7()),
    }


def test_a_lead_becomes_a_customer_and_a_contact_with_the_ids_it_chose(
    bench: Bench, n1: Client, again: Callable[[str], None]
) -> None:
    lead = _lead(
        n1, name="榕树有限公司", kind="company", phone="+862158880000", region_code="999999", industry="piracy"
    )
    bench.deliver(CONVERTED, lead, version=4)
    again(CONVERTED)

    customer = n1.get(f"/customers/{lead['customer']['id']}").json
    assert (customer["name"], customer["relation"], customer["code"]) == ("榕树有限公司", "prospect", "N1-000001")
    assert (customer["owner_id"], customer["region_code"], customer["industry"]) == (lead["owner_id"], None, None)
    assert n1.get(f"/contacts/{lead['contact']['id']}").json["customer_id"] == customer["id"]
    (answer,) = [event["data"] for event in bench.events(SETTLED)]
    assert (answer["lead_id"], answer["customer_id"]) == (lead["id"], customer["id"])
    assert (answer["contact_id"], answer["linked"]) == (lead["contact"]["id"], False)
    assert n1.get("/customers?count=true").json["total"] == 1
    assert len(bench.events("crm.customer.customer.created.v1")) == 1


def test_a_lead_of_a_known_customer_is_linked_to_it(bench: Bench, n1: Client, e1: Client, made: Made) -> None:
    made("榕树股份有限公司", e1)
    known = made("榕树有限公司")
    person = n1.post("/contacts", {"customer_id": known["id"], "name": "王 一", "mobile": "+8613800138000"}).json
    lead = _lead(n1, name="榕树")

    bench.deliver(CONVERTED, lead, version=1)

    answer = bench.events(SETTLED)[0]["data"]
    assert (answer["customer_id"], answer["contact_id"], answer["linked"]) == (known["id"], person["id"], True)
    assert n1.get(f"/customers/{lead['customer']['id']}").status_code == 404


@pytest.mark.parametrize(
    ("person", "contact", "same"),
    [
        ({"name": "王一", "phone": "1"}, {"name": "王一", "phone": "1"}, True),
        ({"name": "Li Lei", "email": "Li@example.com"}, {"name": "li lei", "email": "li@example.com"}, True),
        ({"name": "王一", "phone": "1"}, {"name": "王一", "mobile": "1"}, True),
        ({"name": "王一", "phone": "1"}, {"name": "王一", "phone": "2"}, False),
        ({"name": "王一"}, {"name": "王一"}, False),
        ({"name": "王一", "phone": "1"}, {"name": "李二", "phone": "1"}, False),
        ({"name": "王一", "phone": "1"}, {"name": "李二", "mobile": "1"}, False),
        ({"name": "王一", "email": "w@example.com"}, {"name": "李二", "email": "w@example.com"}, False),
        ({"name": "王", "email": "w@example.com"}, {"name": "王一", "email": "w@example.com"}, True),
        ({"email": "w@example.com"}, {"name": "王一", "email": "w@example.com"}, True),
        ({"email": "info@example.com"}, {"name": "王一", "email": "info@example.com"}, False),
        ({"mobile": "1"}, {"name": "王一", "mobile": "1"}, True),
        ({"phone": "1"}, {"name": "王一", "phone": "1"}, False),
    ],
)
def test_who_is_the_same_person(person: dict[str, str], contact: dict[str, str], same: bool) -> None:
    known = SimpleNamespace(**{"phone": None, "mobile": None, "email": None, **contact})

    assert rules.is_same(person, known) is same


def test_a_lead_is_not_made_one_with_a_colleague_at_the_same_switchboard(bench: Bench, n1: Client, made: Made) -> None:
    known = made("榕树有限公司")
    colleague = n1.post("/contacts", {"customer_id": known["id"], "name": "李二", "phone": "+8613800138000"}).json
    lead = _lead(n1, name="榕树")

    bench.deliver(CONVERTED, lead, version=1)

    answer = bench.events(SETTLED)[0]["data"]
    assert (answer["customer_id"], answer["contact_id"]) == (known["id"], lead["contact"]["id"])
    assert n1.get(f"/contacts/{lead['contact']['id']}").json["name"] == "王一"
    assert n1.get(f"/contacts/{colleague['id']}").json["version"] == 1


def test_a_lead_may_name_the_customer(bench: Bench, n1: Client, made: Made) -> None:
    known = made("甲甲")
    bench.deliver(CONVERTED, {**_lead(n1), "customer": {"id": known["id"]}, "contact": None}, version=1)

    answer = bench.events(SETTLED)[0]["data"]
    assert (answer["customer_id"], answer["contact_id"]) == (known["id"], None)


def test_a_lead_whose_customer_is_gone_is_refused_and_leaves_nothing(bench: Bench, n1: Client) -> None:
    lead = _lead(n1)
    bench.deliver(CONVERTED, lead, version=1)

    answer = bench.events(REFUSED)[0]["data"]
    assert (answer["lead_id"], answer["customer_id"]) == (lead["id"], None)
    assert "does not exist" in answer["reason"]
    assert bench.events(SETTLED) == []
    assert n1.get("/contacts").json["items"] == []


def test_everything_open_goes_to_the_other_user(bench: Bench, n1: Client, seller: Client, made: Made) -> None:
    customer = made("甲甲", seller)
    contact = seller.post("/contacts", {"customer_id": customer["id"], "name": "王一"}).json
    planned = seller.post("/activities", {"subject": "open"}).json
    done = seller.post("/activities", {"subject": "done"}).json
    seller.post(f"/activities/{done['id']}/complete", {"outcome": "ok"})
    old, new = str(seller.principal.user_id), str(n1.principal.user_id)

    bench.deliver("crm.gateway.user.handed-over.v1", {"id": old, "to_user_id": new}, version=3)
    bench.deliver("crm.gateway.user.handed-over.v1", {"id": old, "to_user_id": new}, version=3)

    for path in (f"/customers/{customer['id']}", f"/contacts/{contact['id']}"):
        assert n1.get(path).json["owner_id"] == new
        assert n1.get(path).json["version"] == 2
    moved = n1.get(f"/activities/{planned['id']}").json
    assert (moved["owner_id"], moved["assignee_id"], moved["status"]) == (new, new, "planned")
    assert n1.get(f"/activities/{done['id']}").json["owner_id"] == old
    history = n1.get(f"/customers/{customer['id']}/ownerships").json["items"]
    assert [entry["action"] for entry in history] == ["handover"]
    assert [event["data"]["owner_id"] for event in bench.events("crm.customer.customer.changed.v1")] == [new]
    assert seller.get(f"/customers/{customer['id']}").status_code == 404
