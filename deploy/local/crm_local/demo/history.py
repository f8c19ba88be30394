"""The real purchase history as customers and orders, imported from files as any user would."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from .api import Api, ApiError
from .company import Subsidiary
from .names import Names

PRODUCT = "CD"
_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Purchase:
    """One line of the history, its date moved so that the whole history ends today."""

    customer: int
    on: date
    quantity: int
    amount: str


def purchases(today: date) -> list[Purchase]:
    """The whole history, ending on ``today``."""
    raw = files(__package__).joinpath("data/cdnow_sample.txt").read_text().split("\n")
    rows = [line.split() for line in raw if line.strip()]
    days = [datetime.strptime(row[2], "%Y%m%d").date() for row in rows]  # noqa: DTZ007  a date without a time
    shift: timedelta = today - max(days)
    return [Purchase(int(row[1]), day + shift, int(row[3]), row[4]) for row, day in zip(rows, days, strict=True)]


def customer_code(subsidiary: Subsidiary, number: int) -> str:
    """The code a customer of the history gets, ``N1-H0004``."""
    return f"{subsidiary.code}-H{number:04d}"


def import_history(base_url: str, password: str, subsidiary: Subsidiary, admin: Api) -> None:
    """Import the subsidiary's customers and orders, unless they are there."""
    office = Api(base_url, f"{subsidiary.prefix}.admin", password)
    today = datetime.now(_ZONE).date()
    mine = [purchase for purchase in purchases(today) if purchase.customer % 4 == subsidiary.remainder]
    numbers = sorted({purchase.customer for purchase in mine})
    there = office.get("/customers?count=true&limit=1&code__contains=-H")["total"]
    if there < len(numbers):
        content = _csv(_customers(subsidiary, numbers))
        office.job(office.upload("/customers/imports", "customers.csv", content, mode="upsert", key="code"))
    _product(admin)
    if office.get("/orders?count=true&limit=1")["total"] < len(mine):
        _until_known(office, _csv(_orders(subsidiary, [max(mine, key=lambda p: p.customer)])))
        content = _csv(_orders(subsidiary, mine))
        office.job(office.upload("/orders/imports", "orders.csv", content))


def until_orders_arrived(admin: Api) -> None:
    """Wait until the customer service knows every order, so that the search for quiet customers sees all of them."""
    waiting = "/customers?count=true&limit=1&code__contains=-H&last_order_at__isnull=true"
    deadline = time.monotonic() + 1800
    while admin.get(waiting)["total"] or _behind(admin.get("/system/health")):
        if time.monotonic() > deadline:
            raise TimeoutError("the orders did not arrive within half an hour: see `crm status`")
        time.sleep(2)


def _behind(health: Any) -> bool:
    """Whether events are under way from sales to customer."""
    lags = {each["service"]: each.get("lag") for each in health["services"]}
    sales, customer = lags["sales"], lags["customer"]
    return not (sales and customer) or bool(sales["outbox"]["unpublished"] or customer["inbox"]["pending"])


def _until_known(office: Api, probe: bytes) -> None:
    """Wait until the sales service has heard of the customers: a trial import of the last one's order is accepted."""
    deadline = time.monotonic() + 300
    while True:
        try:
            office.job(office.upload("/orders/imports", "probe.csv", probe, dry_run="true"))
        except ApiError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
        else:
            return


def _customers(subsidiary: Subsidiary, numbers: Iterable[int]) -> Iterator[dict[str, str]]:
    names = Names(subsidiary)
    levels = ("A", "B", "B", "C", "C", "C")
    for number in numbers:
        person = names.customer(number)
        yield {
            "code": customer_code(subsidiary, number),
            "name": person.name,
            "kind": person.kind,
            "relation": "customer",
            "level": levels[number % len(levels)],
            "industry": person.trade,
            "region_code": subsidiary.districts[number % 5],
            "mobile": person.mobile,
            "phone": person.phone,
            "unit_id": f"{subsidiary.code}S",
            "owner_id": f"{subsidiary.prefix}.sales{1 + number // 4 % 2}",
        }


def _orders(subsidiary: Subsidiary, mine: Iterable[Purchase]) -> Iterator[dict[str, str]]:
    for purchase in mine:
        price, rest = divmod(Decimal(purchase.amount) * 100, purchase.quantity)
        even = rest == 0
        yield {
            "customer_code": customer_code(subsidiary, purchase.customer),
            "ordered_on": purchase.on.isoformat(),
            "product_code": PRODUCT,
            "quantity": str(purchase.quantity if even else 1),
            "price": f"{price / 100:.2f}" if even else purchase.amount,
            "currency": "CNY",
            "status": "confirmed",
            "paid": "true",
            "note": "" if even else f"{purchase.quantity} 张合计",
        }


def _product(admin: Api) -> None:
    if not admin.get(f"/products?code={PRODUCT}")["items"]:
        body = {"code": PRODUCT, "name": "音乐唱片", "unit": "张", "price": {"amount": "15.00", "currency": "CNY"}}
        admin.post("/products", body, key="demo-product")


def _csv(rows: Iterable[dict[str, str]]) -> bytes:
    found = list(rows)
    target = io.StringIO()
    writer = csv.DictWriter(target, list(found[0]))
    writer.writeheader()
    writer.writerows(found)
    return target.getvalue().encode("utf-8-sig")
