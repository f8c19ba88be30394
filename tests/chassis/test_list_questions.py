"""What a list is asked and cannot answer is refused by name: unknown fields, and more values than it takes."""

from __future__ import annotations

import pytest

from crm_chassis.collection import listing
from crm_chassis.ids import uuid7
from crm_chassis.testing import Client

FIELD = {"key": "vip_no", "label_zh": "会员号", "label_en": "VIP no", "kind": "text"}
RETIRED = {"key": "old_no", "label_zh": "旧号", "label_en": "Old no", "kind": "text"}
OPTIONS = {"key": "industry", "label_zh": "行业", "label_en": "Industry", "kind": "options"}


def strangers(count: int) -> list[str]:
    return [str(uuid7()) for _ in range(count)]


def test_a_filter_in_a_body_reaches_the_last_of_hundreds_of_values(n1: Client) -> None:
    mine = n1.post("/competitors", {"name": "Mine"}).json["id"]
    body = {"action": "add_tags", "filter": {"id__in": [*strangers(300), mine]}, "args": {"tags": ["seen"]}}

    answer = n1.post("/competitors/bulk", body)

    assert [(each["id"], each["status"]) for each in answer.json["results"]] == [(mine, "ok")]


@pytest.mark.parametrize("field", ["id", "custom.vip_no"])
def test_more_values_than_a_filter_takes_are_refused_and_not_cut_off(n1: Client, field: str) -> None:
    n1.post("/competitors/fields", FIELD)
    few, many = strangers(listing.VALUES_IN_URL), strangers(listing.VALUES_IN_BODY + 1)

    assert n1.get(f"/competitors?{field}__in={','.join(few)}").status_code == 200
    refused = [
        n1.get(f"/competitors?{field}__in={','.join([*few, few[0]])}"),
        n1.post("/competitors/exports", {"filter": {f"{field}__in": many}}),
        n1.post("/competitors/bulk", {"action": "delete", "filter": {f"{field}__in": many}}),
    ]

    assert [(each.status_code, each.json["errors"][0]["code"]) for each in refused] == [(422, "too_many")] * 3
    told = [each.json["errors"][0]["message"] for each in refused]
    assert told[:2] == [f"Name {most} values at most here, and the others in another call." for most in (200, 2000)]


def test_fields_that_nobody_knows_are_refused_by_name(n1: Client) -> None:
    n1.post("/competitors", {"name": "Rival"})

    refused = n1.get("/competitors?fields=id,nmae")

    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "?fields")
    assert "nmae" in refused.json["errors"][0]["message"]
    assert list(n1.get("/competitors?fields=name,can").json["items"][0]) == ["id", "name", "can"]


def test_a_field_with_a_question_mark_may_be_missing(n1: Client) -> None:
    made = n1.post("/competitors", {"name": "Rival"}).json

    answer = n1.get("/competitors", query_string={"fields": "id,name?,display_name?"})

    assert answer.json["items"] == [{"id": made["id"], "name": "Rival"}]


@pytest.mark.parametrize("name", ["custom.typo", "custom.typo__gte", "custom.industry", "custom."])
def test_a_custom_field_that_nobody_defined_is_no_filter(n1: Client, name: str) -> None:
    n1.post("/competitors/fields", OPTIONS)
    refused = [
        n1.get(f"/competitors?{name}=1"),
        n1.post("/competitors/exports", {"filter": {name: "1"}}),
        n1.post("/competitors/bulk", {"action": "delete", "filter": {name: "1"}}),
    ]

    for each in refused:
        assert (each.status_code, each.json["errors"][0]["code"]) == (422, "unknown_field")
        assert each.json["errors"][0]["pointer"] == f"?{name}"


def test_a_custom_field_of_old_still_filters_the_values_that_are_left(n1: Client) -> None:
    retired = n1.post("/competitors/fields", RETIRED).json["id"]
    n1.post("/competitors", {"name": "Rival", "custom": {"old_no": "7"}})
    assert n1.delete(f"/competitors/fields/{retired}").status_code == 204

    assert len(n1.get("/competitors?custom.old_no=7").json["items"]) == 1
