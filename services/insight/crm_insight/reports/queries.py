"""Reading the figures: grouped, summed, ranked, within the caller's scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from crm_chassis import errors, language, org, regions
from crm_chassis.identity import Principal
from crm_chassis.language import say
from crm_chassis.scope import units_below

from ..figures.models import CustomerFigure, Figure
from ..reach import may_learn, may_read, predicate
from ..records.models import KnownRecord
from .catalogue import Report, Sum, open_sums

Model = type[Figure] | type[CustomerFigure]

READ, EXPORT = "report:read", "report:export"


@dataclass(frozen=True)
class Asked:
    """What a caller wants to see of a report. Months are first days, both included."""

    group_by: str
    first: date | None = None
    last: date | None = None
    unit_id: UUID | None = None
    owner_id: UUID | None = None
    region_code: str | None = None
    level: str | None = None
    currency: str | None = None
    limit: int = 50


@dataclass
class Line:
    """One line of a report: the group's value (a unit, a month …), the currency and the sums by name."""

    key: Any
    currency: str | None
    sums: dict[str, Decimal]


@dataclass(frozen=True)
class Answer:
    """The lines in order, what the lines left out come to, and everything together, each by currency."""

    lines: list[Line]
    rest: list[Line]
    totals: list[Line]


def answer(
    session: Session, principal: Principal, report: Report, asked: Asked, *, permissions: Sequence[str] = (READ,)
) -> Answer:
    """Sum up a report for the caller: at most ``limit`` lines, the largest first (months in order), and the rest.

    permissions: what counts is what all of them reach. A sum of what is closed to the caller is in no line, and lines
    are not ranked by it. Raises Forbidden when nothing is left to show.
    """
    model: Model = CustomerFigure if asked.group_by == "customer" else Figure
    sums = _sums(report, asked.group_by, principal)
    if not sums:
        raise errors.Forbidden(say("Your roles close the fields that this report is made of."))
    order = report.order if report.order in sums else next(iter(sums))
    where = [
        model.measure.in_({each.measure for each in sums.values()}),
        *_conditions(principal, model, asked, permissions),
    ]
    totals = _lines(session, report, model, sums, where, None)
    grouped = _lines(session, report, model, sums, where, asked, order)
    if asked.group_by == "company":
        grouped = _by_company(grouped)
    lines = sorted(grouped, key=_order(order, asked))[: asked.limit]
    return Answer(lines, _rest(totals, lines), totals)


def _sums(report: Report, group: str, principal: Principal) -> dict[str, Sum]:
    sums = open_sums(report, lambda field: may_learn(principal, field))
    if group in report.split:
        return {name: Sum(report.split[group], each.label) for name, each in sums.items()}
    return sums


def _conditions(
    principal: Principal, model: Model, asked: Asked, permissions: Sequence[str]
) -> list[ColumnElement[bool]]:
    mine = model.owner_id == principal.user_id
    found = [predicate(principal.grants.get(permission), unit=model.unit_id, mine=mine) for permission in permissions]
    if asked.first:
        found.append(model.month >= asked.first)
    if asked.last:
        found.append(model.month <= asked.last)
    if asked.unit_id:
        found.append(units_below(frozenset({asked.unit_id}), model.unit_id))
    if asked.owner_id:
        found.append(model.owner_id == asked.owner_id)
    if asked.currency:
        found.append(model.currency == asked.currency)
    return found + _about_customers(model, asked)


def _about_customers(model: Model, asked: Asked) -> list[ColumnElement[bool]]:
    """Region (with all below: codes end in 00 above the lowest level) and level of the customer."""
    region = asked.region_code
    if issubclass(model, Figure):
        found = [regions.within(region, model.region_code)] if region else []
        return found + ([model.level == asked.level] if asked.level else [])
    state = KnownRecord.state
    wanted = [regions.within(region, state["region_code"].astext)] if region else []
    wanted += [state["level"].astext == asked.level] if asked.level else []
    if not wanted:
        return []
    return [model.customer_id.in_(select(KnownRecord.record_id).where(KnownRecord.resource == "customer", *wanted))]


