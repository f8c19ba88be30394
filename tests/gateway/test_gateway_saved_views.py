"""Views of lists: one's own, shared with a unit, left behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from gateway.gateway_bench import GatewayBench, Person

from crm_gateway.views import actions


@dataclass
class Group:
    """Two companies; the first has a team in which two people work."""

    company: str
    team: str
    other: str
    seller: Person
    colleague: Person
    stranger: Person


@pytest.fixture
def group(gateway: GatewayBench, admin: Person) -> Group:
    company, other = admin.unit("N1"), admin.unit("E1")
    team = admin.unit("N1-S", company, "team")
    return Group(
        company,
        team,
        other,
        admin.colleague("seller", team, "account_manager"),
        admin.colleague("colleague", team, "account_manager"),
        admin.colleague("stranger", other, "account_manager"),
    )


def a_view(**more: Any) -> dict[str, Any]:
    return {"name": "重点客户", "collection": "customers", "query": {"level__in": "A", "sort": "name"}} | more


def names(person: Person, query: str = "") -> list[str]:
    answer = person.get(f"/saved-views?count=true&{query}").json
    assert answer["total"] == len(answer["items"])
    return [view["name"] for view in answer["items"]]


def test_a_view_is_mine_alone_even_to_an_administrator(admin: Person, group: Group) -> None:
    made = group.seller.post("/saved-views", a_view(columns=["name", "level"]))
    assert (made.status_code, made.headers["ETag"], made.json["query"]) == (201, '"1"', a_view()["query"])
    assert made.json["can"] == ["update", "delete"]
    where = f"/saved-views/{made.json['id']}"
    for other in (group.colleague, group.stranger, admin):
        assert names(other) == []
        assert other.get(where).status_code == 404
        assert other.get(f"{where}/history").status_code == 404
        assert other.patch(where, {"name": "x"}, version=1).status_code == 404
        assert other.delete(where, version=1).status_code == 404
    assert group.seller.get(where).json["columns"] == ["name", "level"]


def test_nobody_who_is_not_signed_in_sees_views(gateway: GatewayBench) -> None:
    assert gateway.call("GET", "/saved-views").status_code == 401


def test_a_shared_view_is_seen_in_the_unit_and_below_and_nowhere_else(admin: Person, group: Group) -> None:
    head = admin.colleague("head", group.company, "sales_manager")
    group.seller.made("/saved-views", a_view(name="小组的", shared_with_unit_id=group.team))
    made = head.made("/saved-views", a_view(name="公司的", shared_with_unit_id=group.company))
    assert (made["owner_name"], made["shared_with_name"]) == ("Head", "N1公司")
    assert names(group.colleague) == ["公司的", "小组的"]
    assert names(head) == ["公司的"]
    assert names(group.stranger) == []
    guest = admin.colleague("guest", group.other, "account_manager", unit_ids=[group.team])
    assert names(guest) == ["公司的", "小组的"]
    assert names(guest, "collection=orders") == []
    assert names(guest, "q=公司") == ["公司的"]


def test_the_whole_group_sees_what_head_office_shares_with_it(admin: Person, group: Group) -> None:
    admin.made("/saved-views", a_view(name="集团", shared_with_unit_id=admin.root()))
    assert [names(person) for person in (group.seller, group.stranger)] == [["集团"], ["集团"]]


@pytest.mark.parametrize("where", ["company", "other"])
def test_a_view_is_not_shared_with_a_unit_above_or_beside_ones_own(group: Group, where: str) -> None:
    refused = group.seller.post("/saved-views", a_view(shared_with_unit_id=getattr(group, where)))
    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "out_of_scope")
    mine = group.seller.made("/saved-views", a_view())
    again = group.seller.patch(
        f"/saved-views/{mine['id']}", {"shared_with_unit_id": getattr(group, where)}, version=mine["version"]
    )
    assert (again.status_code, again.json["errors"][0]["pointer"]) == (422, "/shared_with_unit_id")


def test_a_view_is_shared_with_a_unit_below_unless_it_is_closed(admin: Person, group: Group) -> None:
    head = admin.colleague("head", group.company, "sales_manager")
    head.made("/saved-views", a_view(shared_with_unit_id=group.team))
    closed = admin.unit("N1-X", group.company, "team")
    assert admin.post(f"/org-units/{closed}/close").status_code == 200
    refused = head.post("/saved-views", a_view(shared_with_unit_id=closed))
    assert refused.json["errors"][0]["code"] == "closed"


def test_only_the_owner_changes_a_shared_view_and_a_stale_version_is_refused(group: Group) -> None:
    made = group.seller.made("/saved-views", a_view(shared_with_unit_id=group.team))
    where = f"/saved-views/{made['id']}"
    assert group.colleague.get(where).json["can"] == []
    assert group.colleague.patch(where, {"name": "x"}, version=1).status_code == 403
    assert group.colleague.delete(where, version=1).status_code == 403
    assert group.seller.patch(where, {"name": "x"}).status_code == 428
    assert group.seller.patch(where, {"query": {"q": "榕"}}, version=1).json["query"] == {"q": "榕"}
    assert group.seller.patch(where, {"name": "x"}, version=1).status_code == 412
    assert group.seller.delete(where, version=1).status_code == 412
    assert group.seller.patch(where, {"shared_with_unit_id": None}, version=2).status_code == 200
    assert group.colleague.get(where).status_code == 404
    assert group.seller.delete(where, version=3).status_code == 204
    assert names(group.seller) == []


def test_who_manages_the_users_of_the_unit_removes_what_is_left_behind(admin: Person, group: Group) -> None:
    chief = admin.colleague("chief", group.company, "subsidiary_admin")
    foreign = admin.colleague("foreign", group.other, "subsidiary_admin")
    made = group.seller.made("/saved-views", a_view(shared_with_unit_id=group.team))
    where = f"/saved-views/{made['id']}"
    seller = admin.get("/users?username=seller").json["items"][0]
    assert admin.post(f"/users/{seller['id']}/deactivate").status_code == 200
    assert names(group.colleague) == ["重点客户"]
    assert foreign.get(where).status_code == 404
    assert chief.get(where).json["can"] == ["delete"]
    assert chief.patch(where, {"name": "x"}, version=1).status_code == 403
    assert names(chief, "offered=true") == []
    assert chief.delete(where, version=1).status_code == 204
    assert names(group.colleague) == []


def test_the_successor_gets_the_shared_views_of_who_leaves(admin: Person, group: Group) -> None:
    group.seller.made("/saved-views", a_view(name="私有"))
    shared = group.seller.made("/saved-views", a_view(name="共享", shared_with_unit_id=group.team))
    by_name = {user["username"]: user["id"] for user in admin.get("/users").json["items"]}
    given = admin.post(f"/users/{by_name['seller']}/handover", {"to_user_id": by_name["colleague"]})
    assert given.status_code == 200, given.text
    assert names(group.colleague) == ["共享"]
    now = group.colleague.get(f"/saved-views/{shared['id']}").json
    assert (now["owner_id"], now["can"], now["version"]) == (by_name["colleague"], ["update", "delete"], 2)
    assert names(group.seller) == ["共享", "私有"]


def test_a_person_has_so_many_views_and_no_more(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "OWN_MAX", 2)
    for n in range(2):
        group.seller.made("/saved-views", a_view(name=str(n)))
    refused = group.seller.post("/saved-views", a_view())
    assert (refused.status_code, refused.json["code"]) == (409, "limit_reached")
    assert "2" in refused.json["detail"]
    assert group.colleague.post("/saved-views", a_view()).status_code == 201


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"collection": "planets"}, "/collection"),
        ({"collection": "search"}, "/collection"),
        ({"query": {"level": ["A"]}}, "/query"),
        ({"query": {f"f{n}": "x" for n in range(51)}}, "/query"),
        ({"name": ""}, "/name"),
        ({"owner_id": "0198c0de-0000-7000-8000-000000000001"}, "/owner_id"),
    ],
)
def test_what_no_list_can_hold_is_refused(group: Group, wrong: dict[str, Any], pointer: str) -> None:
    refused = group.seller.post("/saved-views", a_view() | wrong)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, pointer)


def test_a_view_stays_with_its_list(group: Group) -> None:
    made = group.seller.made("/saved-views", a_view())
    refused = group.seller.patch(f"/saved-views/{made['id']}", {"collection": "orders"}, version=1)
    assert refused.json["errors"][0]["code"] == "fixed"
