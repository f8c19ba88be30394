"""A report tells nothing of the fields that are closed to the caller."""

from __future__ import annotations

from crm_insight.reports.catalogue import REPORTS

from .conftest import READER, Event, World, money

CONFIRMED = "crm.sales.order.confirmed.v1"


def test_a_sum_is_closed_with_the_field_it_is_made_of_and_lines_are_not_ranked_by_it(world: World) -> None:
    world.hear(
        Event(CONFIRMED, world.order("N1", amount="1.00")),
        Event(CONFIRMED, world.order("N1", amount="1.00")),
        Event(CONFIRMED, world.order("N1T", amount="900.00")),
        Event(
            "crm.sales.payment.received.v1",
            world.state("N1", customer_id=None, received_on="2026-03-11", amount=money("60.00")),
        ),
        Event("crm.sales.opportunity.created.v1", world.opportunity()),
    )
    fields = {"order": {"total": "hidden"}, "opportunity": {"amount": "masked"}}
    clerk = world.user("clerk", "N1", READER, fields=fields)

    answer = world.report(clerk, "contribution", "group_by=unit")
    shown = clerk.get("/reports/contribution?group_by=unit", headers={"Accept": "text/csv"}).get_data().decode()
    funnel = world.report(clerk, "funnel")["rows"][0]

    assert [(row["name"], row["orders"], row["confirmed"]) for row in answer["rows"]] == [
        ("N1", 2, None),
        ("N1T", 1, None),
    ]
    (total,) = answer["totals"]
    assert {name for name, value in total.items() if value is None} == {
        *("confirmed", "returned", "cancelled", "net", "after_expenses")
    }
    assert (total["payments"], total["expenses"]) == (money("60.00"), money("0.00"))
    assert "900" not in shown
    assert (funnel["open"], funnel["open_amount"], funnel["weighted"], funnel["win_rate"]) == (1, None, None, None)


def test_a_report_shows_no_values_that_are_closed_and_is_refused_when_it_is_nothing_else(world: World) -> None:
    fields = {"customer": {"kind": "hidden", "level": "hidden"}, "opportunity": {"status": "hidden"}}
    clerk = world.user("clerk", "N1", READER, fields=fields)

    listed = {item["name"]: item for item in clerk.get("/reports").json["items"]}
    groups = {each["value"] for each in listed["composition"]["groups"]}

    assert {"kind", "level"}.isdisjoint(groups)
    assert {"relation", "region"} <= groups
    assert "level" not in {each["name"] for each in listed["composition"]["parameters"]}
    assert world.report(clerk, "composition")["group_by"] == "relation"
    for query in ("group_by=kind", "group_by=level", "level=A"):
        assert clerk.get(f"/reports/composition?{query}").status_code == 422, query
    assert "funnel" not in listed
    assert clerk.get("/reports/funnel").status_code == 403


def test_every_amount_of_a_report_says_what_it_is_made_of() -> None:
    for report in REPORTS.values():
        for column in report.columns:
            assert set(column.needs) <= set(report.sums)
            if column.kind == "money":
                assert all(report.sums[name].made_of for name in column.needs), column.key
