"""Marshmallow fields with what a form and a list need to know about them: label in zh and en, group, options.

Each function answers a field for a schema; ``label`` is ``(zh, en)``. What is not required may be null. The metadata
key ``crm`` feeds ``/schema`` and ``kind`` names the field's type there.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

import phonenumbers
from marshmallow import Schema, ValidationError, fields, validate

from .language import Coded, Pair, say
from .mail_addresses import Undeliverable, deliverable

Label = Pair
Options = Sequence[tuple[str, str, str]]
"""Options of a choice: (value, zh, en)."""

Field = fields.Field[Any]
_ZONES = available_timezones()
_INT_MAX = 2_147_483_647
FIRST_DAY, LAST_DAY = datetime.date(1900, 1, 1), datetime.date(2199, 12, 31)
"""The days that a date may be written as."""


def _common(kind: str, label: Label, required: bool, group: str, more: dict[str, Any]) -> dict[str, Any]:
    crm = {"kind": kind, "label": label, "group": group, **more.pop("crm", {})}
    documented = more.pop("metadata", {})
    rules: dict[str, Any] = {"metadata": {"crm": crm, "description": label[1], **documented}, **more}
    if required:
        rules["required"] = True
    else:
        rules.setdefault("allow_none", True)
    return rules


class _Length(validate.Length):
    """A length that null has none of: a text of spaces becomes null before it is measured."""

    def __call__(self, value: Any) -> Any:
        return value if value is None else super().__call__(value)


class _Text(fields.String):
    """Text without control characters; surrounding space is dropped, and the empty text is null or refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", text):
            raise ValidationError(say("Remove control characters from this text."))
        text = text.strip()
        if not text and self.required:
            raise ValidationError(say("Write something here."))
        return text if text or not self.allow_none else None


def label_of(declared: Mapping[str, Any], name: str) -> Label | str:
    """What a field of a schema is called, for a sentence; its name where it has no label."""
    spec = declared.get(name)
    found: Label | None = spec.metadata.get("crm", {}).get("label") if spec else None
    return found or name


def resource_of(spec: Field | None) -> str | None:
    """The resource whose records, such as users or regions, the field's values name; None for other fields."""
    found: str | None = spec.metadata.get("crm", {}).get("resource") if spec else None
    return found


def text(label: Label, *, required: bool = False, longest: int = 200, group: str = "main", **more: Any) -> Field:
    """One line of text, ``longest`` characters at most."""
    length = _Length(min=1 if required else None, max=longest)
    return _Text(validate=length, **_common("text", label, required, group, more))


def long_text(label: Label, *, required: bool = False, group: str = "main", **more: Any) -> Field:
    """Several lines of text, 20,000 characters at most."""
    return text(label, required=required, longest=20_000, group=group, crm={"multiline": True}, **more)


class _Phone(_Text):
    """A telephone number, stored in international form (E.164) when it can be read as one of China or with a +."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        number = super()._deserialize(value, attr, data, **kwargs)
        if number is None:
            return None
        try:
            parsed = phonenumbers.parse(number, "CN")
        except phonenumbers.NumberParseException as error:
            raise ValidationError(
                say("Write a telephone number, such as 010-88886666 or +86 138 0013 8000.")
            ) from error
        if not phonenumbers.is_possible_number(parsed):
            raise ValidationError(say("This telephone number is too short or too long."))
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def phone(label: Label, **more: Any) -> Field:
    """A telephone number."""
    group = more.pop("group", "main")
    return _Phone(validate=_Length(max=40), **_common("phone", label, False, group, more))


class _Deliverable(validate.Validator):
    """An address that every mail server takes. What is no address at all is left to marshmallow's own rule."""

    def __call__(self, value: Any) -> Any:
        if value is not None and "@" in value:
            try:
                deliverable(value)
            except Undeliverable as error:
                raise ValidationError(error.reason) from error
        return value


def email(label: Label, **more: Any) -> Field:
    """An e-mail address to which mail can be sent; its domain may be written in any script."""
    group = more.pop("group", "main")
    rules = [_Length(max=254), _Deliverable()]
    return fields.Email(validate=rules, **_common("email", label, False, group, more))


def url(label: Label, **more: Any) -> Field:
    """A web address."""
    group = more.pop("group", "main")
    return fields.Url(schemes={"http", "https"}, validate=_Length(max=500), **_common("url", label, False, group, more))


def _known_zone(name: str | None) -> None:
    if name is not None and name not in _ZONES:
        raise ValidationError(say("Write an IANA time zone such as Asia/Shanghai."))


def time_zone(label: Label, **more: Any) -> Field:
    """A time zone by its IANA name."""
    return _Text(validate=[_Length(max=60), _known_zone], **_common("text", label, False, "main", more))


def integer(
    label: Label, *, least: int = 0, most: int = _INT_MAX, required: bool = False, group: str = "main", **more: Any
) -> Field:
    """A whole number between ``least`` and ``most``."""
    return fields.Integer(
        strict=True, validate=validate.Range(least, most), **_common("integer", label, required, group, more)
    )


