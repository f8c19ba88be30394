"""Importing orders from a file: one line of the file is an order of one line.

Columns: customer_code, product_code, quantity; optional ordered_on, price, currency, discount, tax_rate, status (draft
or confirmed), paid, note and custom.<key>. The price in the file counts as the list price of its day, so only a
discount column can go beyond the limit. Lines that do not fit are set aside with their errors as in every import. An
order lies with its customer: in the customer's unit, owned by the customer's owner.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import Schema
from sqlalchemy import insert
from sqlalchemy.orm import Session

from crm_chassis import custom_fields, errors, fields, numbering, org, outbox
from crm_chassis.collection import Collection, writing
from crm_chassis.collection import imports as generic
from crm_chassis.collection.cells import custom_values
from crm_chassis.collection.declaration import company_code
from crm_chassis.collection.imports import ImportedRow, batches, body_of, columns_of, references_of
from crm_chassis.collection.rejects import Rejected, reject, rejected_file, set_aside
from crm_chassis.collection.sources import table_of
from crm_chassis.database import transaction
from crm_chassis.http import load
from crm_chassis.jobs import JobRun
from crm_chassis.language import say
from crm_contracts.permissions import permission_label

from ..customers.queries import by_code
from ..lines.actions import complete
from ..payments.actions import apply
from ..payments.collection import payments
from ..payments.models import Payment
from ..products.queries import catalogue
from ..receivables.collection import receivables
from ..receivables.models import Receivable
from . import actions, rules
from .collection import orders
from .models import Order
from .schemas import currency_code

COUNTS = ("created", "updated", "rejected")


class OrderRowSchema(Schema):
    """One line of the file."""

    customer_code = fields.text(("客户编码", "Customer code"), required=True, longest=60)
    ordered_on = fields.date(("下单日期", "Ordered on"), allow_none=False)
    product_code = fields.text(("产品编码", "Product code"), required=True, longest=60)
    quantity = fields.decimal(("数量", "Quantity"), places=3, least="0.001", most="9999999.999", required=True)
    price = fields.decimal(("单价", "Price"), most="9999999999.99")
    currency = currency_code()
    discount = fields.decimal(("折扣 %", "Discount %"), most="100")
    tax_rate = fields.decimal(("税率 %", "Tax rate %"), most="100")
    status = fields.choice(("状态", "Status"), (("draft", "草稿", "Draft"), ("confirmed", "已确认", "Confirmed")))
    paid = fields.boolean(("已付款", "Paid"))
    note = fields.long_text(("备注", "Note"))
    custom = fields.obj(("自定义字段", "Custom fields"))


_rows = Collection("orders", Order, OrderRowSchema, ("订单", "Orders"))
"""How a line of the file is read; it has no routes."""

_OF_ORDER = ("ordered_on", "currency", "note", "custom")
"""The columns that are fields of the order itself, which a role may close."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One good line: the values of its order, and what is to be done with it."""

    line: int
    values: dict[str, Any]
    confirmed: bool
    paid: bool


def run_import(run: JobRun) -> dict[str, Any]:
    """Import orders by their own columns, every other collection as the chassis does."""
    return _import_orders(run) if run.args["resource"] == orders.resource else generic.run_import(run)


JOBS: dict[str, Callable[..., Any]] = {"import": run_import}


def _import_orders(run: JobRun) -> dict[str, Any]:
    """Batches of 200 lines, each in one transaction; after a crash it goes on with the batch that was cut off."""
    header, lines = table_of(run)
    columns = columns_of(_rows, header, run.args["mapping"])
    run.counts |= {name: run.counts.get(name, 0) for name in COUNTS}
    finished = run.cursor.get("line", 1)
    todo = [item for item in enumerate(lines, start=2) if item[0] > finished]
    for batch in batches(todo):
        rejected: Rejected = []
        with transaction(run.scope) as session:
            wanted = _read(session, run, columns, batch, rejected)
            set_aside(session, rejected)
            if not run.args["dry_run"]:
                _store(session, run, wanted)
            run.counts["created"] += len(wanted)
            last = batch[-1][0]
            run.save(session, done=last - 1, total=len(lines), line=last)
        run.give_way()
    return rejected_file(run, header)


def _read(
    session: Session,
    run: JobRun,
    columns: dict[int, str],
    batch: list[tuple[int, list[str]]],
    rejected: Rejected,
) -> list[Wanted]:
    """The good lines of a batch, with customers and products looked up once; the others are set aside."""
    cells = {name: {row[i].strip() for _, row in batch if i < len(row)} for i, name in columns.items()}
    customers = by_code(session, cells["customer_code"])
    products = catalogue(session, codes=cells["product_code"])
    references = references_of(session, _rows, columns, batch)
    defined: dict[UUID, list[Any]] = {}
    found = []
    for line, row in batch:
        try:
            body = body_of(_rows, columns, row, references)
            writing.refuse_closed(orders, {name: body[name] for name in _OF_ORDER if name in body}, run.principal)
            values = load(_rows.loader, body)
            customer = customers.get(values["customer_code"])
            if customer is None:
                raise errors.field_error("/customer_code", "unknown", say("There is no customer of this code for you."))
            if customer.unit_id not in defined:
                defined[customer.unit_id] = custom_fields.definitions(session, orders.resource, customer.unit_id)
            values["custom"] = custom_values(defined[customer.unit_id], values.get("custom") or {}, references)
            found.append(_wanted(run, line, values, customer, products, defined[customer.unit_id]))
        except errors.ProblemError as error:
            reject(run, rejected, line, row, error.entries(), collection=orders)
    return found


