"""Creating and changing records: validation, placement in the tree, field access, the slice's own action, the event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import Schema
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_contracts.permissions import permission_label

from .. import clock, custom_fields, errors, fields, org
from ..http import load
from ..identity import Principal, current_principal
from ..language import say
from .declaration import Collection, Verb


def get(
    session: Session, collection: Collection, record_id: UUID, *, lock: bool = False, with_deleted: bool = False
) -> Any:
    """The record, when the caller may see it. Raises NotFound. ``lock`` keeps others from changing it meanwhile."""
    statement = select(collection.model).where(collection.model.id == record_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    record = session.scalar(statement.execution_options(with_deleted=with_deleted))
    if record is None:
        raise errors.NotFound(say("There is no such record in {resource} for you.", resource=collection.label))
    return record


def get_for(
    session: Session, collection: Collection, record_id: UUID, permission: str, *, with_deleted: bool = False
) -> Any:
    """The record, locked, when the caller may see it (else NotFound) and the permission reaches it (else Forbidden)."""
    record = get(session, collection, record_id, lock=True, with_deleted=with_deleted)
    principal = current_principal()
    if not principal.covers(permission, record):
        raise errors.Forbidden(
            say("{permission} of your roles does not reach this record.", permission=permission_label(permission))
        )
    return record


def create(session: Session, collection: Collection, body: dict[str, Any]) -> Any:
    """Validate and create a record for the caller, and publish its event. Raises Invalid, Forbidden."""
    values = checked(session, collection, body)
    return store(session, collection, values)


def checked(session: Session, collection: Collection, body: dict[str, Any]) -> dict[str, Any]:
    """The values to create a record with: validated, placed in a unit, owned, custom fields checked."""
    principal = current_principal()
    refuse_closed(collection, body, principal)
    values = load(collection.loader, body)
    values.setdefault("unit_id", collection.pool_unit(principal))
    _place(collection, principal, values["unit_id"], "create")
    values["owner_id"] = _owner(session, collection, values)
    found = custom_fields.definitions(session, collection.resource, values["unit_id"])
    values["custom"] = custom_fields.checked(found, values.get("custom") or {})
    return _columns(collection.loader, values)


def store(session: Session, collection: Collection, values: dict[str, Any]) -> Any:
    """Create a record from checked values by the slice's action, or plainly, and publish its event."""
    if collection.create:
        record = collection.create(session, values)
    else:
        record = collection.model(**values)
        session.add(record)
    session.flush()
    if values.get("custom"):
        custom_fields.keep_files(session, record)
    collection.announce_if_known(session, record, "created")
    return record


def change(session: Session, collection: Collection, record: Any, body: dict[str, Any]) -> Any:
    """Apply a merge patch to a locked record and publish its event. Raises Invalid, Forbidden, StateConflict.

    Another owner comes first, by the collection's verb ``assign`` if that names one, with whatever it asks and tells.
    """
    principal = current_principal()
    refuse_locked(collection, record)
    refuse_closed(collection, body, principal)
    values, custom = load(collection.loader, body, partial=True), record.custom
    _move(session, collection, record, values)
    if not values:
        return record
    if "custom" in values:
        found = custom_fields.definitions(session, collection.resource, record.unit_id)
        values["custom"] = custom_fields.checked(found, values["custom"], before=record.custom)
    values = _columns(collection.loader, values)
    before = record.version  # an action that asks the database something flushes what it changed so far
    if collection.update:
        collection.update(session, record, values)
    else:
        assign(record, values)
    session.flush()
    if "custom" in values:
        custom_fields.keep_files(session, record, before=custom)
    if record.version != before:
        collection.announce_if_known(session, record, "changed")
    return record


def assign(record: Any, values: dict[str, Any]) -> None:
    """Set the columns of a record."""
    for name, value in values.items():
        setattr(record, name, value)


def refuse_locked(collection: Collection, record: Any) -> None:
    """Raises StateConflict when the record's state forbids editing."""
    reason = collection.locked(record)
    if reason:
        raise errors.StateConflict(reason)


def remove(session: Session, collection: Collection, record: Any) -> None:
    """Hide the record, do what the slice's action adds to that, and publish its event."""
    refuse_locked(collection, record)
    record.deleted_at = clock.now()
    if collection.remove:
        collection.remove(session, record)
    collection.announce_if_known(session, record, "deleted")


