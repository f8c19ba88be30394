"""Administrative regions: the whole list, its codes, and how it is asked."""

from __future__ import annotations

from uuid import UUID

import pytest

from crm_chassis.testing import Bench, Client
from crm_customer.regions import loading, rules

from .conftest import Made


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("北京市", "北京"),
        ("内蒙古自治区", "内蒙古"),
        ("广西壮族自治区", "广西"),
        ("延边朝鲜族自治州", "延边"),
        ("香港特别行政区", "香港"),
        ("浦东新区", "浦东"),
        ("市辖区", "市辖区"),
        ("省直辖县级行政区划", "省直辖县级行政区划"),
        ("县", "县"),
        ("郊区", "郊区"),
        ("大兴安岭地区", "大兴安岭"),
    ],
)
def test_short_names(name: str, short: str) -> None:
    assert rules.short_name(name) == short


@pytest.mark.parametrize(("code", "full"), [("11", "110000"), ("1101", "110100"), ("110101", "110101")])
def test_codes_have_six_digits(code: str, full: str) -> None:
    assert rules.full_code(code) == full


def test_the_list_is_whole_and_every_code_is_once_and_below_another() -> None:
    rows = loading.all_rows()
    codes = {row["code"] for row in rows}

    assert len(codes) == len(rows) == 3759
    assert sum(row["level"] == "province" for row in rows) == 34
    assert all(row["parent_code"] in codes for row in rows if row["level"] != "province")
    assert {"710000", "810000", "820000", "310115", "441900"} <= codes


def test_loading_again_keeps_what_people_wrote(bench: Bench, n1: Client) -> None:
    changed = n1.patch("/regions/310115", {"remarks": "总部", "short_name": "浦东新区"}, version=1)
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')

    with bench.system() as session:
        loading.load(session)

    assert n1.get("/regions/310115").json["remarks"] == "总部"
    assert n1.get("/regions/310115").json["short_name"] == "浦东新区"


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("level=province", "110000"),
        ("parent_code=310000", "310100"),
        ("q=浦东", "310115"),
        ("q=pudong", "310115"),
        ("q=pdxq", "310115"),
        ("q=xianggang&level=province", "810000"),
    ],
)
def test_regions_are_found_by_parent_level_and_name(n1: Client, query: str, first: str) -> None:
    answer = n1.get(f"/regions?{query}")

    assert answer.status_code == 200, answer.json
    assert answer.json["items"][0]["code"] == first


def test_names_of_many_codes_come_in_one_answer(n1: Client) -> None:
    answer = n1.get("/regions?code__in=310115,999999,110000&limit=200").json

    assert [item["code"] for item in answer["items"]] == ["110000", "310115"]
    assert answer["next_cursor"] is None
    narrowed = n1.get("/regions?code__in=310115,110000&level=province").json
    assert [item["code"] for item in narrowed["items"]] == ["110000"]
    assert n1.get("/regions?code__in=" + ",".join(["110000"] * 201)).status_code == 422


def test_pages_hold_every_region_once(n1: Client) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = n1.get(f"/regions?level=city&limit=200&count=true{cursor}").json
        seen += [item["code"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert len(seen) == len(set(seen)) == page["total"]
    assert n1.get(f"/regions?level=county{cursor}").status_code == 422


CUSTOMERS = {"省": "440000", "市": "440100", "区": "440106", "深圳": "440300", "浦东": "310115", "别处": None}


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("440000", {"省", "市", "区", "深圳"}),
        ("440100", {"市", "区"}),
        ("440106", {"区"}),
        ("310000", {"浦东"}),
        ("110000", set()),
    ],
)
def test_customers_of_a_region_are_those_of_everything_below_it(
    n1: Client, e1: Client, made: Made, code: str, names: set[str]
) -> None:
    for name, lies_in in CUSTOMERS.items():
        made(name, region_code=lies_in)
    asked = f"/customers?region_code__under={code}&count=true"

    page = n1.get(asked).json

    assert {item["name"] for item in page["items"]} == names
    assert page["total"] == len(names)
    assert e1.get(asked).json["total"] == 0, "of another company"


@pytest.mark.parametrize("code", ["449999", "44", "广东", ""])
def test_customers_of_a_region_that_is_none_are_not_looked_for(n1: Client, code: str) -> None:
    chinese, english = (
        n1.get(f"/customers?region_code__under={code}", headers={"Accept-Language": asked}) for asked in ("zh-CN", "en")
    )

    assert (chinese.status_code, english.status_code) == (422, 422)
    assert chinese.json["errors"][0]["pointer"] == "?region_code__under"
    assert "没有此行政区域" in chinese.json["errors"][0]["message"]
    assert "There is no such region" in english.json["errors"][0]["message"]


def test_where_customers_are_is_not_asked_by_whom_it_is_closed_to(bench: Bench, units: dict[str, UUID]) -> None:
    closed = {"customer": {"region_code": "masked"}}
    reader = bench.client(bench.caller(units["N1"], ["customer:read"], fields=closed))

    assert reader.get("/customers?region_code__under=440000").status_code == 422


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "code__in=",
        "code__in=31",
        "code__in=310115,",
        "limit=x",
        "level=village",
        "nothing=1",
        "cursor=made-up",
    ],
)
def test_a_question_that_makes_no_sense_is_refused(n1: Client, query: str) -> None:
    assert n1.get(f"/regions?{query}").status_code == 422


def test_who_may_read_and_who_may_write(bench: Bench, units: dict[str, UUID]) -> None:
    reader = bench.client(bench.caller(units["N1"], ["region:read"]))
    outsider = bench.client(bench.caller(units["N1"], ["customer:read"]))

    for path in ("/regions", "/regions/310115"):
        assert bench.client().get(path).status_code == 401
        assert outsider.get(path).status_code == 403
        assert reader.get(path).status_code == 200
    assert bench.client().patch("/regions/310115", {}, version=1).status_code == 401
    assert reader.patch("/regions/310115", {"remarks": "x"}, version=1).status_code == 403
    assert reader.get("/regions/999999").status_code == 404


def test_a_region_is_changed_with_the_version_that_was_read(n1: Client) -> None:
    assert n1.patch("/regions/310115", {"remarks": "x"}).status_code == 428
    assert n1.patch("/regions/310115", {"remarks": "x"}, version=9).status_code == 412
    assert n1.patch("/regions/310115", {"name": "x"}, version=1).status_code == 422
