"""What a role closes of a collection's fields is closed by every way there is, custom fields and the search included."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

import pytest

from crm_chassis.collection.access import Access
from crm_chassis.testing import Bench, Client

from .conftest import ALL

CLOSED = {"custom.vip_no": "hidden", "custom.bonus": "masked", "custom.segment": "readonly"}
LI, ANN = "李雷", "Ann Lee ８"
CUSTOM = {"vip_no": "VIP-0001-7788", "bonus": "1234567890", "segment": "north", "note": "open"}


@pytest.fixture
def rival(n1: Client) -> dict[str, Any]:
    """A competitor with four custom fields, each of which was changed once."""
    for key in CUSTOM:
        body = {"key": key, "label_zh": "自定义", "label_en": key.title(), "kind": "text"}
        assert n1.post("/competitors/fields", body).status_code == 201
    before = {key: f"old {value}" for key, value in CUSTOM.items()}
    made = n1.post("/competitors", {"name": "Rival", "custom": before}).json
    return dict(n1.patch(f"/competitors/{made['id']}", {"custom": CUSTOM}, version=1).json)


def somebody(bench: Bench, unit_id: UUID, closed: dict[str, str], resource: str = "competitor") -> Client:
    permissions = [*ALL, *(f"lead:{action}" for action in ("read", "create", "import", "update"))]
    caller = bench.caller(unit_id, permissions, username="somebody", fields={resource: closed})
    return bench.client(caller)


@pytest.fixture
def other(bench: Bench, group: dict[str, UUID]) -> Client:
    """A colleague for whom one custom field is hidden, one masked and one read-only."""
    return somebody(bench, group["N1"], CLOSED)


def test_a_record_shows_custom_fields_as_far_as_they_are_open(rival: dict[str, Any], other: Client) -> None:
    seen = {"bonus": "123****7890", "segment": "north", "note": "open"}

    assert other.get(f"/competitors/{rival['id']}").json["custom"] == seen
    assert other.get("/competitors").json["items"][0]["custom"] == seen
    assert other.get("/competitors?fields=custom").json["items"][0]["custom"] == seen


@pytest.mark.parametrize("key", ["vip_no", "bonus"])
@pytest.mark.parametrize("condition", ["={}", "__ne=x", "__in={},x", "__contains={}", "__gte=0", "__isnull=false"])
def test_a_closed_custom_field_is_no_filter(rival: dict[str, Any], other: Client, key: str, condition: str) -> None:
    query = f"custom.{key}{condition.format(CUSTOM[key])}"
    refused = other.get(f"/competitors?{query}")

    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "unknown_field")
    assert other.post("/competitors/exports", {"filter": {f"custom.{key}": CUSTOM[key]}}).status_code == 422
    bulk = {"action": "update", "filter": {f"custom.{key}": CUSTOM[key]}, "args": {"name": "x"}}
    assert other.post("/competitors/bulk", bulk).status_code == 422


def test_a_read_only_custom_field_is_filtered_as_an_open_one(rival: dict[str, Any], other: Client) -> None:
    for key in ("segment", "note"):
        assert len(other.get(f"/competitors?custom.{key}={CUSTOM[key]}").json["items"]) == 1


def test_history_tells_nothing_of_closed_custom_fields(rival: dict[str, Any], other: Client) -> None:
    (change,) = other.get(f"/competitors/{rival['id']}/history").json["items"][0]["changes"]

    assert change["field"] == "custom"
    assert change["to"] == {"segment": "north", "note": "open"}
    assert change["from"] == {"segment": "old north", "note": "old open"}


def test_a_change_of_nothing_but_closed_custom_fields_shows_no_values(
    n1: Client, rival: dict[str, Any], other: Client
) -> None:
    n1.patch(f"/competitors/{rival['id']}", {"custom": {"vip_no": "another"}}, version=2)

    assert other.get(f"/competitors/{rival['id']}/history").json["items"][0]["changes"] == []


@pytest.mark.parametrize("key", ["vip_no", "bonus", "segment"])
def test_a_closed_custom_field_is_not_written(rival: dict[str, Any], other: Client, key: str) -> None:
    custom = {key: "mine", "note": "mine too"}
    path = f"/competitors/{rival['id']}"
    bulk = {"action": "update", "ids": [rival["id"]], "args": {"custom": custom}}

    for refused in (
        other.patch(path, {"custom": custom}, version=2).json,
        other.post("/competitors", {"name": "New", "custom": custom}).json,
        other.post("/competitors/bulk", bulk).json["results"][0]["problem"],
    ):
        assert [(error["pointer"], error["code"]) for error in refused["errors"]] == [(f"/custom/{key}", "read_only")]
    assert other.get(path).json["version"] == 2


def test_an_open_custom_field_is_written_beside_closed_ones_which_stay(
    n1: Client, rival: dict[str, Any], other: Client
) -> None:
    path = f"/competitors/{rival['id']}"
    answer = other.patch(path, {"custom": {"note": "new"}}, version=2)

    assert answer.json["custom"] == {"bonus": "123****7890", "segment": "north", "note": "new"}
    assert n1.get(path).json["custom"] == CUSTOM | {"note": "new"}


def test_an_import_does_not_write_a_closed_custom_field(bench: Bench, rival: dict[str, Any], other: Client) -> None:
    content = b"name,custom.note,custom.segment\nGood,x,\nBad,x,south\n"
    started = other.call("POST", "/competitors/imports", key="i", data={"file": (BytesIO(content), "list.csv")})
    bench.run_jobs()

    job = other.get(started.headers["Location"]).json
    assert job["counts"] == {"created": 1, "updated": 0, "rejected": 1}
    assert job["errors"][0]["errors"][0]["pointer"] == "/custom/segment"


def test_the_schema_describes_custom_fields_as_they_are_for_the_caller(rival: dict[str, Any], other: Client) -> None:
    described = {field["name"]: field for field in other.get("/competitors/schema").json["fields"]}

    assert "custom.vip_no" not in described
    shown = {
        key: tuple(described[f"custom.{key}"][about] for about in ("read_only", "masked", "filterable"))
        for key in ("bonus", "segment", "note")
    }
    assert shown == {"bonus": (True, True, False), "segment": (True, False, True), "note": (False, False, True)}


def exported(bench: Bench, client: Client, **body: Any) -> str:
    started = client.post("/competitors/exports", body)
    bench.run_jobs()
    job = client.get(started.headers["Location"]).json
    assert job["state"] == "done", job
    return client.get(job["file"]).get_data().decode("utf-8-sig")


def test_an_export_holds_no_closed_custom_field(bench: Bench, rival: dict[str, Any], other: Client) -> None:
    chosen = exported(bench, other, fields=["name", *(f"custom.{key}" for key in CUSTOM)])

    assert chosen.splitlines() == ["Name,custom.bonus,custom.segment,custom.note", "Rival,123****7890,north,open"]
    assert "VIP" not in exported(bench, other)


@pytest.mark.parametrize("access", ["hidden", "masked"])
def test_a_rule_about_all_custom_fields_holds_for_each(
    bench: Bench, group: dict[str, UUID], rival: dict[str, Any], access: str
) -> None:
    closed = somebody(bench, group["N1"], {"custom": access})
    path = f"/competitors/{rival['id']}"

    masked = {"vip_no": "VIP****7788", "bonus": "123****7890", "segment": "n***", "note": "o***"}
    assert closed.get(path).json.get("custom") == (None if access == "hidden" else masked)
    assert closed.get("/competitors?custom.note=open").status_code == 422
    assert closed.get(f"{path}/history").json["items"][0]["changes"] == []
    assert closed.patch(path, {"custom": {"note": "x"}}, version=2).json["errors"][0]["pointer"] == "/custom"
    assert exported(bench, closed, fields=["name", "custom.note"]).splitlines()[1] in {"Rival", "Rival,o***"}


def test_of_two_rules_about_a_custom_field_the_stricter_counts() -> None:
    access = Access({"custom": "masked", "custom.a": "hidden", "custom.b": "readonly"})

    assert [access.to(name) for name in ("custom.a", "custom.b", "custom.c", "name")] == [
        "hidden",
        "masked",
        "masked",
        None,
    ]


@pytest.mark.parametrize(("access", "listed", "gone"), [("hidden", 0, 404), ("masked", 0, 404), ("readonly", 1, 403)])
def test_the_file_of_a_closed_custom_field_is_as_closed_as_the_field(
    bench: Bench, group: dict[str, UUID], n1: Client, access: str, listed: int, gone: int
) -> None:
    n1.post("/competitors/fields", {"key": "licence", "label_zh": "执照", "label_en": "Licence", "kind": "file"})
    upload = {"file": (BytesIO(b"a,b\n1,2\n"), "licence.csv")}
    file_id = n1.call("POST", "/competitors/attachments", key="f", data=upload).json["id"]
    made = n1.post("/competitors", {"name": "Rival", "custom": {"licence": file_id.upper()}}).json
    path = f"/competitors/{made['id']}/attachments"
    closed = somebody(bench, group["N1"], {"custom.licence": access})

    assert len(closed.get(path).json["items"]) == listed
    assert closed.get(f"{path}/{file_id}").status_code == (200 if listed else 404)
    assert closed.delete(f"{path}/{file_id}").status_code == gone
    assert n1.get(f"{path}/{file_id}").status_code == 200


def test_a_list_keeps_an_order_when_the_usual_one_is_closed(
    bench: Bench, group: dict[str, UUID], rival: dict[str, Any]
) -> None:
    closed = somebody(bench, group["N1"], {"created_at": "hidden"})

    assert [item["name"] for item in closed.get("/competitors").json["items"]] == ["Rival"]
    assert closed.get("/competitors/schema").json["default_sort"] == ["-id"]


@pytest.mark.parametrize("access", ["hidden", "masked", "readonly"])
def test_an_import_does_not_match_records_by_a_closed_field(bench: Bench, group: dict[str, UUID], access: str) -> None:
    closed = somebody(bench, group["N1"], {"phone": access}, "lead")
    data = {"file": (BytesIO(b"name,phone\nA,13800138000\n"), "l.csv"), "mode": "update", "key": "phone"}
    refused = closed.call("POST", "/leads/imports", key="i", data=data)

    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/key")
    assert closed.get("/leads/schema").json["import_keys"] == ["email"]


@pytest.fixture
def leads(bench: Bench, group: dict[str, UUID]) -> Client:
    """Sees all of the two leads there are; ``q`` looks into name, company and phone."""
    everything = somebody(bench, group["N1"], {})
    for body in (
        {"name": LI, "company": "榕树科技有限公司", "phone": "13800138000"},
        {"name": ANN, "company": "Ｏｒｂｉｔ_7", "phone": "13955550001"},
    ):
        made = everything.post("/leads", body)
        assert made.status_code == 201, made.json
    return everything


def found(client: Client, query: str) -> list[str]:
    answer = client.get("/leads", query_string={"q": query, "count": "true"})
    assert answer.status_code == 200, answer.json
    assert answer.json["total"] == len(answer.json["items"])
    return sorted(str(lead.get("name")) for lead in answer.json["items"])


@pytest.mark.parametrize("access", ["hidden", "masked"])
def test_nobody_finds_by_a_number_they_may_not_see(
    bench: Bench, group: dict[str, UUID], leads: Client, access: str
) -> None:
    closed = somebody(bench, group["N1"], {"phone": access}, "lead")

    for query in ("13800138000", "1380", "80", "李雷 1380", "lee 5555", "3"):
        assert found(leads, query) != [], query
        assert found(closed, query) == [], query
    assert found(closed, "5") == []
    for query, count in (("1380", 0), ("ll", 1)):
        bulk = {"action": "update", "filter": {"q": query}, "args": {"name": LI}}
        assert len(closed.post("/leads/bulk", bulk).json["results"]) == count


@pytest.mark.parametrize(
    ("query", "names"),
    [
        *((word, [LI]) for word in ("李雷", "李", "榕树", "技有限", "ll", "rskj", "榕树 ll", "李 科技")),
        *((word, [ANN]) for word in ("ANN", "ann lee", "8", "lee 8", "orbit_7", "_", "n")),
        ("l", [ANN, LI]),
        *((word, []) for word in ("nothing", "司", "雷", "7", "李雷 ann")),
    ],
)
def test_open_columns_are_searched_as_ever_beside_closed_ones(
    bench: Bench, group: dict[str, UUID], leads: Client, query: str, names: list[str]
) -> None:
    closed = somebody(bench, group["N1"], {"phone": "masked"}, "lead")

    assert found(closed, query) == names
    assert found(leads, query) == ([ANN, LI] if query == "8" else names)


def test_initials_of_a_name_that_is_hidden_find_nothing_and_those_of_an_open_one_do(
    bench: Bench, group: dict[str, UUID], leads: Client
) -> None:
    nameless = somebody(bench, group["N1"], {"name": "masked"}, "lead")
    without_company = somebody(bench, group["N1"], {"company": "hidden"}, "lead")

    assert [len(found(nameless, query)) for query in ("李雷", "ll", "ann", "rskj", "1380")] == [0, 0, 0, 1, 1]
    assert [len(found(without_company, query)) for query in ("榕树", "rskj", "orbit", "ll", "1380")] == [0, 0, 0, 1, 1]


def test_where_every_searched_column_is_closed_nothing_is_found(
    bench: Bench, group: dict[str, UUID], leads: Client
) -> None:
    closed = somebody(bench, group["N1"], {"name": "hidden", "company": "masked", "phone": "hidden"}, "lead")

    assert [found(closed, query) for query in ("李雷", "ll", "榕树", "1380")] == [[], [], [], []]
