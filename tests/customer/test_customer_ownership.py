"""Who owns a customer: assigning, releasing to the pool and claiming from it, and the owner as an edit names them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from crm_chassis.identity import Grant
from crm_chassis.ids import uuid7
from crm_chassis.org import OrgUser
from crm_chassis.testing import Bench, Client

from .conftest import Made


def test_who_creates_a_customer_owns_it_and_others_own_nothing_of_it(
    bench: Bench, units: dict[str, UUID], seller: Client, made: Made
) -> None:
    mine, theirs = made("我的", seller), made("别人的")

    assert mine["owner_id"] == str(seller.principal.user_id)
    assert mine["unit_id"] == str(units["A"])
    assert seller.get(f"/customers/{theirs['id']}").status_code == 404
    assert [item["id"] for item in seller.get("/customers").json["items"]] == [mine["id"]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("assign", {"owner_id": "0190aaaa-0000-7000-8000-000000000000"}),
        ("claim", {}),
        ("release", {"reason": "x"}),
    ],
)
def test_verbs_refuse_strangers(
    bench: Bench, units: dict[str, UUID], e1: Client, made: Made, path: str, body: dict[str, Any]
) -> None:
    target = f"/customers/{made('甲')['id']}/{path}"
    reader = bench.client(bench.caller(units["N1"], ["customer:read"]))

    assert bench.client().post(target, body).status_code == 401
    assert e1.post(target, body).status_code == 404
    assert reader.post(target, body).status_code == 403


def test_assigning_takes_contacts_and_history_along(
    bench: Bench, units: dict[str, UUID], n1: Client, seller: Client, made: Made
) -> None:
    customer = made("甲")
    contact = n1.post("/contacts", {"customer_id": customer["id"], "name": "王一"}).json
    call = {"customer_id": customer["id"], "kind": "call", "subject": "你好"}
    interaction = n1.post("/interactions", call).json
    moved = n1.post(
        f"/customers/{customer['id']}/assign", {"owner_id": str(seller.principal.user_id), "reason": "调整"}
    )

    assert moved.status_code == 200, moved.json
    owner = str(seller.principal.user_id)
    assert (moved.json["owner_id"], moved.json["unit_id"]) == (owner, str(units["A"]))
    followed = seller.get(f"/contacts/{contact['id']}").json
    assert (followed["owner_id"], followed["unit_id"], followed["version"]) == (owner, str(units["A"]), 2)
    assert seller.get(f"/interactions/{interaction['id']}").json["unit_id"] == str(units["A"])
    history = seller.get(f"/customers/{customer['id']}/ownerships").json["items"]
    assert [(entry["action"], entry["reason"], entry["to_owner_id"]) for entry in history] == [
        ("assign", "调整", owner)
    ]
    event = bench.events("crm.customer.customer.assigned.v1")[0]["data"]
    assert (event["owner_id"], event["from_owner_id"]) == (owner, str(n1.principal.user_id))
    assert [event["data"]["owner_id"] for event in bench.events("crm.customer.contact.changed.v1")] == [owner]


def test_assigning_needs_an_active_user_within_reach_who_is_new(n1: Client, e1: Client, made: Made) -> None:
    path = f"/customers/{made('甲')['id']}/assign"

    assert n1.post(path, {"owner_id": str(uuid7())}).json["errors"][0]["code"] == "unknown"
    assert n1.post(path, {"owner_id": str(e1.principal.user_id)}).json["errors"][0]["code"] == "out_of_scope"
    assert n1.post(path, {"owner_id": str(n1.principal.user_id)}).status_code == 409


def test_a_released_customer_is_in_its_companys_pool_until_somebody_claims_it(
    bench: Bench, units: dict[str, UUID], n1: Client, e1: Client, seller: Client, made: Made
) -> None:
    customer = made("甲", seller)
    path = f"/customers/{customer['id']}"
    released = seller.post(f"{path}/release", {"reason": "无意向"})
    assert (released.status_code, released.json["owner_id"]) == (200, None)
    assert released.json["pooled_at"]
    assert seller.post(f"{path}/release", {"reason": "x"}).status_code in {403, 409}
    assert seller.get(path).status_code == 200
    assert seller.get(path).json["can"] == ["claim"]
    assert e1.get(path).status_code == 404

    other = bench.client(bench.caller(units["B"], ["customer:claim", "customer:read"], username="other"))
    assert other.post(f"{path}/claim").status_code == 404
    claimed = seller.post(f"{path}/claim")

    assert (claimed.status_code, claimed.json["pooled_at"]) == (200, None)
    assert n1.post(f"{path}/claim").status_code == 409
    assert [event["data"]["id"] for event in bench.events("crm.customer.customer.pooled.v1")] == [customer["id"]]


def test_of_many_who_claim_at_once_one_gets_it(bench: Bench, units: dict[str, UUID], n1: Client, made: Made) -> None:
    path = f"/customers/{made('甲')['id']}"
    n1.post(f"{path}/release", {"reason": "x"})
    clients = [bench.client(bench.caller(units["N1"], ["customer:read", "customer:claim"])) for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda client: client.post(f"{path}/claim").status_code, clients))

    assert sorted(answers) == [200, *[409] * 7]


def test_a_manager_who_takes_a_customer_leaves_it_in_its_team(
    units: dict[str, UUID], n1: Client, seller: Client, made: Made
) -> None:
    customer = made("甲", seller)

    moved = n1.post(f"/customers/{customer['id']}/assign", {"owner_id": str(n1.principal.user_id)}).json

    assert (moved["owner_id"], moved["unit_id"]) == (str(n1.principal.user_id), str(units["A"]))


def test_an_edit_of_the_owner_does_and_tells_what_assigning_does(
    bench: Bench, units: dict[str, UUID], n1: Client, seller: Client, made: Made
) -> None:
    customer, owner = made("甲"), str(seller.principal.user_id)
    changed = n1.patch(f"/customers/{customer['id']}", {**_sent_back(customer), "owner_id": owner}, version=1)

    assert changed.status_code == 200, changed.json
    assert (changed.json["owner_id"], changed.json["unit_id"]) == (owner, str(units["A"]))
    history = n1.get(f"/customers/{customer['id']}/ownerships").json["items"]
    assert [entry["action"] for entry in history] == ["assign"]
    (told,) = bench.events("crm.customer.customer.assigned.v1")
    assert (told["data"]["owner_id"], told["data"]["from_owner_id"]) == (owner, customer["owner_id"])
    assert bench.events("crm.customer.customer.changed.v1") == []


def _sent_back(customer: dict[str, Any]) -> dict[str, Any]:
    """What a caller sends who edits one field and leaves the others as they were read."""
    return {name: customer[name] for name in ("name", "code", "unit_id", "tags", "custom")}


def test_an_edit_of_the_owner_and_more_is_told_as_both_and_takes_the_unit_it_names(
    bench: Bench, units: dict[str, UUID], n1: Client, seller: Client, made: Made
) -> None:
    path = f"/customers/{made('甲')['id']}"
    wanted = {"owner_id": str(seller.principal.user_id), "unit_id": str(units["B"]), "level": "A"}

    changed = n1.patch(path, wanted, version=1).json

    assert {name: changed[name] for name in wanted} == wanted
    facts = [
        (e["type"].split(".")[3], e["aggregateversion"]) for e in bench.events() if ".customer.customer." in e["type"]
    ]
    assert facts == [("created", 1), ("assigned", 2), ("changed", 3)]


def test_an_edit_gives_a_customer_to_nobody_whom_assigning_would_not(
    bench: Bench, units: dict[str, UUID], n1: Client, e1: Client, seller: Client, made: Made
) -> None:
    path, colleague = f"/customers/{made('甲')['id']}", str(seller.principal.user_id)
    elsewhere = Grant(subtrees=frozenset({units["E1"]}))
    here = Grant(subtrees=frozenset({units["N1"]}))
    grants = {"customer:read": here, "customer:update": here, "customer:assign": elsewhere}
    stranger = bench.client(bench.caller(units["N1"], grants))

    def refusal(client: Client, owner_id: str | None) -> tuple[int, str, str]:
        answer = client.patch(path, {"owner_id": owner_id}, version=1)
        error = answer.json.get("errors", [{"pointer": "", "code": answer.json["code"]}])[0]
        return answer.status_code, error["pointer"], error["code"]

    assert refusal(n1, str(uuid7())) == (422, "/owner_id", "unknown")
    assert refusal(n1, str(e1.principal.user_id)) == (422, "/owner_id", "out_of_scope")
    assert refusal(n1, None) == (422, "/owner_id", "required")
    assert refusal(stranger, colleague) == (403, "", "forbidden")
    assert "`release`" in n1.patch(path, {"owner_id": None}, version=1).json["detail"]
    assert n1.get(path).json["version"] == 1


def test_a_new_customer_is_given_to_active_users_in_reach_only(
    bench: Bench, units: dict[str, UUID], n1: Client, e1: Client, seller: Client
) -> None:
    left = bench.caller(units["A"], [], username="left").user_id
    with bench.system() as session:
        session.get_one(OrgUser, left).active = False
    boss = bench.caller(units["BD"], [], username="boss").user_id

    def answer(owner_id: UUID) -> Any:
        made = n1.post("/customers", {"name": str(uuid7()), "owner_id": str(owner_id)})
        return made.status_code if made.status_code == 201 else made.json["errors"][0]["code"]

    assert answer(uuid7()) == answer(left) == "unknown"
    assert answer(e1.principal.user_id) == "out_of_scope"
    assert answer(seller.principal.user_id) == answer(boss) == 201
    refused = seller.post("/customers", {"name": "乙", "owner_id": str(n1.principal.user_id)})
    assert refused.json["errors"][0]["pointer"] == "/owner_id"


def test_customers_can_be_assigned_in_bulk(n1: Client, seller: Client, made: Made) -> None:
    chosen = [made(name)["id"] for name in ("甲甲", "乙乙")]

    body = {"action": "assign", "ids": chosen, "args": {"owner_id": str(seller.principal.user_id)}}
    answer = n1.post("/customers/bulk", body)

    assert [result["status"] for result in answer.json["results"]] == ["ok", "ok"], answer.json
    assert {item["id"] for item in seller.get("/customers").json["items"]} == set(chosen)


def test_ownerships_are_the_customers_readers_business_only(bench: Bench, e1: Client, made: Made) -> None:
    path = f"/customers/{made('甲')['id']}/ownerships"

    assert bench.client().get(path).status_code == 401
    assert e1.get(path).status_code == 404