def _lines(
    session: Session,
    report: Report,
    model: Model,
    sums: dict[str, Sum],
    where: list[Any],
    asked: Asked | None,
    order: str = "",
) -> list[Line]:
    """The lines of a group by, ranked by the sum ``order``, or of everything together when nothing is asked."""
    key = [_column(model, report, asked.group_by).label("key")] if asked else []
    keys = [*key, *([model.currency] if report.has_money else [])]
    values = {name: _value(model, each) for name, each in sums.items()}
    statement = select(*keys, *(value.label(name) for name, value in values.items())).where(*where)
    if keys:
        statement = statement.group_by(*keys)
    if asked and asked.group_by not in {"company", "month"}:
        statement = statement.order_by(values[order].desc(), *keys).limit(asked.limit)
    rows = session.execute(statement).mappings()
    found = [Line(row.get("key"), row.get("currency"), {name: Decimal(row[name]) for name in values}) for row in rows]
    return [line for line in found if any(line.sums.values())]


def _column(model: Model, report: Report, group: str) -> Any:
    if group in report.by_label:
        return model.label
    names = {
        "unit": "unit_id",
        "company": "unit_id",
        "owner": "owner_id",
        "region": "region_code",
        "customer": "customer_id",
    }
    return getattr(model, names.get(group, group))


def _value(model: Model, each: Sum) -> ColumnElement[Any]:
    chosen = model.measure == each.measure
    if each.label is not None:
        chosen = and_(chosen, model.label == each.label)
    return func.coalesce(func.sum(model.value).filter(chosen), 0)


def _by_company(lines: Iterable[Line]) -> list[Line]:
    tree, found = org.tree(), dict[tuple[Any, str | None], Line]()
    for line in lines:
        company = tree.company(line.key) if line.key else None
        kept = found.setdefault((company, line.currency), Line(company, line.currency, defaultdict(Decimal)))
        _add(kept, line)
    return list(found.values())


def _order(order: str, asked: Asked) -> Any:
    if asked.group_by == "month":
        return lambda line: (line.key, line.currency or "")
    return lambda line: (-line.sums[order], str(line.key), line.currency or "")


def _rest(totals: list[Line], lines: list[Line]) -> list[Line]:
    rest = []
    for total in totals:
        left = Line(None, total.currency, dict(total.sums))
        for line in lines:
            if line.currency == total.currency:
                _add(left, line, -1)
        if any(left.sums.values()):
            rest.append(left)
    return rest


def _add(line: Line, other: Line, sign: int = 1) -> None:
    for name, value in other.sums.items():
        line.sums[name] = line.sums.get(name, Decimal(0)) + sign * value


def names(session: Session, principal: Principal, group: str, keys: Iterable[Any]) -> dict[Any, str]:
    """What people call the groups, as far as the caller may know it."""
    wanted = {key for key in keys if key is not None}
    if not wanted:
        return {}
    if group in {"unit", "company"}:
        english = language.current() == language.ENGLISH
        column = func.coalesce(org.OrgUnit.name_en, org.OrgUnit.name) if english else org.OrgUnit.name
        rows = session.execute(select(org.OrgUnit.id, column).where(org.OrgUnit.id.in_(wanted)))
        return {unit_id: name for unit_id, name in rows}  # noqa: C416  rows are no pairs to mypy
    if group == "owner":
        return {user.id: user.display_name for user in org.users(session, wanted).values()}
    if group == "customer" and may_read(principal, "customer", "name"):
        return _customer_names(session, principal, wanted)
    return {}


def _customer_names(session: Session, principal: Principal, wanted: set[Any]) -> dict[Any, str]:
    mine = KnownRecord.people.contains([principal.user_id])
    seen = predicate(principal.grants.get("customer:read"), unit=KnownRecord.unit_id, mine=mine)
    named = select(KnownRecord.record_id, KnownRecord.state["name"].astext)
    rows = session.execute(named.where(KnownRecord.resource == "customer", KnownRecord.record_id.in_(wanted), seen))
    return {customer_id: name for customer_id, name in rows}  # noqa: C416  see above
