"""What every collection does with many records at once: bulk actions, tags, imports, exports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from crm_chassis import clock
from crm_chassis.ids import uuid7
from crm_chassis.jobs import LEASE, JobRun
from crm_chassis.testing import Bench, Client

from .conftest import ALL


def test_bulk_answers_for_each_record(n1: Client, e1: Client) -> None:
    mine = n1.post("/competitors", {"name": "Mine"}).json["id"]
    theirs = e1.post("/competitors", {"name": "Theirs"}).json["id"]

    answer = n1.post("/competitors/bulk", {"action": "update", "ids": [mine, theirs], "args": {"tags": ["seen"]}})

    assert [(r["id"], r["status"]) for r in answer.json["results"]] == [(mine, "ok"), (theirs, "error")]
    assert n1.get("/competitors?tags=seen").json["items"][0]["id"] == mine


def of_sales(bench: Bench, group: dict[str, UUID], *permissions: str) -> Client:
    return bench.client(bench.caller(group["N1"], list(permissions), username="seller"))


def test_the_schema_names_the_verbs_that_many_records_take_at_once(bench: Bench, group: dict[str, UUID]) -> None:
    seller = of_sales(bench, group, "lead:read", "lead:update", "lead:claim")
    described = seller.get("/leads/schema").json

    assert described["verbs"] == ["claim", "discard", "convert"]
    assert described["bulk_verbs"] == ["claim", "discard"]
    assert seller.post("/leads/bulk", {"action": "convert", "ids": [str(uuid7())]}).status_code == 422


def test_a_collection_whose_records_are_taken_one_by_one_names_no_verb_for_many(
    bench: Bench, group: dict[str, UUID]
) -> None:
    cashier = of_sales(bench, group, "payment:read", "payment:create", "payment:refund")
    described = cashier.get("/payments/schema").json

    assert (described["verbs"], described["bulk_verbs"]) == (["allocate", "deallocate", "refund"], [])
    refused = cashier.post("/payments/bulk", {"action": "refund", "ids": [str(uuid7())]})
    assert refused.status_code in {404, 405}


def test_a_verb_for_many_is_there_where_nothing_else_may_be_changed(bench: Bench, group: dict[str, UUID]) -> None:
    accountant = of_sales(bench, group, "receivable:read", "receivable:write_off")
    assert accountant.get("/receivables/schema").json["bulk_verbs"] == ["write-off"]

    def bulk(action: str, **args: str) -> int:
        body = {"action": action, "ids": [str(uuid7())], "args": args}
        return accountant.post("/receivables/bulk", body).status_code

    assert bulk("write-off", reason="Bankrupt") == 200
    assert [bulk(action) for action in ("update", "delete", "restore", "add_tags")] == [422] * 4


def test_the_schema_tells_which_fields_may_be_emptied(n1: Client) -> None:
    field = {"key": "vip_no", "label_zh": "会员号", "label_en": "VIP no", "kind": "number", "required": True}
    n1.post("/competitors/fields", field)
    n1.post("/competitors/fields", {**field, "key": "note", "required": False})
    described = {item["name"]: item["nullable"] for item in n1.get("/competitors/schema").json["fields"]}

    asked = ("name", "website", "owner_id", "unit_id", "custom.vip_no", "custom.note")
    assert [described[name] for name in asked] == [False, True, True, False, False, True]


def test_tags_are_added_and_removed_and_the_others_stay(n1: Client, e1: Client) -> None:
    first = n1.post("/competitors", {"name": "First", "tags": ["old"]}).json["id"]
    second = n1.post("/competitors", {"name": "Second", "tags": ["new", "other"]}).json["id"]
    theirs = e1.post("/competitors", {"name": "Theirs", "tags": ["old"]}).json["id"]

    def bulk(action: str, *tags: str) -> list[tuple[str, int]]:
        body = {"action": action, "ids": [first, second, theirs], "args": {"tags": list(tags)}}
        results = n1.post("/competitors/bulk", body).json["results"]
        return [(result["status"], result.get("problem", {}).get("status")) for result in results]

    def tags(record_id: str) -> tuple[list[str], int]:
        record = n1.get(f"/competitors/{record_id}").json
        return record["tags"], record["version"]

    assert bulk("add_tags", "new", "late") == [("ok", None), ("ok", None), ("error", 404)]
    assert (tags(first), tags(second)) == ((["old", "new", "late"], 2), (["new", "other", "late"], 2))
    assert bulk("add_tags", "late")[0] == ("ok", None)
    assert tags(first) == (["old", "new", "late"], 2)
    assert bulk("remove_tags", "new", "never")[1] == ("ok", None)
    assert (tags(first), tags(second)) == ((["old", "late"], 3), (["other", "late"], 3))
    assert e1.get(f"/competitors/{theirs}").json["tags"] == ["old"]


def test_a_record_with_too_many_tags_refuses_more_and_the_next_one_takes_them(n1: Client) -> None:
    full = n1.post("/competitors", {"name": "Full", "tags": [str(n) for n in range(50)]}).json["id"]
    free = n1.post("/competitors", {"name": "Free"}).json["id"]
    body = {"action": "add_tags", "ids": [full, free], "args": {"tags": ["more"]}}
    results = n1.post("/competitors/bulk", body).json["results"]
    assert [result["status"] for result in results] == ["error", "ok"]
    assert results[0]["problem"]["errors"][0]["pointer"] == "/tags"


@pytest.mark.parametrize("args", [{}, {"tags": "vip"}, {"tags": [""]}, {"tags": ["x"], "name": "y"}])
def test_a_bulk_action_on_tags_takes_tags_alone(n1: Client, args: dict[str, Any]) -> None:
    mine = n1.post("/competitors", {"name": "Mine"}).json["id"]
    assert n1.post("/competitors/bulk", {"action": "add_tags", "ids": [mine], "args": args}).status_code == 422


def test_a_read_only_tags_field_stays_as_it_is(bench: Bench, group: dict[str, UUID], n1: Client) -> None:
    mine = n1.post("/competitors", {"name": "Mine", "tags": ["old"]}).json["id"]
    closed = {"competitor": {"tags": "readonly"}}
    reader = bench.client(bench.caller(group["N1"], ALL, username="reader", fields=closed))
    body = {"action": "remove_tags", "ids": [mine], "args": {"tags": ["old"]}}
    (result,) = reader.post("/competitors/bulk", body).json["results"]
    assert result["problem"]["errors"][0]["code"] == "read_only"
    assert n1.get(f"/competitors/{mine}").json["tags"] == ["old"]


def test_many_tags_are_changed_by_a_job(bench: Bench, n1: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm_chassis.collection.bulk.AT_ONCE", 1)
    for name in ("A", "B"):
        n1.post("/competitors", {"name": name, "tags": ["old"]})
    started = n1.post("/competitors/bulk", {"action": "add_tags", "filter": {"tags": "old"}, "args": {"tags": ["new"]}})
    assert started.status_code == 202
    bench.run_jobs()
    assert n1.get(started.headers["Location"]).json["counts"] == {"ok": 2, "error": 0}
    assert [record["tags"] for record in n1.get("/competitors").json["items"]] == [["old", "new"]] * 2


@pytest.mark.parametrize(("action", "tag", "left"), [("add_tags", "new", ["old", "new"]), ("remove_tags", "old", [])])
def test_a_bulk_job_works_on_all_that_matches_its_filter_a_few_at_a_time(
    bench: Bench, n1: Client, monkeypatch: pytest.MonkeyPatch, action: str, tag: str, left: list[str]
) -> None:
    """Each record once, whether it goes on matching or not."""
    monkeypatch.setattr("crm_chassis.collection.bulk.AT_ONCE", 1)
    monkeypatch.setattr("crm_chassis.collection.jobs.IDS_AT_ONCE", 2)
    for number in range(5):
        n1.post("/competitors", {"name": f"R{number}", "tags": ["old"]})
    n1.post("/competitors", {"name": "Other", "tags": ["other"]})

    started = n1.post("/competitors/bulk", {"action": action, "filter": {"tags": "old"}, "args": {"tags": [tag]}})
    bench.run_jobs()

    job = n1.get(started.headers["Location"]).json
    assert (job["state"], job["counts"], job["progress"]) == ("done", {"ok": 5, "error": 0}, {"done": 5, "total": 5})
    assert [record["tags"] for record in n1.get("/competitors?sort=id").json["items"]] == [left] * 5 + [["other"]]


class Mortal(JobRun):
    """A run whose process ends, the first time, in the transaction of its second batch of two."""

    def save(self, session: Session, *, done: int, total: int | None = None, **cursor: Any) -> None:
        if self.attempt == 1 and done > 2:
            raise KeyboardInterrupt
        super().save(session, done=done, total=total, **cursor)


@pytest.mark.parametrize("chosen", ["filter", "ids"])
def test_a_bulk_job_that_was_cut_off_passes_no_record_over(
    bench: Bench, n1: Client, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    """What it does takes records out of its own filter."""
    monkeypatch.setattr("crm_chassis.collection.bulk.AT_ONCE", 1)
    monkeypatch.setattr("crm_chassis.collection.imports.BATCH", 2)
    ids = [n1.post("/competitors", {"name": f"R{n}", "tags": ["old"]}).json["id"] for n in range(5)]
    body = {"action": "remove_tags", "args": {"tags": ["old"]}}
    body |= {"filter": {"tags": "old"}} if chosen == "filter" else {"ids": ids}
    started = n1.post("/competitors/bulk", body)
    monkeypatch.setattr("crm_chassis.jobs.JobRun", Mortal)
    with pytest.raises(KeyboardInterrupt):
        bench.run_jobs()
    late = n1.post("/competitors", {"name": "Late", "tags": ["old"]}).json["id"]
    with clock.frozen(clock.now() + 2 * LEASE):
        bench.run_jobs()

    job = n1.get(started.headers["Location"]).json
    assert (job["state"], job["counts"], job["progress"]) == ("done", {"ok": 5, "error": 0}, {"done": 5, "total": 5})
    assert [record["id"] for record in n1.get("/competitors?tags=old").json["items"]] == [late]


def test_an_import_takes_the_good_lines_and_gives_the_bad_ones_back(bench: Bench, n1: Client) -> None:
    from io import BytesIO

    content = "名称,Website\n甲公司,https://a.example\n,https://b.example\n乙公司,nonsense\n".encode("gb18030")
    started = n1.call("POST", "/competitors/imports", key="i1", data={"file": (BytesIO(content), "list.csv")})
    assert started.status_code == 202, started.json
    bench.run_jobs()

    job = n1.get(started.headers["Location"]).json
    assert (job["state"], job["counts"]) == ("done", {"created": 1, "updated": 0, "rejected": 2})
    assert [error["line"] for error in job["errors"]] == [3, 4]
    assert "乙公司" in n1.get(job["rejected_file"]).text
    undo = n1.post(f"/jobs/{job['id']}/undo")
    bench.run_jobs()
    assert n1.get(undo.headers["Location"]).json["counts"] == {"deleted": 1}
    assert n1.get("/competitors").json["items"] == []


def test_a_dry_run_writes_nothing(bench: Bench, n1: Client) -> None:
    from io import BytesIO

    data = {"file": (BytesIO(b"name\nA\nB\n"), "list.csv"), "dry_run": "true"}
    started = n1.call("POST", "/competitors/imports", key="i1", data=data)
    bench.run_jobs()

    assert n1.get(started.headers["Location"]).json["counts"]["created"] == 2
    assert n1.get("/competitors").json["items"] == []


def test_an_export_holds_what_the_caller_sees_and_no_formula(bench: Bench, n1: Client, e1: Client) -> None:
    n1.post("/competitors", {"name": "=1+1"})
    e1.post("/competitors", {"name": "Elsewhere"})
    started = n1.post("/competitors/exports", {"format": "csv", "fields": ["name", "unit_id"]})
    bench.run_jobs()

    job = n1.get(started.headers["Location"]).json
    assert job["state"] == "done", job
    text = n1.get(job["file"]).get_data().decode("utf-8-sig")
    assert "'=1+1" in text
    assert "Elsewhere" not in text
    assert e1.get(job["file"]).status_code == 404
