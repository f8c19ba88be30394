"""One box finds what the caller may see, by any part of it."""

from __future__ import annotations

from typing import Any

import pytest

from crm_chassis.identity import Grant
from crm_chassis.ids import uuid7
from crm_chassis.testing import Client
from crm_insight.search import rules

from .conftest import READER, Event, World

CREATED = "crm.customer.customer.created.v1"


def found(client: Client, words: str, **more: Any) -> list[str]:
    answer = client.get("/search", query_string={"q": words, **more})
    assert answer.status_code == 200, answer.json
    return [item["id"] for item in answer.json["items"]]


@pytest.mark.parametrize(
    "words",
    [
        *("榕树", "百货", "树百", "榕树 集团", "榕", "rsbhjt", "sbh", "Banyan", "anya"),
        *("N1-000042", "n1-00004", "000042", "13800138000", "8000", "+86 138-0013", "010-88886666"),
    ],
)
def test_a_customer_is_found_by_any_part_of_name_initials_number_and_phone(world: World, words: str) -> None:
    banyan = world.customer(
        name="榕树百货集团", short_name="Banyan", code="N1-000042", mobile="+8613800138000", phone="+861088886666"
    )
    other = world.customer(name="松柏超市", code="N1-000777", mobile="+8613911112222")
    world.hear(Event(CREATED, banyan), Event(CREATED, other))

    assert found(world.client("n1"), words) == [banyan["id"]]


@pytest.mark.parametrize("words", ["榕百", "百树", "x", "99999", "138001380001"])
def test_what_is_not_a_part_is_not_found(world: World, words: str) -> None:
    world.hear(Event(CREATED, world.customer(name="榕树百货", mobile="+8613800138000")))

    assert found(world.client("n1"), words) == []


def every_kind(world: World, unit: str) -> list[Event]:
    person = {"title": "经理", "mobile": None, "customer_id": str(uuid7())}
    trip = {"number": "TP-1", "traveller_id": str(uuid7()), "starts_on": "2026-03-01", "ends_on": "2026-03-02"}
    claim = {"number": "EX-1", "claimant_id": str(uuid7()), "status": "draft", "payment_status": "none", "items": []}
    return [
        Event(CREATED, world.customer(unit, name="榕树百货")),
        Event("crm.customer.contact.created.v1", world.state(unit, name="榕树", **person)),
        Event("crm.sales.lead.captured.v1", world.state(unit, name="李四", company="榕树", status="new")),
        Event("crm.sales.opportunity.created.v1", world.opportunity(unit, name="榕树收银")),
        Event("crm.sales.order.confirmed.v1", world.order(unit, number="榕树-1")),
        Event("crm.service-desk.request.created.v1", world.request(unit, summary="榕树打不开")),
        Event(
            "crm.service-desk.article.published.v1",
            world.state(unit, title="怎样打开榕树", body="x", excerpt="x", status="published"),
        ),
        Event("crm.sales.product.changed.v1", world.state(unit, code="P1", name="榕树收银机")),
        Event(
            "crm.expenses.travel-plan.created.v1",
            world.state(unit, subject="访问榕树", status="draft", customer_ids=[], **trip),
        ),
        Event(
            "crm.expenses.claim.created.v1",
            world.state(unit, title="访问榕树", total={"amount": "1.00", "currency": "CNY"}, **claim),
        ),
    ]


def test_every_kind_of_record_is_found_with_its_page_in_the_console(world: World) -> None:
    world.hear(*every_kind(world, "N1"))

    items = world.client("n1").get("/search?q=榕树").json["items"]

    assert {item["resource"] for item in items} == set(rules.SHAPES)
    assert all(item["link"] == f"/{rules.SHAPES[item['resource']].link}/{item['id']}" for item in items)
    only = world.client("n1").get("/search?q=榕树&types=order,claim").json["items"]
    assert {item["resource"] for item in only} == {"order", "claim"}


def test_another_company_finds_nothing_and_head_office_everything(world: World) -> None:
    world.hear(*every_kind(world, "N1"))

    assert found(world.client("e1"), "榕树") == []
    assert len(found(world.client("office"), "榕树")) == len(rules.SHAPES)


def test_each_resource_has_its_own_scope_and_without_a_grant_it_is_not_searched(world: World) -> None:
    world.hear(*every_kind(world, "N1"), *every_kind(world, "E1"))
    units = world.units
    mixed = {
        "search:read": Grant(everything=True),
        "customer:read": Grant(subtrees=frozenset({units["N1"]})),
        "order:read": Grant(units=frozenset({units["E1"]})),
        "article:read": Grant(everything=True),
    }

    items = world.user("mixed", "N1", mixed).get("/search?q=榕树").json["items"]

    assert sorted(item["resource"] for item in items) == ["article", "article", "customer", "order"]


