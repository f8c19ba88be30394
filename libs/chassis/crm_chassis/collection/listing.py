"""Lists: filters, sorting, keyset pages with signed cursors, counts, and the ``q`` search."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import orjson
from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import ValidationError
from marshmallow import fields as ma
from sqlalchemy import ARRAY, ColumnElement, Numeric, Select, String, and_, case, cast, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from .. import custom_fields, errors, fields, regions, text_search
from ..database import system_transaction
from ..http import plain
from ..identity import Principal, principal_or_none
from ..language import Sentence, say
from ..scope import units_below
from ..service import current_runtime
from .declaration import Collection

LIMIT_MAX, LIMIT_DEFAULT = 200, 50
VALUES_IN_URL, VALUES_IN_BODY = 200, 2000
"""How many values ``__in`` takes. A filter travels on in the event of an export, which is why it is no more."""
COUNT_MAX = 10_000
SORT_MAX = 3
_RESERVED = frozenset({"sort", "limit", "cursor", "fields", "q", "count"})
_CUSTOM = "custom."
_OPERATORS = ("ne", "in", "gte", "lte", "contains", "isnull", "under")


@dataclass(frozen=True)
class Asked:
    """A list request, read and checked."""

    conditions: list[ColumnElement[bool]]
    sort: list[tuple[str, bool]]
    limit: int
    after: list[Any] | None
    count: bool
    only: frozenset[str] | None
    fingerprint: str = ""


def problem(name: str, message: Sentence, code: str = "invalid") -> errors.Invalid:
    """An Invalid about one query parameter."""
    return errors.Invalid(errors=[errors.entry(f"?{name}", code, message)])


def asked(collection: Collection, args: Mapping[str, str], *, values_most: int = VALUES_IN_URL) -> Asked:
    """Read the query string of a list. Raises Invalid for unknown names and values that do not fit.

    values_most: how many values ``__in`` takes; a filter that came in a body may name VALUES_IN_BODY.
    """
    principal = principal_or_none()
    filters = [name for name in args if name not in _RESERVED]
    _check_many(args, filters, values_most)
    _check_custom(collection, filters)
    conditions = [condition(collection, name, args[name], principal) for name in filters]
    if args.get("q", "").strip():
        conditions += _search(collection, _clean("q", args["q"]), principal)
    sort = _sort(collection, args.get("sort"), principal)
    bound = orjson.dumps(sorted((k, v) for k, v in args.items() if k not in {"cursor", "limit", "count", "fields"}))
    fingerprint = hashlib.sha256(collection.name.encode() + bound).hexdigest()[:16]
    return Asked(
        conditions=conditions,
        sort=sort,
        limit=_limit(args.get("limit")),
        after=_after(args.get("cursor"), fingerprint, collection, sort),
        count=_yes("count", args.get("count", "false")),
        only=_only(collection, args["fields"].split(",")) if args.get("fields") else None,
        fingerprint=fingerprint,
    )


def _only(collection: Collection, names: list[str]) -> frozenset[str]:
    """The fields asked for and the id. One with a question mark behind it may be none of this collection."""
    known = {name for name, _ in collection.getters} | {"can"}
    wanted = {name.strip() for name in names}
    unknown = sorted(name for name in wanted if not name.endswith("?") and name not in known)
    if unknown:
        raise problem("fields", say("There is no field {name}.", name=unknown[0] or "''"), "unknown_field")
    return frozenset(name.removesuffix("?") for name in wanted) | {"id"}


def page(session: Session, collection: Collection, wanted: Asked, base: Select[Any] | None = None) -> dict[str, Any]:
    """One page: ``items``, ``next_cursor`` and, when asked for, ``total`` (exact up to 10,000)."""
    statement = (select(collection.model) if base is None else base).where(*wanted.conditions)
    answer: dict[str, Any] = {}
    if wanted.count:
        answer |= _total(session, statement, collection)
    rows = list(session.scalars(_paged(statement, collection, wanted)).all())
    more, rows = len(rows) > wanted.limit, rows[: wanted.limit]
    items = [collection.shown(row, wanted.only) for row in rows]
    return {"items": items, "next_cursor": _cursor(wanted, rows[-1]) if more else None, **answer}


def _search(collection: Collection, query: str, principal: Principal | None) -> list[ColumnElement[bool]]:
    """What ``q`` finds, by columns whose content the caller may learn; the index alone does when that is all of them."""
    model, access = collection.model, collection.access(principal)
    searched = getattr(model, "__search__", ())
    # What is private may lie outside the caller's units: only the record's own predicate can narrow it.
    near = None if model.__private__ else principal
    found = [model.id.in_(text_search.found_ids(collection.resource, query, near))]
    shown = [name for name in searched if not access.closes(name)]
    if len(shown) < len(searched):
        found.append(text_search.found_within(model, shown, query))
    return found


def _total(session: Session, statement: Select[Any], collection: Collection) -> dict[str, Any]:
    counted = statement.with_only_columns(collection.model.id).limit(COUNT_MAX + 1).subquery()
    total = session.scalar(select(func.count()).select_from(counted)) or 0
    return {"total": COUNT_MAX, "total_capped": True} if total > COUNT_MAX else {"total": total}


def _paged(statement: Select[Any], collection: Collection, wanted: Asked) -> Select[Any]:
    model = collection.model
    order = []
    for name, descending in wanted.sort:
        column = getattr(model, name)
        ordered = column.desc() if descending else column.asc()
        order.append(ordered.nulls_last() if _nullable(model, name) else ordered)
    if wanted.after is not None:
        statement = statement.where(_beyond(model, wanted.sort, wanted.after))
    return statement.order_by(*order).limit(wanted.limit + 1)


def _beyond(model: type[Any], sort: list[tuple[str, bool]], after: list[Any]) -> ColumnElement[bool]:
    """Rows after the last one of the previous page; a row comparison where an index can serve it."""
    directions = {descending for _name, descending in sort}
    columns = [getattr(model, name) for name, _ in sort]
    if len(directions) == 1 and not any(_nullable(model, name) for name, _ in sort):
        row, last = tuple_(*columns), tuple_(*after)
        return row < last if directions == {True} else row > last
    either: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for (name, descending), column, value in zip(sort, columns, after, strict=True):
        if value is None:
            same.append(column.is_(None))
            continue
        step = column < value if descending else column > value
        if _nullable(model, name):
            step = or_(step, column.is_(None))
        either.append(and_(*same, step))
        same.append(column == value)
    return or_(*either)


def _nullable(model: type[Any], name: str) -> bool:
    return bool(model.__table__.c[name].nullable)


def _sort(collection: Collection, raw: str | None, principal: Principal | None) -> list[tuple[str, bool]]:
    allowed = sortable(collection, principal)
    names = raw.split(",") if raw else default_sort(collection, allowed)
    found: list[tuple[str, bool]] = []
    for item in names:
        name = item.removeprefix("-").strip()
        if name not in allowed:
            raise problem("sort", say("This list cannot be sorted by {name}.", name=name or "''"))
        found.append((name, item.startswith("-")))
    if len(found) > SORT_MAX:
        raise problem("sort", say("Sort by {most} fields at most.", most=SORT_MAX))
    return found if any(name == "id" for name, _ in found) else [*found, ("id", found[-1][1])]


def default_sort(collection: Collection, allowed: set[str]) -> list[str]:
    """The order of the list when nobody asks for one, as far as these fields allow."""
    return [item for item in collection.default_sort if item.removeprefix("-") in allowed] or ["-id"]


def sortable(collection: Collection, principal: Principal | None) -> set[str]:
    """The fields the caller may sort by: single-valued columns they may see."""
    columns, access = collection.model.__table__.c, collection.access(principal)
    names = {name for name, _ in collection.getters} | {"id"}
    return {
        name
        for name in names
        if name in columns and not isinstance(columns[name].type, (ARRAY, JSONB)) and not access.closes(name)
    }


def _limit(raw: str | None) -> int:
    if raw is None:
        return LIMIT_DEFAULT
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw) <= LIMIT_MAX:
        raise problem("limit", say("Write a number from 1 to {most}.", most=LIMIT_MAX))
    return int(raw)


def _yes(name: str, raw: str) -> bool:
    if raw not in {"true", "false"}:
        raise problem(name, say("Write true or false."))
    return raw == "true"


def _clean(name: str, raw: str) -> str:
    if "\x00" in raw or len(raw) > 200:
        raise problem(name, say("Search for 200 characters at most, without control characters."))
    return raw


def condition(collection: Collection, name: str, raw: str, principal: Principal | None) -> ColumnElement[bool]:
    """One filter, ``field``, ``field__operator`` or ``custom.key``, as a predicate. Raises Invalid."""
    if "\x00" in raw:
        raise problem(name, say("Remove the NUL character."))
    if name in collection.filters:
        return collection.filters[name](raw)
    base, _, operator = name.partition("__")
    if operator and operator not in _OPERATORS:
        raise problem(name, say("There is no filter operator {operator}.", operator=operator), "unknown_field")
    custom, columns = base.startswith(_CUSTOM), collection.model.__table__.c
    known = custom or (base in columns and base in dict(collection.getters))
    if not known or collection.access(principal).closes(base):
        raise problem(name, say("This list has no filter {name}.", name=base), "unknown_field")
    if custom:
        return _custom(collection, base.removeprefix(_CUSTOM), operator, raw)
    return _compare(collection, name, base, operator, raw)


def _check_many(args: Mapping[str, str], filters: list[str], most: int) -> None:
    for name in filters:
        if name.endswith("__in") and args[name].count(",") >= most:
            message = say("Name {most} values at most here, and the others in another call.", most=most)
            raise problem(name, message, "too_many")


def _check_custom(collection: Collection, filters: list[str]) -> None:
    """Raises Invalid for a custom field that nobody has defined, in whatever unit; of retired ones values may be left."""
    named = {name.partition("__")[0]: name for name in filters if name.startswith(_CUSTOM)}
    if not named:
        return
    with system_transaction() as session:
        known = custom_fields.keys_defined(session, collection.resource, (base.removeprefix(_CUSTOM) for base in named))
    for base, name in named.items():
        if base.removeprefix(_CUSTOM) not in known:
            raise problem(name, say("This list has no filter {name}.", name=base), "unknown_field")


def _compare(collection: Collection, name: str, base: str, operator: str, raw: str) -> ColumnElement[bool]:
    column, spec = getattr(collection.model, base), collection.loader.fields.get(base)
    if operator == "isnull":
        return column.is_(None) if _yes(name, raw) else column.is_not(None)
    if isinstance(column.type, ARRAY):
        return column.contains([_value(name, getattr(spec, "inner", None), raw)])
    if isinstance(column.type, JSONB):
        raise problem(name, say("This list has no filter {name}.", name=base), "unknown_field")
    match operator:
        case "in":
            return column.in_([_value(name, spec, part) for part in raw.split(",")])
        case "contains":
            if not isinstance(column.type, String):
                raise problem(name, say("`contains` works on text."))
            return column.icontains(raw, autoescape=True)
        case "under":
            return _under(name, spec, column, raw)
        case "gte":
            return column >= _value(name, spec, raw)
        case "lte":
            return column <= _value(name, spec, raw)
        case "ne":
            return column.is_distinct_from(_value(name, spec, raw))
    return column == _value(name, spec, raw)


def _under(name: str, spec: fields.Field | None, column: Any, raw: str) -> ColumnElement[bool]:
    """In the unit, or in the administrative region, or anywhere below it."""
    if fields.resource_of(spec) != "region":
        return units_below(frozenset({_value(name, spec, raw)}), column)
    if not regions.is_code(raw):
        raise problem(name, say("Write the six digits of a region's code, such as 310115."))
    return regions.within(raw, column)


def _value(name: str, spec: fields.Field | None, raw: str) -> Any:
    """The text of a filter as the field's type."""
    try:
        if isinstance(spec, ma.Boolean):
            return _yes(name, raw)
        if isinstance(spec, fields.Money):
            return Decimal(raw)
        if isinstance(spec, ma.Integer):
            return int(raw)
        if isinstance(spec, ma.Date):
            return ma.Date().deserialize(raw)  # a filter may look beyond the days that can be written
        if isinstance(spec, (ma.DateTime, ma.UUID, ma.Decimal)):
            return spec.deserialize(raw)
    except (ValidationError, ValueError, InvalidOperation) as error:
        raise problem(name, say("{value} is not a value of this field.", value=raw[:60])) from error
    return raw