class _Decimal(fields.Decimal):
    """A decimal number that travels as a string, so that no digit is lost on the way."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool):
            raise ValidationError(say("Write a number."))
        return super()._deserialize(value, attr, data, **kwargs)


def decimal(
    label: Label,
    *,
    places: int = 2,
    least: str = "0",
    most: str = "9999999999999",
    required: bool = False,
    group: str = "main",
    **more: Any,
) -> Field:
    """A decimal number as a string, rounded to ``places``."""
    pattern = {"metadata": {"type": "string", "pattern": rf"^[0-9]{{1,10}}(\.[0-9]{{1,{places}}})?$"}}
    return _Decimal(
        places=places,
        as_string=True,
        allow_nan=False,
        validate=validate.Range(Decimal(least), Decimal(most)),
        **_common("decimal", label, required, group, {**pattern, **more}),
    )


class _MoneySchema(Schema):
    amount = _Decimal(
        required=True,
        places=2,
        as_string=True,
        validate=validate.Range(Decimal(0), Decimal(9999999999999)),
        metadata={"type": "string", "pattern": r"^[0-9]{1,13}(\.[0-9]{1,2})?$"},
    )
    currency = fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Z]{3}\Z", error=say("Write an ISO 4217 code such as CNY.")),
        metadata={"pattern": "^[A-Z]{3}$"},
    )


class _Whole(fields.Nested):
    """A nested object that is always given whole: a merge patch of the record replaces it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, partial: Any = None, **kwargs: Any) -> Any:
        del partial  # a merge patch makes the record's own fields optional, not those of the objects within
        return super()._deserialize(value, attr, data, partial=False, **kwargs)


class Money(_Whole):
    """``{"amount", "currency"}`` over two columns of a record: the amount's own and ``currency``."""

    def __init__(self, **rules: Any) -> None:
        super().__init__(_MoneySchema, **rules)


def money(label: Label, *, required: bool = False, group: str = "main", **more: Any) -> Field:
    """An amount of money in the record's currency. The model has a column of the same name and ``currency``."""
    return Money(**_common("money", label, required, group, more))


class _Day(fields.Date):
    """A day of our time: one far outside is a slip of the pen, and leaves no room to count months or terms from it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        day = super()._deserialize(value, attr, data, **kwargs)
        if not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(say("Choose a day from {first} to {last}.", first=FIRST_DAY, last=LAST_DAY))
        return day


def date(label: Label, *, required: bool = False, group: str = "main", **more: Any) -> Field:
    """A calendar date, ISO 8601, from ``FIRST_DAY`` to ``LAST_DAY``."""
    return _Day(**_common("date", label, required, group, more))


class _Moment(fields.AwareDateTime):
    """An instant; PostgreSQL's and everybody's calendar begins well after year 1900."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        from datetime import UTC

        moment = super()._deserialize(value, attr, data, **kwargs)
        try:
            return moment.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError(say("This instant is outside the calendar.")) from error


def moment(label: Label, *, required: bool = False, group: str = "main", **more: Any) -> Field:
    """An instant, RFC 3339 with an offset; kept in UTC."""
    return _Moment(format="iso", **_common("datetime", label, required, group, more))


def boolean(label: Label, *, group: str = "main", **more: Any) -> Field:
    """Yes or no."""
    more.setdefault("allow_none", False)
    return fields.Boolean(truthy={True}, falsy={False}, **_common("boolean", label, False, group, more))


def choice(label: Label, options: Options, *, required: bool = False, group: str = "main", **more: Any) -> Field:
    """One of the options, by value."""
    values = [value for value, _zh, _en in options]
    wanted = say("Must be one of: {options}.", options=[Coded(zh, value) for value, zh, _en in options])
    more.setdefault("crm", {"options": [{"value": v, "label": (zh, en)} for v, zh, en in options]})
    return fields.String(
        validate=validate.OneOf(values, error=wanted), **_common("choice", label, required, group, more)
    )


def ref(label: Label, resource: str, *, required: bool = False, group: str = "main", **more: Any) -> Field:
    """The id of a record of another resource (``customer``, ``user``, ``org_unit`` …)."""
    more.setdefault("crm", {"resource": resource})
    return fields.UUID(**_common("ref", label, required, group, more))


def refs(label: Label, resource: str, *, longest: int = 100, group: str = "main", **more: Any) -> Field:
    """A list of ids of another resource."""
    more.setdefault("crm", {"resource": resource})
    more.setdefault("allow_none", False)
    return fields.List(fields.UUID(), validate=_Length(max=longest), **_common("refs", label, False, group, more))


def texts(label: Label, *, longest: int = 50, group: str = "main", **more: Any) -> Field:
    """A list of short texts, such as tags."""
    more.setdefault("allow_none", False)
    item = _Text(required=True, validate=_Length(min=1, max=60))
    return fields.List(item, validate=_Length(max=longest), **_common("texts", label, False, group, more))


def rows(label: Label, schema: type[Schema], *, longest: int = 200, group: str = "main", **more: Any) -> Field:
    """A list of nested objects, such as the lines of an order; ``required=True`` asks for at least one."""
    required = bool(more.pop("required", False))
    more.setdefault("allow_none", False)
    return fields.List(
        _Whole(schema),
        validate=_Length(min=1 if required else None, max=longest),
        **_common("rows", label, required, group, more),
    )


def obj(label: Label, *, group: str = "main", **more: Any) -> Field:
    """A free JSON object."""
    more.setdefault("allow_none", False)
    return fields.Dict(keys=fields.String(), **_common("object", label, False, group, more))
