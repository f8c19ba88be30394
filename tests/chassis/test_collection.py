"""What every collection does by its declaration alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from crm_chassis import clock, schedules
from crm_chassis.identity import Grant
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

from .conftest import ALL


def test_nobody_signed_in_is_told_to_sign_in(bench: Bench) -> None:
    answer = bench.client().get("/competitors")

    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "unauthenticated"


def test_a_caller_without_the_permission_is_refused(bench: Bench, group: dict[str, UUID]) -> None:
    reader = bench.client(bench.caller(group["N1"], ["competitor:read"]))

    assert reader.get("/competitors").status_code == 200
    assert reader.post("/competitors", {"name": "Rival"}).status_code == 403


def test_what_is_created_can_be_read_with_its_version(n1: Client) -> None:
    made = n1.post("/competitors", {"name": "榕树竞争者", "website": "https://rival.example"})

    assert made.status_code == 201, made.json
    read = n1.get(made.headers["Location"])
    assert read.json == made.json
    assert read.headers["ETag"] == '"1"'
    assert read.json["can"] == ["update", "delete"]
    assert n1.get(made.headers["Location"], headers={"If-None-Match": '"1"'}).status_code == 304


def test_another_company_does_not_see_it_in_any_way(n1: Client, e1: Client) -> None:
    made = n1.post("/competitors", {"name": "榕树竞争者"}).json

    assert e1.get(f"/competitors/{made['id']}").status_code == 404
    assert e1.get(f"/competitors/{made['id']}/history").status_code == 404
    assert e1.patch(f"/competitors/{made['id']}", {"name": "x"}, version=1).status_code == 404
    assert e1.get("/competitors?count=true").json == {"items": [], "next_cursor": None, "total": 0}
    assert e1.get("/competitors?q=榕树").json["items"] == []


def test_head_office_sees_every_company(bench: Bench, group: dict[str, UUID], n1: Client, e1: Client) -> None:
    n1.post("/competitors", {"name": "North"})
    e1.post("/competitors", {"name": "East"})
    ceo = bench.client(bench.caller(group["BD"], ["competitor:read"]))

    assert [item["name"] for item in ceo.get("/competitors?sort=name").json["items"]] == ["East", "North"]


def test_scope_self_sees_own_records_only(bench: Bench, group: dict[str, UUID], n1: Client) -> None:
    n1.post("/competitors", {"name": "Of a colleague"})
    own = {f"competitor:{action}": Grant(own=True) for action in ("read", "create", "update")}
    me = bench.client(bench.caller(group["N1"], own, username="me"))
    me.post("/competitors", {"name": "Mine"})

    assert [item["name"] for item in me.get("/competitors").json["items"]] == ["Mine"]


def test_a_change_needs_the_version_that_was_read(n1: Client) -> None:
    made = n1.post("/competitors", {"name": "Rival"}).json
    path = f"/competitors/{made['id']}"

    assert n1.patch(path, {"name": "No version"}).status_code == 428
    changed = n1.patch(path, {"name": "Rival Ltd"}, version=1)
    assert (changed.status_code, changed.json["name"], changed.json["version"]) == (200, "Rival Ltd", 2)
    assert n1.patch(path, {"name": "Late"}, version=1).status_code == 412
    history = n1.get(f"{path}/history").json["items"]
    assert history[0]["changes"] == [{"field": "name", "from": "Rival", "to": "Rival Ltd"}]
    assert history[0]["actor_name"] == "n1"


def test_a_record_is_given_to_active_users_in_reach_by_those_whose_right_reaches_it(
    bench: Bench, group: dict[str, UUID], n1: Client, e1: Client
) -> None:
    made = n1.post("/competitors", {"name": "Rival"}).json
    path = f"/competitors/{made['id']}"
    colleague = bench.caller(group["N1"], [], username="colleague").user_id
    chief = bench.caller(group["N"], [], username="chief").user_id
    here, there = (Grant(subtrees=frozenset({group[unit]})) for unit in ("N1", "E1"))
    grants = {"competitor:read": here, "competitor:update": here, "competitor:create": here}
    stranger = bench.client(bench.caller(group["N1"], {**grants, "competitor:configure": there}))

    def codes(client: Client, owner_id: UUID) -> list[str]:
        answers = [
            client.patch(path, {"owner_id": owner_id}, version=1),
            client.post("/competitors", {"name": "Other", "owner_id": owner_id}),
        ]
        return [answer.json["errors"][0]["code"] for answer in answers]

    assert codes(n1, uuid7()) == ["unknown", "unknown"]
    assert codes(n1, e1.principal.user_id) == ["out_of_scope", "out_of_scope"]
    assert codes(stranger, colleague) == ["out_of_scope", "out_of_scope"]
    assert n1.patch(path, {"owner_id": colleague}, version=1).json["owner_id"] == str(colleague)
    assert n1.post("/competitors", {"name": "Other", "owner_id": chief}).status_code == 201
    assert n1.patch(path, {"owner_id": None}, version=2).json["owner_id"] is None


def test_values_that_do_not_fit_are_named(n1: Client) -> None:
    answer = n1.post("/competitors", {"website": "ftp://x", "surprise": 1})

    assert answer.status_code == 422
    assert {(e["pointer"], e["code"]) for e in answer.json["errors"]} == {
        ("/name", "required"),
        ("/website", "invalid"),
        ("/surprise", "unknown_field"),
    }


def test_a_deleted_record_is_gone_until_it_is_restored(n1: Client) -> None:
    made = n1.post("/competitors", {"name": "Rival"}).json
    path = f"/competitors/{made['id']}"

    assert n1.delete(path, version=1).status_code == 204
    assert n1.get(path).status_code == 404
    restored = n1.post(f"{path}/restore")
    assert restored.status_code == 200, restored.json
    assert n1.get(path).status_code == 200


def test_pages_hold_every_record_once_in_any_order(n1: Client) -> None:
    for number in range(7):
        n1.post("/competitors", {"name": f"Rival {number % 3}", "strengths": None if number % 2 else "price"})
    for sort in ("name", "-name", "strengths,-name", "-strengths"):
        seen, cursor = [], None
        while True:
            page = n1.get(f"/competitors?limit=2&sort={sort}" + (f"&cursor={cursor}" if cursor else "")).json
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == 7, sort


def test_a_cursor_is_bound_to_its_query(n1: Client) -> None:
    for number in range(3):
        n1.post("/competitors", {"name": f"Rival {number}"})
    cursor = n1.get("/competitors?limit=1&sort=name").json["next_cursor"]

    assert n1.get(f"/competitors?limit=1&sort=-name&cursor={cursor}").status_code == 422
    assert n1.get("/competitors?cursor=made-up").status_code == 422


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=Alpha", ["Alpha"]),
        ("name__ne=Alpha", ["Beta", "榕树"]),
        ("name__in=Alpha,Beta", ["Alpha", "Beta"]),
        ("name__contains=ET", ["Beta"]),
        ("strengths__isnull=true", ["Beta", "榕树"]),
        ("tags=big", ["Beta"]),
        ("q=榕树", ["榕树"]),
        ("q=lph", ["Alpha"]),
        ("q=rs", ["榕树"]),
        ("created_at__gte=2999-01-01T00:00:00Z", []),
    ],
)
def test_filters(n1: Client, query: str, found: list[str]) -> None:
    n1.post("/competitors", {"name": "Alpha", "strengths": "price"})
    n1.post("/competitors", {"name": "Beta", "tags": ["big"]})
    n1.post("/competitors", {"name": "榕树"})

    answer = n1.get(f"/competitors?sort=name&{query}")

    assert answer.status_code == 200, answer.json
    assert [item["name"] for item in answer.json["items"]] == found


@pytest.mark.parametrize("query", ["nothing=1", "name__like=1", "limit=0", "limit=x", "sort=custom", "count=maybe"])
def test_an_unknown_filter_is_refused_by_name(n1: Client, query: str) -> None:
    answer = n1.get(f"/competitors?{query}")

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == f"?{query.split('=', maxsplit=1)[0]}"


def test_the_same_key_answers_the_same_and_writes_once(n1: Client) -> None:
    first = n1.post("/competitors", {"name": "Rival"}, key="k1")
    again = n1.post("/competitors", {"name": "Rival"}, key="k1")

    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert n1.post("/competitors", {"name": "Other"}, key="k1").status_code == 422
    assert n1.get("/competitors?count=true").json["total"] == 1


@pytest.mark.fault(34)
def test_a_hundred_parallel_calls_with_one_key_have_one_effect(n1: Client) -> None:
    key = str(uuid7())
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: n1.post("/competitors", {"name": "Rival"}, key=key), range(100)))

    assert {(answer.status_code, answer.headers.get("Retry-After")) for answer in answers} <= {(201, None), (409, "1")}
    assert len({answer.json["id"] for answer in answers if answer.status_code == 201}) == 1
    assert n1.get("/competitors?count=true").json["total"] == 1


@pytest.mark.fault(35)
def test_of_a_hundred_parallel_changes_with_one_version_one_wins(n1: Client) -> None:
    path = f"/competitors/{n1.post('/competitors', {'name': 'Rival'}).json['id']}"
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda i: n1.patch(path, {"name": f"R{i}"}, version=1).status_code, range(100)))

    assert sorted(set(answers)) == [200, 412]
    assert answers.count(200) == 1


def test_custom_fields_are_checked_filtered_and_described(n1: Client) -> None:
    field = {"key": "vip_no", "label_zh": "会员号", "label_en": "VIP no", "kind": "number", "required": True}
    assert n1.post("/competitors/fields", field).status_code == 201

    assert n1.post("/competitors", {"name": "Rival"}).json["errors"][0]["pointer"] == "/custom/vip_no"
    assert n1.post("/competitors", {"name": "Rival", "custom": {"vip_no": "x"}}).status_code == 422
    assert n1.post("/competitors", {"name": "Rival", "custom": {"vip_no": 88}}).status_code == 201
    assert len(n1.get("/competitors?custom.vip_no=88").json["items"]) == 1
    assert n1.get("/competitors?custom.vip_no__gte=100").json["items"] == []
    described = {item["name"]: item for item in n1.get("/competitors/schema").json["fields"]}
    assert described["custom.vip_no"]["label"] == {"zh": "会员号", "en": "VIP no"}
    assert described["name"]["required"] is True


def test_a_custom_field_of_the_region_holds_in_the_companies_below_it_only(
    bench: Bench, group: dict[str, UUID], n1: Client, e1: Client
) -> None:
    north = bench.client(bench.caller(group["N"], ALL))
    north.post("/competitors/fields", {"key": "segment", "label_zh": "段", "label_en": "Segment", "kind": "text"})

    assert n1.post("/competitors", {"name": "A", "custom": {"segment": "x"}}).status_code == 201
    assert e1.post("/competitors", {"name": "B", "custom": {"segment": "x"}}).status_code == 422


def test_who_configures_a_unit_sees_its_definitions_and_those_below_retired_ones_too(
    bench: Bench, group: dict[str, UUID], n1: Client, e1: Client
) -> None:
    north = bench.client(bench.caller(group["N"], ALL))
    made = {}
    for client, key in ((north, "region"), (n1, "mine"), (e1, "elsewhere")):
        body = {"key": key, "label_zh": "段", "label_en": "Segment", "kind": "text"}
        made[key] = client.post("/competitors/fields", body).json
    n1.delete(f"/competitors/fields/{made['mine']['id']}")

    assert {row["key"]: row["active"] for row in north.get("/competitors/fields").json["items"]} == {
        "region": True,
        "mine": False,
    }
    assert [row["key"] for row in n1.get("/competitors/fields").json["items"]] == ["mine"]
    change = n1.patch(f"/competitors/fields/{made['mine']['id']}", {"active": True}, version=9)
    assert change.status_code == 412


def test_a_hidden_field_is_nowhere_and_a_masked_one_shows_its_ends(
    bench: Bench, group: dict[str, UUID], n1: Client
) -> None:
    made = n1.post("/competitors", {"name": "Rival", "strengths": "secret", "website": "https://rival.example"}).json
    n1.patch(f"/competitors/{made['id']}", {"strengths": "more secret"}, version=1)
    closed = {"competitor": {"strengths": "hidden", "website": "masked"}}
    other = bench.client(bench.caller(group["N1"], ALL, fields=closed))

    read = other.get(f"/competitors/{made['id']}").json
    assert "strengths" not in read
    assert read["website"] == "htt****mple"
    assert other.get("/competitors?strengths=secret").status_code == 422
    assert other.get("/competitors?sort=website").status_code == 422
    assert other.get(f"/competitors/{made['id']}/history").json["items"][0]["changes"] == []
    assert other.patch(f"/competitors/{made['id']}", {"strengths": "x"}, version=2).status_code == 422
    assert "strengths" not in {field["name"] for field in other.get("/competitors/schema").json["fields"]}


def test_an_answer_is_replayed_for_three_days_and_then_forgotten(bench: Bench, n1: Client) -> None:
    assert n1.post("/competitors", {"name": "Rival"}, key="k1").status_code == 201
    with clock.frozen(clock.now() + timedelta(days=4)):
        assert "idempotency.retention" in schedules.run_due(bench.runtime)
    again = n1.post("/competitors", {"name": "Rival"}, key="k1")
    assert "Idempotent-Replayed" not in again.headers


@pytest.mark.fault(33)
def test_row_level_security_hides_rows_even_from_plain_sql(bench: Bench, n1: Client, e1: Client) -> None:
    from sqlalchemy import text

    from crm_chassis.database import transaction
    from crm_chassis.scope import Scope

    n1.post("/competitors", {"name": "North"})
    count = text("SELECT count(*) FROM competitors")
    with bench.runtime.activate():
        with transaction(Scope(e1.principal)) as session:
            assert session.scalar(count) == 0
        with transaction(Scope(n1.principal)) as session:
            assert session.scalar(count) == 1
        with bench.runtime.database.engine.begin() as connection:
            assert connection.scalar(count) == 0


@pytest.mark.fault(33)
def test_a_session_without_scope_raises_instead_of_answering(bench: Bench) -> None:

    from crm_chassis.scope import ScopeMissing
    from crm_sales.competitors.collection import Competitor

    with bench.runtime.activate(), bench.runtime.database.sessions() as session, pytest.raises(ScopeMissing):
        session.scalars(select(Competitor)).all()
