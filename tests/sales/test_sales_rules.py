"""The pure rules of sales, by table."""

from __future__ import annotations

import itertools
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from crm_sales.leads.rules import company_key
from crm_sales.lines import rules as lines
from crm_sales.opportunities import funnel, stages
from crm_sales.orders import rules as orders
from crm_sales.payments import rules as payments
from crm_sales.receivables import rules as receivables

D = Decimal


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "tax_rate", "net", "tax", "total"),
    [
        ("1", "100.00", "0", "0", "100.00", "0.00", "100.00"),
        ("2", "100.00", "0", "13", "200.00", "26.00", "226.00"),
        ("3", "33.33", "0", "13", "99.99", "13.00", "112.99"),
        ("1", "0.05", "10", "0", "0.05", "0.00", "0.05"),  # 0.045 rounds half up, not to even
        ("1", "0.15", "50", "0", "0.08", "0.00", "0.08"),
        ("0.333", "10.00", "0", "6", "3.33", "0.20", "3.53"),
        ("1", "100.00", "100", "13", "0.00", "0.00", "0.00"),
        ("7", "19.99", "12.5", "9", "122.44", "11.02", "133.46"),
    ],
)
def test_what_a_line_comes_to(
    quantity: str, price: str, discount: str, tax_rate: str, net: str, tax: str, total: str
) -> None:
    found = lines.amounts(quantity=D(quantity), price=D(price), discount=D(discount), tax_rate=D(tax_rate))

    assert (str(found.net), str(found.tax), str(found.total)) == (net, tax, total)


def product(**more: Any) -> SimpleNamespace:
    known = {"id": uuid4(), "code": "P-1", "name": "Desk", "unit": "件", "price": D("100.00"), "currency": "CNY"}
    return SimpleNamespace(**{**known, "tax_rate": D("13.00"), **more})


def test_a_line_takes_from_its_product_what_it_does_not_say_itself() -> None:
    line = lines.completed({"quantity": D("2.000")}, 1, product(), "CNY")

    assert (line["name"], line["unit"], line["quantity"], line["price"]) == ("Desk", "件", "2", "100.00")
    assert (line["list_price"], line["tax_rate"], line["total"]) == ("100.00", "13", "226.00")
    own = {"quantity": D(2), "price": D("90"), "name": "Table", "tax_rate": D(0)}
    assert lines.completed(own, 1, product(), "CNY")["total"] == "180.00"


@pytest.mark.parametrize(
    ("line", "known", "field"),
    [
        ({"quantity": D(1), "price": D(1)}, None, "name"),
        ({"quantity": D(1)}, product(currency="USD"), "price"),
        ({"quantity": D(1)}, product(price=None), "price"),
        ({"quantity": D("9999999"), "price": D("9999999999")}, product(), "quantity"),
    ],
)
def test_a_line_that_cannot_be_priced_says_which_field_is_missing(line: Any, known: Any, field: str) -> None:
    with pytest.raises(lines.LineRefused) as refused:
        lines.completed(line, 1, known, "CNY")
    assert refused.value.field == field


def order_line(**more: Any) -> dict[str, Any]:
    known = {"line": 1, "price": "100.00", "discount": "0", "list_price": "100.00", "quantity": "4", "total": "10.00"}
    return {**known, "delivered_quantity": "0", "returned_quantity": "0", **more}


@pytest.mark.parametrize(
    ("price", "discount", "list_price", "reduction"),
    [
        ("100.00", "0", "100.00", "0.00"),
        ("80.00", "0", "100.00", "20.00"),
        ("79.99", "0", "100.00", "20.01"),
        ("100.00", "20.01", "100.00", "20.01"),
        ("90.00", "15", "100.00", "23.50"),
        ("150.00", "10", "100.00", "10.00"),
        ("150.00", "0", "100.00", "0.00"),
        ("10.00", "25", None, "25"),
        ("10.00", "0", "0.00", "0"),
    ],
)
def test_how_far_a_line_lies_below_its_list_price(
    price: str, discount: str, list_price: str | None, reduction: str
) -> None:
    line = order_line(price=price, discount=discount, list_price=list_price)

    assert orders.reduction(line) == D(reduction)
    assert orders.needs_approval([order_line(), line]) == (D(reduction) > 20)


def test_deliveries_and_returns_count_line_by_line() -> None:
    first = orders.delivered([order_line(), order_line(line=2, quantity="1.5")], {1: D(1)})
    assert [line["delivered_quantity"] for line in first] == ["1", "0"]
    assert not orders.is_complete(first)
    rest = orders.delivered(first, None)
    assert orders.is_complete(rest)
    assert orders.quantity(rest, "delivered_quantity") == D("5.5")
    back = orders.returned(rest, {1: D(3)})
    assert [line["returned_quantity"] for line in back] == ["3", "0"]
    for rule, lines_, wanted in (
        (orders.delivered, rest, {1: D("0.001")}),
        (orders.returned, back, {1: D("1.001")}),
        (orders.delivered, first, {3: D(1)}),
    ):
        with pytest.raises(orders.LineUnfit):
            rule(lines_, wanted)