def test_scope_self_finds_own_records_only(world: World) -> None:
    mine = world.customer(owner="own", name="榕树一号")
    worked_on = world.request(summary="榕树二号", assignee_id=world.id_of("own"))
    world.hear(
        Event(CREATED, mine),
        Event(CREATED, world.customer(owner="n1", name="榕树三号")),
        Event("crm.service-desk.request.assigned.v1", worked_on),
    )

    assert set(found(world.client("own"), "榕树")) == {mine["id"], worked_on["id"]}


@pytest.mark.parametrize("access", ["hidden", "masked"])
def test_who_may_not_see_telephone_numbers_finds_nobody_by_one(world: World, access: str) -> None:
    banyan = world.customer(name="榕树百货", code="N1-000001", mobile="+8613800138000")
    world.hear(Event(CREATED, banyan))
    blind = world.user("blind", "N1", READER, fields={"customer": {"mobile": access}})

    assert found(world.client("n1"), "13800138000") == [banyan["id"]]
    assert found(blind, "13800138000") == found(blind, "8000") == []
    assert found(blind, "榕树") == [banyan["id"]]
    nameless = world.user("nameless", "N1", READER, fields={"customer": {"name": access}})
    assert found(nameless, "榕树") == found(nameless, "N1-000001") == []


def test_numbers_and_names_that_begin_so_come_first_then_the_latest(world: World) -> None:
    def customer(name: str, code: str, updated: str) -> dict[str, Any]:
        return world.customer(name=name, code=code, updated_at=f"2026-03-{updated}T00:00:00Z")

    late, early = customer("北京榕树", "N1-1", "20"), customer("上海榕树", "N1-2", "10")
    begins, number = customer("榕树", "N1-3", "01"), customer("松柏榕树", "榕树-4", "02")
    world.hear(*(Event(CREATED, each) for each in (early, begins, late, number)))

    assert found(world.client("n1"), "榕树") == [each["id"] for each in (number, begins, late, early)]
    assert found(world.client("n1"), "榕树", limit=2) == [number["id"], begins["id"]]


def test_what_is_deleted_merged_or_retired_is_gone_and_what_is_restored_comes_back(world: World) -> None:
    banyan = world.customer(name="榕树百货")
    article = world.state(title="榕树手册", body="x", excerpt="x", status="published")
    draft = world.state(title="榕树草稿", body="x", excerpt="x", status="draft")
    world.hear(
        Event(CREATED, banyan),
        Event("crm.service-desk.article.published.v1", article),
        Event("crm.service-desk.article.changed.v1", draft),
    )
    n1 = world.client("n1")
    assert set(found(n1, "榕树")) == {banyan["id"], article["id"]}

    world.hear(
        Event("crm.customer.customer.deleted.v1", banyan, 2),
        Event("crm.service-desk.article.retired.v1", article | {"status": "retired"}, 2),
    )
    assert found(n1, "榕树") == []
    world.hear(Event("crm.customer.customer.changed.v1", banyan, 3))
    assert found(n1, "榕树") == [banyan["id"]]
    merged = {name: banyan[name] for name in ("id", "unit_id", "owner_id")} | {"into_id": str(uuid7())}
    world.hear(Event("crm.customer.customer.merged.v1", merged, 4))
    assert found(n1, "榕树") == []
    world.hear(Event("crm.customer.customer.unmerged.v1", merged, 5))
    assert found(n1, "榕树") == [banyan["id"]]


def test_a_deleted_product_is_found_no_more_until_it_is_restored(world: World) -> None:
    product = world.state("N1", code="P1", name="榕树收银机")
    world.hear(
        Event("crm.sales.product.changed.v1", product),
        Event("crm.sales.product.deleted.v1", product | {"active": False}, 2),
    )
    assert found(world.client("n1"), "榕树") == []

    world.hear(Event("crm.sales.product.changed.v1", product, 3))

    assert found(world.client("n1"), "榕树") == [product["id"]]


def test_who_is_not_signed_in_or_not_allowed_or_unclear_is_refused(world: World) -> None:
    n1 = world.client("n1")

    assert world.bench.client().get("/search?q=x").status_code == 401
    assert world.user("none", "N1", ["customer:read"]).get("/search?q=x").status_code == 403
    for query in ("", "q=", "q=%20", "q=x&types=secrets", "q=x&limit=0", "q=x&limit=51", "q=x&surprise=1"):
        assert n1.get(f"/search?{query}").status_code == 422, query
    assert found(n1, "%_'\\ \"&|!:*()") == []


@pytest.mark.parametrize(
    ("words", "number"),
    [("138 0013", "1380013"), ("+86-10", "8610"), ("010 888", "10888"), ("123", None), ("1380a", None), ("榕树", None)],
)
def test_phone_query_rule(words: str, number: str | None) -> None:
    assert rules.phone_query(words) == number
