"""Fields that customers of this software define themselves, per unit and inherited down the tree.

The same rows hold the options of built-in choice fields (the data dictionary): a definition whose key is the name of
a dictionary field replaces that field's options for its unit and everything below.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from marshmallow import Schema, fields, validate
from sqlalchemy import Index, String, bindparam, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import clock, errors, files, ids, org, scope
from .language import Sentence, say
from .tables import ChassisBase

if TYPE_CHECKING:
    from .database import Record
    from .identity import Principal

KINDS = ("text", "number", "date", "choice", "multi_choice", "boolean", "user", "customer", "file", "options")
_TEXT_MAX = 2000
DEFINITIONS_MAX = 2000


class CustomField(ChassisBase):
    """One definition. options: ``[{"value", "label": [zh, en]}]``; kind ``options`` is a data dictionary entry."""

    __tablename__ = "custom_fields"
    __table_args__ = (Index("uq_custom_fields_key", "resource", "unit_id", "key", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    resource: Mapped[str] = mapped_column(String(60))
    unit_id: Mapped[UUID]
    key: Mapped[str] = mapped_column(String(40))
    label_zh: Mapped[str] = mapped_column(String(100))
    label_en: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(20))
    options: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    required: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)


class OptionSchema(Schema):
    """One option of a choice."""

    value = fields.String(required=True, validate=validate.Length(1, 60))
    label = fields.List(fields.String(validate=validate.Length(1, 100)), required=True, validate=validate.Length(2, 2))


class DefinitionSchema(Schema):
    """What POST and PATCH of a field take."""

    id = fields.UUID(dump_only=True)
    version = fields.Integer(dump_only=True)
    unit_id = fields.UUID()
    key = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,39}\Z"))
    label_zh = fields.String(required=True, validate=validate.Length(1, 100))
    label_en = fields.String(required=True, validate=validate.Length(1, 100))
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    options = fields.List(fields.Nested(OptionSchema), validate=validate.Length(max=500))
    required = fields.Boolean(truthy={True}, falsy={False})
    position = fields.Integer(strict=True, validate=validate.Range(0, 10_000))
    active = fields.Boolean(truthy={True}, falsy={False})


def definitions(session: Session, resource: str, unit_id: UUID) -> list[CustomField]:
    """The active definitions that hold for a record of the unit: its own and those of every unit above, in order.

    Where a unit below defines a key again, its definition wins. Read once per transaction.
    """
    known: dict[tuple[str, UUID], list[CustomField]] = session.info.setdefault("custom_fields", {})
    if (resource, unit_id) not in known:
        known[resource, unit_id] = _read(session, resource, unit_id)
    return known[resource, unit_id]


_HOLDING = (
    select(CustomField)
    .where(
        CustomField.resource == bindparam("resource"),
        CustomField.unit_id.in_(bindparam("path", expanding=True)),
        CustomField.active,
    )
    .order_by(CustomField.position, CustomField.key)
)


def _read(session: Session, resource: str, unit_id: UUID) -> list[CustomField]:
    path = org.tree().ancestors(unit_id)
    rows = session.scalars(_HOLDING, {"resource": resource, "path": path}).all()
    nearest = {row.key: row for row in sorted(rows, key=lambda row: -path.index(row.unit_id))}
    return [row for row in rows if nearest[row.key] is row]


def manageable(session: Session, resource: str, principal: Principal) -> list[CustomField]:
    """Every definition, active or retired, in a unit that the caller's ``configure`` reaches: by unit, then in order."""
    reached = scope.units_reached(principal, f"{resource}:configure", CustomField.unit_id)
    wanted = select(CustomField).where(CustomField.resource == resource, reached)
    ordered = wanted.order_by(CustomField.unit_id, CustomField.position, CustomField.key)
    return list(session.scalars(ordered.limit(DEFINITIONS_MAX)))


def keys_of_kind(session: Session, resource: str, kind: str, among: Iterable[str]) -> set[str]:
    """Which of these keys are defined as this kind in any unit."""
    wanted = CustomField.resource == resource, CustomField.kind == kind, CustomField.key.in_(among)
    return set(session.scalars(select(CustomField.key).where(*wanted, CustomField.active)))


def keys_defined(session: Session, resource: str, among: Iterable[str]) -> set[str]:
    """Which of these keys are, or once were, custom fields in any unit."""
    wanted = CustomField.resource == resource, CustomField.kind != "options", CustomField.key.in_(among)
    return set(session.scalars(select(CustomField.key).where(*wanted)))


def checked(
    found: Iterable[CustomField], values: dict[str, Any], *, before: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The custom values to store: ``before`` with the new ones merged in; null removes one.

    Raises Invalid for an unknown key, a missing required field or a value that does not fit its kind.
    """
    known = {row.key: row for row in found if row.kind != "options"}
    problems: list[errors.FieldError] = []
    merged = {**(before or {})}
    for key, value in values.items():
        if key not in known:
            problems.append(_problem(key, "unknown_field", say("There is no such custom field in this unit.")))
        elif value is None:
            merged.pop(key, None)
        elif message := _mismatch(known[key], value):
            problems.append(_problem(key, "invalid", message))
        else:
            merged[key] = value
    problems += [
        _problem(key, "required", say("Fill in this field."))
        for key, row in known.items()
        if row.required and merged.get(key) in (None, "", [])
    ]
    if problems:
        raise errors.Invalid(errors=problems)
    return merged


def keep_files(session: Session, record: Record, *, before: dict[str, Any] | None = None) -> None:
    """Make the files that a flushed record's custom fields newly name its own, so that who sees it can download them.

    Raises Invalid for a file that is not there, belongs to another record, or was uploaded by somebody else.
    """
    for row in definitions(session, record.__resource__, record.unit_id):
        named = record.custom.get(row.key) if row.kind == "file" else None
        if named is None or named == (before or {}).get(row.key):
            continue
        file = files.adoptable(session, UUID(named), record.__resource__, record.id)
        if file is None:
            raise errors.Invalid(errors=[_problem(row.key, "unknown", say("Upload the file first."))])
        file.record_id = record.id


def _problem(key: str, code: str, message: Sentence) -> errors.FieldError:
    return errors.entry(f"/custom/{key}", code, message)


def _mismatch(row: CustomField, value: Any) -> Sentence | None:
    allowed = {option["value"] for option in row.options}
    match row.kind:
        case "text":
            fits, wish = isinstance(value, str) and len(value) <= _TEXT_MAX and "\x00" not in value, say("Write text.")
        case "number":
            fits, wish = isinstance(value, (int, float)) and not isinstance(value, bool), say("Write a number.")
        case "boolean":
            fits, wish = isinstance(value, bool), say("Write true or false.")
        case "date":
            fits, wish = _is_date(value), say("Write a date such as 2026-11-21.")
        case "choice":
            fits, wish = _is_one_of(allowed, value), say("Write one of the options.")
        case "multi_choice":
            fits, wish = (
                isinstance(value, list) and all(_is_one_of(allowed, item) for item in value),
                say("Write a list of the options."),
            )
        case _:
            fits, wish = _is_uuid(value), say("Write an id.")
    return None if fits else wish


def _is_one_of(allowed: set[str], value: Any) -> bool:
    return isinstance(value, str) and value in allowed


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False