def test_returns_one_by_one_add_up_to_the_lines_total() -> None:
    line = order_line(quantity="3", total="10.00", delivered_quantity="3")
    values = [D(0)]
    for _ in range(3):
        (line,) = orders.returned([line], {1: D(1)})
        values.append(orders.returned_value([line]))

    assert [after - before for before, after in itertools.pairwise(values)] == [
        D("3.33"),
        D("3.34"),
        D("3.33"),
    ]


@pytest.mark.parametrize(
    ("paid", "credited", "overdue", "status"),
    [
        ("0", "0", False, "open"),
        ("1", "0", False, "partly_paid"),
        ("1", "0", True, "overdue"),
        ("0", "1", False, "open"),
        ("10", "0", True, "paid"),
        ("4", "6", False, "paid"),
    ],
)
def test_the_state_of_a_receivable_follows_from_its_sums(paid: str, credited: str, overdue: bool, status: str) -> None:
    assert receivables.status(amount=D(10), paid=D(paid), credited=D(credited), overdue=overdue) == status


CUSTOMER = uuid4()
OWED = SimpleNamespace(id=uuid4(), customer_id=CUSTOMER, currency="CNY", outstanding=D(10))
OTHER = SimpleNamespace(id=uuid4(), customer_id=uuid4(), currency="USD", outstanding=D(10))


@pytest.mark.parametrize(
    ("wanted", "codes"),
    [
        ([(OWED, "10")], []),
        ([(OWED, "4"), (OWED, "6")], []),
        ([(OWED, "4"), (OWED, "6.01")], ["too_much"]),
        ([(OWED, "10.01")], ["too_much"]),
        ([(OTHER, "1")], ["other_customer", "currency_mixed"]),
        ([(SimpleNamespace(id=uuid4()), "1")], ["unknown"]),
        ([(OWED, "13")], ["too_much", "too_much"]),
    ],
)
def test_which_allocations_a_payment_of_twelve_may_have(wanted: Any, codes: list[str]) -> None:
    asked = [{"receivable_id": receivable.id, "amount": D(amount)} for receivable, amount in wanted]
    known = {OWED.id: OWED, OTHER.id: OTHER}

    found = payments.problems(free=D(12), currency="CNY", customer_id=CUSTOMER, wanted=asked, known=known)

    assert [code for _pointer, code, _message in found] == codes


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("榕树科技有限公司", "榕树科技"),
        ("榕树 科技 股份有限公司", "榕树科技"),
        ("Banyan Co., Ltd.", "banyan"),
        ("ＢＡＮＹＡＮ", "banyan"),
        ("有限公司", "有限公司"),
        ("--", None),
        (None, None),
    ],
)
def test_how_company_names_are_compared(name: str | None, key: str | None) -> None:
    assert company_key(name) == key


STRICT = [
    {"key": "qualify", "exit_conditions": []},
    {"key": "needs", "exit_conditions": []},
    {"key": "proposal", "exit_conditions": ["amount"]},
    {"key": "negotiation", "exit_conditions": ["amount", "expected_close_on"]},
]


@pytest.mark.parametrize(
    ("here", "there", "unmet"),
    [
        ("qualify", "needs", []),
        ("qualify", "proposal", []),
        ("qualify", "negotiation", ["amount"]),
        ("proposal", "negotiation", ["amount"]),
        ("negotiation", "qualify", []),
        ("proposal", None, ["amount", "expected_close_on"]),
        ("gone", "needs", []),
    ],
)
def test_what_holds_an_empty_chance_back(here: str, there: str | None, unmet: list[str]) -> None:
    chance = SimpleNamespace(amount=None, expected_close_on=None)

    assert stages.unmet(STRICT, here, there, chance) == unmet


def test_a_funnel_has_every_stage_in_order_and_adds_no_currencies() -> None:
    here = uuid4()
    rows = [
        SimpleNamespace(pipeline_id=here, stage=stage, currency=currency, count=2, amount=D(200), weighted=D(50))
        for stage, currency in (("needs", "USD"), ("needs", "CNY"), ("gone", "CNY"))
    ]
    (pipeline,) = funnel.by_pipeline(rows, {here: SimpleNamespace(name="Sales", stages=list(stages.DEFAULT))})

    assert [stage["stage"] for stage in pipeline["stages"]] == ["gone", "qualify", "needs", "proposal", "negotiation"]
    needs = pipeline["stages"][2]
    assert (needs["count"], [money["currency"] for money in needs["amounts"]]) == (4, ["CNY", "USD"])