def _custom(collection: Collection, key: str, operator: str, raw: str) -> ColumnElement[bool]:
    column = collection.model.custom
    as_text = column[key].astext
    match operator:
        case "":
            return or_(*(column.contains({key: value}) for value in _readings(raw)))
        case "isnull":
            return ~column.has_key(key) if _yes(key, raw) else column.has_key(key)
        case "contains":
            return as_text.icontains(raw, autoescape=True)
        case "in":
            return as_text.in_(raw.split(","))
        case "ne":
            return as_text.is_distinct_from(raw)
        case "gte" | "lte":
            left, right = _comparable(column[key], raw)
            return left >= right if operator == "gte" else left <= right
    raise problem(
        f"custom.{key}",
        say("There is no filter operator {operator} on custom fields.", operator=operator),
        "unknown_field",
    )


def _comparable(value: Any, raw: str) -> tuple[Any, Any]:
    """Both sides of a comparison: as numbers when the filter is one and the value too, else as text (dates)."""
    number = _number(raw)
    if number is None:
        return value.astext, raw
    return case((func.jsonb_typeof(value) == "number", cast(value.astext, Numeric))), number


def _number(raw: str) -> float | None:
    try:
        return float(raw)
    except ValueError:
        return None


def _readings(raw: str) -> list[Any]:
    """What a filter's text may mean in JSON: the text, a number, a truth value, or a member of a list."""
    readings: list[Any] = [raw, [raw]]
    if raw in {"true", "false"}:
        readings.append(raw == "true")
    number = _number(raw)
    if number is not None and abs(number) < 1e15:
        readings.append(int(number) if number.is_integer() else number)
    return readings


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_runtime().settings.signing_key or "unset", salt="cursor")


def _cursor(wanted: Asked, last: Any) -> str:
    values = [plain(getattr(last, name)) for name, _ in wanted.sort]
    return _serializer().dumps([wanted.fingerprint, values])


def _after(raw: str | None, fingerprint: str, collection: Collection, sort: list[tuple[str, bool]]) -> list[Any] | None:
    if raw is None:
        return None
    try:
        bound, values = _serializer().loads(raw)
    except BadSignature as error:
        raise problem("cursor", say("This cursor was not made by this list; start again without it.")) from error
    if bound != fingerprint:
        raise problem("cursor", say("The cursor belongs to another filter or order; start again without it."))
    columns = collection.model.__table__.c
    return [_typed(columns[name].type.python_type, value) for (name, _), value in zip(sort, values, strict=True)]


def _typed(kind: type[Any], value: Any) -> Any:
    if value is None or isinstance(value, (bool, int)):
        return value
    readers: dict[type[Any], Any] = {
        datetime: datetime.fromisoformat,
        date: date.fromisoformat,
        UUID: UUID,
        Decimal: Decimal,
    }
    return readers.get(kind, str)(value)