def restore(session: Session, collection: Collection, record: Any) -> Any:
    """Bring a deleted record back. Raises StateConflict when it is not deleted, or its place is taken."""
    if record.deleted_at is None:
        raise errors.StateConflict(say("This record is not deleted."))
    if collection.revive:
        collection.revive(session, record)
    record.deleted_at = None
    collection.announce_if_known(session, record, "changed")
    session.flush()
    return record


def refuse_closed(collection: Collection, body: Mapping[str, Any], principal: Principal) -> None:
    """Raises Invalid for each field, custom ones too, that the body names and the caller's roles close in any way."""
    closed = collection.access(principal).unwritable(body)
    if closed:
        message = say("Your roles do not let you write this field.")
        raise errors.Invalid(errors=[errors.entry(pointer, "read_only", message) for pointer in closed])


def _place(collection: Collection, principal: Principal, unit_id: UUID, action: str) -> None:
    if not principal.reaches_unit(f"{collection.resource}:{action}", unit_id):
        raise errors.field_error("/unit_id", "out_of_scope", say("Choose a unit that your roles reach."))


def _owner(session: Session, collection: Collection, values: dict[str, Any]) -> UUID | None:
    principal = current_principal()
    owner: UUID | None = values.get("owner_id", principal.user_id)
    if owner != principal.user_id:
        _check_owner(session, collection, owner, unit_id=values["unit_id"])
    return owner


def _move(session: Session, collection: Collection, record: Any, values: dict[str, Any]) -> None:
    """Check another unit and another owner; the values keep what is still to be written of them."""
    if values.get("unit_id", record.unit_id) != record.unit_id:
        _place(collection, current_principal(), values["unit_id"], "update")
    else:
        values.pop("unit_id", None)  # a new owner may take the record to another unit
    if values.get("owner_id", record.owner_id) == record.owner_id:
        return
    verb = next((verb for verb in collection.verbs if verb.name == "assign"), None)
    if verb and verb.run and verb.body and "owner_id" in verb.body().fields:
        _give(session, collection, record, verb, values.pop("owner_id"))
    else:
        unit_id = values.get("unit_id", record.unit_id)
        _check_owner(session, collection, values["owner_id"], unit_id=unit_id, record=record)


def _give(session: Session, collection: Collection, record: Any, verb: Verb, owner_id: UUID | None) -> None:
    if not any(map(current_principal().may, _giving(collection))):
        raise _not_yours_to_give()
    if owner_id is None and any(other.name == "release" for other in collection.verbs):
        raise errors.field_error(
            "/owner_id", "required", say("Use the verb `release`, which asks for the reason, to leave it to nobody.")
        )
    assert verb.run is not None
    assert verb.body is not None
    verb.run(session, record.id, **load(verb.body(), {"owner_id": owner_id}))


def _giving(collection: Collection) -> list[str]:
    """The permissions that let a caller choose who owns a record."""
    return [f"{collection.resource}:assign", f"{collection.resource}:configure"]


def _check_owner(
    session: Session, collection: Collection, owner_id: UUID | None, *, unit_id: UUID, record: Any = None
) -> None:
    """Raises Invalid unless the caller may give a record in the unit to the owner, None being nobody.

    That is an active user of a unit that the caller's permission reaches, or of one above the record's.
    record: the one that changes hands, None for a new one.
    """
    principal = current_principal()
    held = [
        permission
        for permission in _giving(collection)
        if (principal.covers(permission, record) if record is not None else principal.reaches_unit(permission, unit_id))
    ]
    if not held:
        raise _not_yours_to_give()
    if owner_id is None:
        return
    user = org.users(session, {owner_id}).get(owner_id)
    if user is None or not user.active:
        raise errors.field_error("/owner_id", "unknown", say("Choose a user who is active."))
    within = any(principal.reaches_unit(permission, user.unit_id) for permission in held)
    if not within and user.unit_id not in org.tree().ancestors(unit_id):
        raise errors.field_error("/owner_id", "out_of_scope", say("Choose a user of a unit that your roles reach."))


def _not_yours_to_give() -> errors.Invalid:
    return errors.field_error("/owner_id", "out_of_scope", say("Only who may assign can choose another owner."))


def _columns(schema: Schema, values: dict[str, Any]) -> dict[str, Any]:
    """Values as the model's columns take them: money becomes its amount and the record's currency."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(schema.fields.get(name), fields.Money):
            found[name] = value["amount"] if value else None
            if value:
                _same_currency(found, name, value["currency"])
        else:
            found[name] = value
    return found


def _same_currency(found: dict[str, Any], name: str, currency: str) -> None:
    if found.setdefault("currency", currency) != currency:
        raise errors.field_error(f"/{name}/currency", "currency_mixed", say("One record has one currency."))
