"""Reports come from facts, once each, within the caller's scope."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest

from crm_chassis.identity import Grant
from crm_chassis.testing import Client
from crm_insight.reports.catalogue import REPORTS

from .conftest import READER, Event, World, money

CONFIRMED = "crm.sales.order.confirmed.v1"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def amounts(answer: dict[str, Any], column: str) -> dict[Any, str]:
    return {row["name"] or row["group"]: row[column]["amount"] for row in answer["rows"]}


def test_contribution_counts_what_was_confirmed_less_what_was_cancelled_or_came_back(world: World) -> None:
    late = {"status": "cancelled"}
    world.hear(
        Event(CONFIRMED, world.order("N1T", amount="100.00")),
        Event(CONFIRMED, world.order("N1", amount="50.00", returned_total=money("20.00"))),
        Event("crm.sales.order.cancelled.v1", world.order("E1", amount="70.00", **late)),
        Event("crm.sales.order.created.v1", world.order("E1", amount="900.00", status="draft", confirmed_at=None)),
        Event("crm.sales.order.cancelled.v1", world.order("E1", amount="800.00", confirmed_at=None, **late)),
        Event(
            "crm.sales.payment.received.v1",
            world.state("N1", customer_id=None, received_on="2026-03-11", amount=money("60.00")),
        ),
    )

    answer = world.report(world.client("office"), "contribution")

    assert amounts(answer, "confirmed") == {"N1": "150.00", "E1": "70.00"}
    assert amounts(answer, "net") == {"N1": "130.00", "E1": "0.00"}
    assert amounts(answer, "payments") == {"N1": "60.00", "E1": "0.00"}
    assert answer["totals"][0]["orders"] == 3
    assert answer["rest"] == []
    by_unit = world.report(world.client("office"), "contribution", "group_by=unit")
    assert amounts(by_unit, "confirmed") == {"N1T": "100.00", "E1": "70.00", "N1": "50.00"}


def test_an_order_that_was_closed_with_a_part_undelivered_counts_without_it(world: World) -> None:
    partly = world.order(
        amount="100.00", status="closed", returned_total=money("10.00"), cancelled_total=money("30.00")
    )
    world.hear(Event("crm.sales.order.closed.v1", partly))

    (total,) = world.report(world.client("n1"), "contribution")["totals"]

    assert [total[name]["amount"] for name in ("confirmed", "returned", "cancelled", "net")] == [
        *("100.00", "10.00", "30.00", "60.00")
    ]


def test_what_was_refunded_is_taken_off_the_payments_in_the_month_it_went_back(world: World) -> None:
    paid = world.state("N1", customer_id=None, received_on="2026-03-11", amount=money("60.00"))
    back = {"refunds": [{"amount": "25.00", "refunded_on": "2026-04-02", "reason": "x"}]}
    world.hear(Event("crm.sales.payment.received.v1", paid))
    world.hear(Event("crm.sales.payment.refunded.v1", paid | back, version=2))

    answer = world.report(world.client("office"), "contribution", "group_by=month")

    assert amounts(answer, "payments") == {"2026-03-01": "60.00", "2026-04-01": "-25.00"}


def test_a_company_sees_its_own_figures_only_whatever_it_asks(world: World) -> None:
    world.hear(Event(CONFIRMED, world.order("N1")), Event(CONFIRMED, world.order("E1", amount="900.00")))
    n1, units = world.client("n1"), world.units

    assert amounts(world.report(n1, "contribution"), "confirmed") == {"N1": "100.00"}
    assert world.report(n1, "contribution")["totals"][0]["confirmed"] == money("100.00")
    for query in (f"unit_id={units['E1']}", f"unit_id={units['E1']}&group_by=customer"):
        answer = world.report(n1, "contribution", query)
        assert (answer["rows"], answer["totals"], answer["rest"]) == ([], [], [])
    office = world.report(world.client("office"), "contribution", f"unit_id={units['N1']}")
    assert amounts(office, "confirmed") == {"N1": "100.00"}
    without = world.user("without", "N1", {"report:read": Grant()})
    assert world.report(without, "contribution")["totals"] == []


def test_scope_self_reports_own_figures(world: World) -> None:
    world.hear(Event(CONFIRMED, world.order(owner="own")), Event(CONFIRMED, world.order(owner="n1", amount="900.00")))

    answer = world.report(world.client("own"), "contribution", "group_by=owner")

    assert amounts(answer, "confirmed") == {"own": "100.00"}
    assert amounts(world.report(world.client("own"), "contribution", "group_by=customer"), "confirmed").values()


def test_the_period_is_whole_months_and_months_come_in_order(world: World) -> None:
    for day, amount in (("2026-01-31", "1.00"), ("2026-02-01", "2.00"), ("2026-03-31", "4.00"), ("2026-04-01", "8.00")):
        world.hear(Event(CONFIRMED, world.order(ordered_on=day, amount=amount)))

    answer = world.report(world.client("n1"), "contribution", "group_by=month&from=2026-02-15&to=2026-03-01")

    assert amounts(answer, "confirmed") == {"2026-02-01": "2.00", "2026-03-01": "4.00"}
    assert (answer["from"], answer["to"]) == ("2026-02-01", "2026-03-01")


def test_currencies_are_never_added_up(world: World) -> None:
    world.hear(
        Event(CONFIRMED, world.order(amount="100.00")),
        Event(CONFIRMED, world.order(total=money("7.00", "USD"), returned_total=money("0.00", "USD"))),
    )

    answer = world.report(world.client("n1"), "contribution")

    assert [row["confirmed"] for row in answer["rows"]] == [money("100.00"), money("7.00", "USD")]
    assert {total["currency"] for total in answer["totals"]} == {"CNY", "USD"}
    assert len(world.report(world.client("n1"), "contribution", "currency=USD")["rows"]) == 1


def test_beyond_the_limit_there_is_one_line_for_the_rest(world: World) -> None:
    for number in range(1, 6):
        customer = world.customer(name=f"客户{number}")
        order = world.order(customer_id=customer["id"], amount=f"{number}.00")
        world.hear(Event(CONFIRMED, order), Event("crm.customer.customer.created.v1", customer))

    answer = world.report(world.client("n1"), "contribution", "group_by=customer&limit=2")

    assert amounts(answer, "confirmed") == {"客户5": "5.00", "客户4": "4.00"}
    assert [(line["orders"], line["confirmed"]) for line in answer["rest"]] == [(3, money("6.00"))]
    assert answer["totals"][0]["confirmed"] == money("15.00")


def test_names_of_customers_are_shown_as_far_as_the_caller_reads_customers(world: World) -> None:
    customer = world.customer("N1", name="榕树百货")
    world.hear(
        Event("crm.customer.customer.created.v1", customer), Event(CONFIRMED, world.order(customer_id=customer["id"]))
    )
    nosy = world.user("nosy", "N1", ["report:read"])
    masked = world.user("masked", "N1", READER, fields={"customer": {"name": "masked"}})

    query = "group_by=customer"
    assert world.report(world.client("n1"), "contribution", query)["rows"][0]["name"] == "榕树百货"
    for client in (nosy, masked):
        assert world.report(client, "contribution", query)["rows"][0]["name"] is None


def test_figures_follow_a_customer_to_its_new_region_and_level(world: World) -> None:
    customer = world.customer(region_code="110101", level="B")
    world.hear(Event(CONFIRMED, world.order(customer_id=customer["id"])))
    n1 = world.client("n1")
    assert amounts(world.report(n1, "contribution", "group_by=level"), "confirmed") == {None: "100.00"}

    world.hear(Event("crm.customer.customer.created.v1", customer))
    assert amounts(world.report(n1, "contribution", "group_by=level"), "confirmed") == {"B": "100.00"}
    moved = customer | {"region_code": "310104", "level": "A"}
    world.hear(Event("crm.customer.customer.changed.v1", moved, 2))

    assert amounts(world.report(n1, "contribution", "group_by=level"), "confirmed") == {"A": "100.00"}
    assert amounts(world.report(n1, "contribution", "group_by=region"), "confirmed") == {"310104": "100.00"}
    for query, rows in (("region_code=310000", 1), ("region_code=110000", 0), ("level=A", 1), ("level=B", 0)):
        for group in ("company", "customer"):
            answer = world.report(n1, "contribution", f"{query}&group_by={group}")
            assert len(answer["rows"]) == rows, (query, group)


def test_composition_of_the_customers(world: World) -> None:
    created = "crm.customer.customer.created.v1"
    leaver = world.customer(kind="person")
    world.hear(
        Event(created, world.customer(kind="company")),
        Event(created, world.customer(kind="company", relation="prospect", industry=None)),
        Event(created, world.customer("E1", kind="person")),
        Event(created, leaver),
        Event("crm.customer.customer.deleted.v1", leaver, 2),
    )

    def counts(group: str, who: str = "office") -> dict[Any, int]:
        rows = world.report(world.client(who), "composition", f"group_by={group}")["rows"]
        return {row["name"] or row["group"]: row["customers"] for row in rows}

    assert counts("kind") == {"company": 2, "person": 1}
    assert counts("relation") == {"customer": 2, "prospect": 1}
    assert counts("industry") == {"retail": 2}
    assert counts("company") == {"N1": 2, "E1": 1}
    assert counts("kind", "n1") == {"company": 2}


def test_service_report_averages_what_happened(world: World) -> None:
    made = {"created_at": "2026-03-05T02:00:00Z"}
    world.hear(
        Event(
            "crm.service-desk.request.archived.v1",
            world.request(
                owner="n1",
                responded_at="2026-03-05T02:30:00Z",
                answered_at="2026-03-05T04:00:00Z",
                satisfaction=4,
                status="archived",
                breach_count=1,
                **made,
            ),
        ),
        Event(
            "crm.service-desk.request.rated.v1",
            world.request(responded_at="2026-03-05T02:10:00Z", satisfaction=1, status="assigned", **made),
        ),
        Event("crm.service-desk.sla.breached.v1", world.request(kind="complaint", breach_count=2, **made)),
    )

    answer = world.report(world.client("n1"), "service", "group_by=kind")

    by_kind = {row["group"]: row for row in answer["rows"]}
    repair = by_kind["repair"]
    assert (repair["requests"], repair["solutions"], repair["breaches"]) == (2, 1, 1)
    assert (repair["response"], repair["solution"], repair["satisfaction"]) == ("20.00", "120.00", "2.50")
    assert by_kind["complaint"]["breaches"] == 2
    assert by_kind["complaint"]["satisfaction"] is None
    assert answer["totals"][0]["requests"] == 3


def test_churn_and_funnel(world: World) -> None:
    for status in ("warned", "lost", "recovered", "lost"):
        world.hear(Event("crm.customer.churn-case.warned.v1", world.churn_case(status=status)))
    won = {"status": "won", "amount": money("300.00")}
    world.hear(
        Event("crm.sales.opportunity.created.v1", world.opportunity(amount=money("1000.00"), probability=50)),
        Event("crm.sales.opportunity.created.v1", world.opportunity(stage="new", amount=None, probability=10)),
        Event("crm.sales.opportunity.won.v1", world.opportunity(**won)),
        Event("crm.sales.opportunity.lost.v1", world.opportunity(status="lost")),
    )
    n1 = world.client("n1")

    churn = world.report(n1, "churn", "group_by=company")["rows"][0]
    assert (churn["cases"], churn["warned"], churn["lost"], churn["lost_rate"]) == (4, 1, 2, "50.00")
    funnel = {row["group"]: row for row in world.report(n1, "funnel")["rows"]}
    assert (funnel["proposal"]["open"], funnel["proposal"]["weighted"]) == (1, money("500.00"))
    assert (funnel["proposal"]["won_amount"], funnel["proposal"]["win_rate"]) == (money("300.00"), "50.00")
    assert (funnel["new"]["open"], funnel["new"]["open_amount"]) == (1, money("0.00"))


def test_a_report_comes_as_csv_and_workbook_and_no_cell_is_a_formula(world: World) -> None:
    evil = world.user("=cmd()", "N1")
    world.hear(Event(CONFIRMED, world.order(owner="=cmd()")))
    path = "/reports/contribution?group_by=owner"

    text = evil.get(path, headers={"Accept": "text/csv"})
    assert text.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(text.get_data().decode("utf-8-sig"))))
    assert rows[0][:4] == ["Owner", "Currency", "Orders", "Confirmed"]
    assert rows[1][:4] == ["'=cmd()", "CNY", "1", "100.00"]
    assert rows[2][0] == "Total"

    book = openpyxl.load_workbook(io.BytesIO(evil.get(path, headers={"Accept": XLSX}).get_data()))
    cells = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert cells[1][:4] == ["=cmd()", "CNY", 1, 100]
    assert book.active["A2"].data_type == "s"
    reader = world.user("reader", "N1", ["report:read"])
    assert reader.get(path, headers={"Accept": "text/csv"}).status_code == 403
    assert reader.get(path).status_code == 200


def test_a_report_as_a_file_is_announced_with_who_took_what(world: World) -> None:
    world.hear(Event(CONFIRMED, world.order(owner="n1")), Event(CONFIRMED, world.order(owner="own")))
    clerk = world.user("clerk", "N1")
    query = "group_by=owner&currency=CNY"

    world.report(clerk, "contribution", query)
    for accepted in ("text/csv", XLSX):
        assert clerk.get(f"/reports/contribution?{query}", headers={"Accept": accepted}).status_code == 200

    told = world.bench.events("crm.insight.export.finished.v1")
    assert [event["data"]["format"] for event in told] == ["csv", "xlsx"]
    facts = told[0]["data"]
    assert told[0]["actorid"] == facts["owner_id"] == world.id_of("clerk")
    assert told[0]["unitid"] == facts["unit_id"] == str(world.units["N1"])
    assert (facts["username"], facts["collection"], facts["rows"]) == ("clerk", "reports/contribution", 2)
    assert facts["filter"] == {"group_by": "owner", "currency": "CNY"}
    assert facts["fields"][:3] == ["owner", "orders", "confirmed"]


def test_what_was_closed_in_a_file_is_not_among_what_was_taken(world: World) -> None:
    world.hear(Event(CONFIRMED, world.order()))
    clerk = world.user("clerk", "N1", READER, fields={"order": {"total": "hidden"}})

    assert clerk.get("/reports/contribution", headers={"Accept": "text/csv"}).status_code == 200

    (told,) = world.bench.events("crm.insight.export.finished.v1")
    assert told["data"]["fields"] == ["company", "orders", "payments", "expenses"]


def test_a_file_reaches_no_further_than_the_permission_to_export(world: World) -> None:
    world.hear(Event(CONFIRMED, world.order("N1")), Event(CONFIRMED, world.order("N1T", owner="n1", amount="7.00")))
    company, team = (Grant(subtrees=frozenset({world.units[code]})) for code in ("N1", "N1T"))
    wide = world.user("wide", "N1", {"report:read": company, "report:export": team})
    narrow = world.user("narrow", "N1", {"report:read": team, "report:export": company})

    def total(client: Client) -> str:
        text = client.get("/reports/contribution", headers={"Accept": "text/csv"}).get_data().decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))[-1][3]

    assert amounts(world.report(wide, "contribution"), "confirmed") == {"N1": "107.00"}
    assert [total(client) for client in (wide, narrow)] == ["7.00", "7.00"]


def test_a_month_begins_where_the_unit_is(world: World) -> None:
    late = "2026-03-01T02:00:00Z"  # still February in New York
    world.hear(
        world.moved_to("E1", "America/New_York"),
        *(Event("crm.sales.opportunity.created.v1", world.opportunity(unit, created_at=late)) for unit in ("N1", "E1")),
    )

    answer = world.report(world.client("office"), "funnel", "group_by=month")

    assert [(row["group"], row["open"]) for row in answer["rows"]] == [("2026-02-01", 1), ("2026-03-01", 1)]


def test_the_catalogue_names_every_report_in_both_languages(world: World) -> None:
    items = world.client("n1").get("/reports").json["items"]

    assert [item["name"] for item in items] == list(REPORTS)
    for item in items:
        labels = [
            item["label"],
            *(each["label"] for part in ("parameters", "groups", "columns") for each in item[part]),
        ]
        assert all(label["zh"] and label["en"] for label in labels)


@pytest.mark.parametrize("name", list(REPORTS))
def test_every_group_of_every_report_can_be_asked_for(world: World, name: str) -> None:
    world.hear(Event(CONFIRMED, world.order()), Event("crm.customer.churn-case.warned.v1", world.churn_case()))

    for group in REPORTS[name].groups:
        assert world.report(world.client("office"), name, f"group_by={group}")["group_by"] == group


def test_what_is_unknown_or_not_allowed_is_refused(world: World) -> None:
    n1 = world.client("n1")

    assert world.bench.client().get("/reports").status_code == 401
    assert world.bench.client().get("/reports/funnel").status_code == 401
    assert world.user("none", "N1", ["order:read"]).get("/reports/funnel").status_code == 403
    assert n1.get("/reports/wealth").status_code == 404
    for query in (
        "surprise=1",
        "group_by=shoe_size",
        "limit=0",
        "limit=1001",
        "from=yesterday",
        "from=2026-03-01&to=2026-02-01",
        "unit_id=N1",
        "currency=yuan",
    ):
        assert n1.get(f"/reports/contribution?{query}").status_code == 422, query