def _wanted(
    run: JobRun,
    line: int,
    values: Mapping[str, Any],
    customer: Any,
    products: Mapping[Any, Any],
    defined: list[Any],
) -> Wanted:
    """What one line asks for. Raises Invalid."""
    product = products.get(values["product_code"])
    currency = values.get("currency") or (product.currency if product else "CNY")
    priced = _line(values, products, currency)
    confirmed, paid = values.get("status") == "confirmed", bool(values.get("paid"))
    _check(run, customer.unit_id, priced, confirmed=confirmed, paid=paid)
    order = {
        "customer_id": customer.id,
        "unit_id": customer.unit_id,
        "owner_id": customer.owner_id or run.principal.user_id,
        "ordered_on": values.get("ordered_on") or org.today(customer.unit_id),
        "currency": currency,
        "lines": [priced],
        "note": values.get("note"),
        "custom": custom_fields.checked(defined, values["custom"]),
    }
    return Wanted(line, order, confirmed, paid)


def _line(values: Mapping[str, Any], products: Mapping[Any, Any], currency: str) -> dict[str, Any]:
    try:
        priced = complete(values, 0, products, currency)
    except errors.Invalid as error:
        found = [
            errors.entry(each["pointer"].removeprefix("/lines/0"), each["code"], each["message"])
            for each in error.errors
        ]
        raise errors.Invalid(error.detail, errors=found) from error
    return priced if values.get("price") is None else {**priced, "list_price": priced["price"]}


def _check(run: JobRun, unit_id: UUID, line: Mapping[str, Any], *, confirmed: bool, paid: bool) -> None:
    """Raises Invalid for what the importer may not do in the unit, or nobody may do by a file."""
    _require(run, "order:create", unit_id, "/customer_code")
    if paid and not confirmed:
        raise errors.field_error("/paid", "unfit", say("Only a confirmed order can be paid."))
    if confirmed:
        _require(run, "order:confirm", unit_id, "/status")
        if rules.needs_approval([line]):
            raise errors.field_error("/discount", "needs_approval", say("Import it as a draft and ask for approval."))
    if paid:
        _require(run, "payment:create", unit_id, "/paid")


def _require(run: JobRun, permission: str, unit_id: UUID, pointer: str) -> None:
    if not run.principal.reaches_unit(permission, unit_id):
        raise errors.field_error(
            pointer,
            "out_of_scope",
            say("{permission} of your roles does not reach this customer.", permission=permission_label(permission)),
        )


def _store(session: Session, run: JobRun, wanted: list[Wanted]) -> None:
    """Create, confirm and settle the orders of a batch: the same actions as one by one, with three flushes in all."""
    drafts = [actions.draft(item.values, number=number) for item, number in zip(wanted, _numbers(wanted), strict=True)]
    _announce_all(session, orders, drafts, "created")
    confirmed = [order for order, item in zip(drafts, wanted, strict=True) if item.confirmed]
    owed = {order.id: receivable for order in confirmed if (receivable := actions.confirm(order))}
    session.add_all(owed.values())
    _announce_all(session, orders, confirmed, "confirmed")
    _announce_all(session, receivables, list(owed.values()), "opened")
    paid = [owed[order.id] for order, item in zip(drafts, wanted, strict=True) if item.paid and order.id in owed]
    received = [_paid_in_full(receivable) for receivable in paid]
    _announce_all(session, payments, received, "received")
    _announce_all(session, receivables, paid, "paid")
    if drafts:
        made = [
            {"job_id": run.id, "record_id": order.id, "line": item.line}
            for order, item in zip(drafts, wanted, strict=True)
        ]
        session.execute(insert(ImportedRow), made)


def _numbers(wanted: list[Wanted]) -> list[str]:
    """A number for each order, one reservation per company."""
    companies = [company_code(item.values["unit_id"]) for item in wanted]
    reserved = {
        company: iter(numbering.take(f"order/{company}", companies.count(company)))
        for company in sorted(set(companies))
    }
    return [f"SO-{company}-{next(reserved[company]):06d}" for company in companies]


def _paid_in_full(receivable: Receivable) -> Payment:
    """The payment of an order that was paid long ago: on the day it was due, or today when that is still to come."""
    payment = Payment(
        customer_id=receivable.customer_id,
        unit_id=receivable.unit_id,
        owner_id=receivable.owner_id,
        received_on=min(receivable.due_on, org.today(receivable.unit_id)),
        amount=receivable.amount,
        allocated=Decimal("0.00"),
        refunded=Decimal("0.00"),
        currency=receivable.currency,
        reference=receivable.order_number,
        allocations=[],
        refunds=[],
    )
    apply(payment, receivable, receivable.amount)
    return payment


def _announce_all(session: Session, collection: Collection, records: list[Any], fact: str) -> None:
    """Announce many records after one flush; each announced by itself would be a round trip each."""
    session.add_all(records)
    session.flush()
    event_type = collection.event_type(fact)
    for record in records:
        outbox.record(
            session,
            event_type,
            record.id,
            collection.payload(record),
            version=record.version,
            unit_id=record.unit_id,
        )
