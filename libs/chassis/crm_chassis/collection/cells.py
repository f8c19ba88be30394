"""What the text of a cell in an imported file stands for, by the kind of its field or custom field.

A text that does not fit is left as it is: the field's own check says what is wrong with it. Lists, numbers and yes or
no may stand as an export writes them or as people do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from typing import Any
from uuid import UUID

import orjson
from marshmallow import Schema

from .. import errors, fields
from ..custom_fields import CustomField
from ..language import Pair, say

References = Mapping[str, Mapping[str, UUID]]
"""Field, or ``custom:<kind>`` for custom fields that name a record -> text -> id."""

NAMING = ("user", "customer")
"""The kinds of custom fields that name a record by something people know it by."""

_WHICH = {"true": True, "yes": True, "1": True, "是": True, "false": False, "no": False, "0": False, "否": False}
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_BETWEEN_CHOICES = re.compile(r"[;；,，、\n]")
_BETWEEN_TEXTS = re.compile(r"[,，]")
_MIDNIGHT = "T00:00:00"
_FULL_WIDTH = {0xFF01 + place: 0x21 + place for place in range(94)}  # as a Chinese keyboard writes digits and points
_INTEGER_LONGEST = 18  # what is longer is a fraction to JSON


def value_of(name: str, spec: fields.Field, cell: str) -> Any:
    """The JSON value that a cell of a built-in field stands for. Raises Invalid where a cell must hold JSON.

    An amount without a currency gets one by ``with_currency``.
    """
    crm = spec.metadata.get("crm", {})
    match crm.get("kind"):
        case "money":
            amount, _, currency = cell.partition(" ")
            found = {"amount": amount.replace(",", "")}
            return found | {"currency": currency} if currency else found
        case "integer":
            return _number(cell)
        case "decimal":
            return _digits(cell) or cell
        case "boolean":
            return _truth(cell)
        case "date":
            return _day(cell)
        case "texts" | "refs":
            return _parts(cell, _BETWEEN_TEXTS)
        case "rows" | "object":
            return _json(name, cell)
        case "choice":
            return _option(crm.get("options", ()), cell)
    return cell


def with_currency(schema: Schema, body: dict[str, Any], currency: Callable[[], str | None]) -> dict[str, Any]:
    """The body with its amounts of money in a currency where a cell names none.

    currency: asked for only then. Raises Invalid when it knows none.
    """
    bare = [name for name, value in body.items() if _is_bare_money(schema.fields.get(name), value)]
    if not bare:
        return body
    meant = currency()
    if meant is None:
        message = say("Write the amount with its currency, such as 12.30 CNY.")
        raise errors.Invalid(errors=[errors.entry(f"/{name}", "currency_missing", message) for name in bare])
    return body | {name: {**body[name], "currency": meant} for name in bare}


def _is_bare_money(spec: fields.Field | None, value: Any) -> bool:
    return isinstance(spec, fields.Money) and isinstance(value, dict) and "currency" not in value


def custom_values(defined: Iterable[CustomField], custom: Mapping[str, Any], references: References) -> dict[str, Any]:
    """The values that the cells of custom columns stand for where these definitions hold.

    Raises Invalid for a user or a customer who is not there. A key nobody defined is left to ``custom_fields.checked``.
    """
    known = {row.key: row for row in defined if row.kind != "options"}
    return {
        key: _custom_value(known[key], value, references) if key in known and isinstance(value, str) else value
        for key, value in custom.items()
    }


def _custom_value(row: CustomField, cell: str, references: References) -> Any:
    match row.kind:
        case "number":
            return _number(cell)
        case "boolean":
            return _truth(cell)
        case "date":
            return _day(cell)
        case "choice":
            return _option(row.options, cell)
        case "multi_choice":
            return _options(row.options, cell)
        case kind if f"custom:{kind}" in references and not _is_id(cell):
            return named(f"/custom/{row.key}", (row.label_zh, row.label_en), cell, references[f"custom:{kind}"])
    return cell


def named(pointer: str, label: Pair | str, cell: str, known: Mapping[str, UUID]) -> str:
    """The id of the record that a cell names. Raises Invalid when there is none for the caller."""
    if cell not in known:
        raise errors.field_error(
            pointer, "unknown", say("There is no {field} {value} for you.", field=label, value=cell)
        )
    return str(known[cell])


def _digits(cell: str) -> str | None:
    """The number in the cell without what groups its digits; None when it is none, or grouped in another manner.

    ``1,5`` is left alone: whether it is fifteen or one and a half is not for us to say.
    """
    text = cell.translate(_FULL_WIDTH).removeprefix("'")
    return text.replace(",", "") if _NUMBER.fullmatch(text) else None


def _number(cell: str) -> int | float | str:
    digits = _digits(cell)
    if digits is None:
        return cell
    if len(digits) <= _INTEGER_LONGEST and digits.lstrip("+-").isdecimal():
        return int(digits)
    found = float(digits)
    return found if isfinite(found) else cell


def _truth(cell: str) -> bool | str:
    return _WHICH.get(cell.lower(), cell)


def _day(cell: str) -> str:
    """A workbook's date is an instant, at midnight."""
    return cell.removesuffix(_MIDNIGHT)


def _option(options: Iterable[Mapping[str, Any]], cell: str) -> str:
    """A choice may be written as its value or as either label."""
    for option in options:
        if cell == option["value"] or cell in option["label"]:
            return str(option["value"])
    return cell


def _options(options: Sequence[Mapping[str, Any]], cell: str) -> list[Any]:
    whole = _option(options, cell)
    if any(option["value"] == whole for option in options):
        return [whole]  # its label may hold what stands between choices
    parts = _parts(cell, _BETWEEN_CHOICES)
    if not all(isinstance(part, str) for part in parts):
        return parts
    return list(dict.fromkeys(_option(options, part) for part in parts))


def _parts(cell: str, between: re.Pattern[str]) -> list[Any]:
    """A list as people write it, or as an export does."""
    if cell.startswith("["):
        try:
            found = orjson.loads(cell)
        except orjson.JSONDecodeError:
            found = None
        if isinstance(found, list):
            return found
    return [part.strip() for part in between.split(cell) if part.strip()]


def _json(name: str, cell: str) -> Any:
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError as error:
        raise errors.field_error(f"/{name}", "invalid", say("Write JSON in this cell.")) from error


def _is_id(cell: str) -> bool:
    try:
        return bool(UUID(cell))
    except ValueError:
        return False
