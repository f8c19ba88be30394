"""What a collection is, and how its records look from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema
from marshmallow import fields as ma
from sqlalchemy.orm import Session

from crm_contracts.events import REGISTRY

from .. import fields, org, outbox
from ..database import Record
from ..http import json_response, plain
from ..identity import Principal, principal_or_none
from ..language import Sentence
from ..money import money
from ..service import current_runtime
from .access import HIDDEN, Access


class RecordSchema(Schema):
    """The fields every record has; a collection's schema derives from it."""

    class Meta:
        """Fields keep the order in which they are written."""

        ordered = True

    id = ma.UUID(dump_only=True, metadata={"crm": {"kind": "id", "label": ("标识", "Id"), "group": "system"}})
    version = ma.Integer(
        dump_only=True, metadata={"crm": {"kind": "integer", "label": ("版本", "Version"), "group": "system"}}
    )
    unit_id = fields.ref(("组织", "Unit"), "org_unit", group="system", allow_none=False)
    owner_id = fields.ref(("负责人", "Owner"), "user", group="system")
    created_at = fields.moment(("创建时间", "Created"), group="system", dump_only=True)
    created_by = fields.ref(("创建人", "Created by"), "user", group="system", dump_only=True)
    updated_at = fields.moment(("更新时间", "Updated"), group="system", dump_only=True)
    updated_by = fields.ref(("更新人", "Updated by"), "user", group="system", dump_only=True)
    custom = fields.obj(("自定义字段", "Custom fields"), group="custom")
    tags = fields.texts(("标签", "Tags"))


@dataclass(frozen=True)
class Verb:
    """A business verb, so that ``can`` lists it and bulk may run it; its route is written by hand.

    when: whether the record's state allows it now. run: ``(session, record_id, **body)``, None when bulk has no use
    for it.
    """

    name: str
    permission: str
    when: Callable[[Any], bool] = lambda _record: True
    body: type[Schema] | None = None
    run: Callable[..., Any] | None = None


@dataclass(frozen=True, eq=False)
class Collection:
    """A uniform collection of records.

    name: its path below /api/v1. subject: the word in its event types, empty for none; whichever of created, changed
    and deleted the registry knows are published. create/update/remove: the slice's actions where the plain write is
    not enough: ``create(session, values) -> record``, ``update(session, record, values)``, ``remove(session, record)``.
    revive: ``(session, record)``, asked before a deleted record comes back; raises what forbids that.
    computed: field -> function(record), for values that are no columns. frozen: methods left out (``create``,
    ``update``, ``delete``, ``import``). locked: record -> reason why it may not be edited or deleted now, or None.
    late_files: whether a locked record still takes files, such as an order its delivery note; it gives none away.
    shows_once: computed fields that hold a secret in the answer that made it and null ever after.
    import_keys: fields an import may match existing records by. import_within: the reference field, such as a contact's
    customer, within which such a key is looked for. lookups: reference field -> function(session, texts)
    -> {text: id}, so that a file may name a customer by its code. filters: extra filter -> function(value) ->
    predicate.
    """

    name: str
    model: type[Any]
    schema: type[Schema]
    label: tuple[str, str]
    subject: str = ""
    create: Callable[[Session, dict[str, Any]], Any] | None = None
    update: Callable[[Session, Any, dict[str, Any]], None] | None = None
    remove: Callable[[Session, Any], None] | None = None
    revive: Callable[[Session, Any], None] | None = None
    locked: Callable[[Any], Sentence | None] = lambda _record: None
    late_files: bool = False
    computed: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    shows_once: tuple[str, ...] = ()
    verbs: Sequence[Verb] = ()
    frozen: frozenset[str] = frozenset()
    default_sort: tuple[str, ...] = ("-created_at",)
    import_keys: tuple[str, ...] = ()
    import_within: str = ""
    lookups: Mapping[str, Callable[[Session, set[str]], Mapping[str, UUID]]] = field(default_factory=dict)
    filters: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)

    @property
    def resource(self) -> str:
        """The permission's resource, such as ``customer``."""
        return str(self.model.__resource__)

    @property
    def bulk_verbs(self) -> list[Verb]:
        """The verbs that can be done to many records at once."""
        return [verb for verb in self.verbs if verb.run]

    @property
    def takes_bulk(self) -> bool:
        """Whether anything can be done to many records at once: a change, a deletion or a verb."""
        return bool(self.bulk_verbs) or not {"update", "delete"} <= self.frozen

    @cached_property
    def loader(self) -> Schema:
        """The schema that reads bodies."""
        return self.schema()

    def label_of(self, name: str) -> tuple[str, str] | str:
        """What a field is called in Chinese and in English; its name where it has no label."""
        return fields.label_of(self.loader.fields, name)

    @cached_property
    def getters(self) -> list[tuple[str, Callable[[Any], Any]]]:
        """Field -> how to read it from a record, in the schema's order."""
        shown = [name for name, spec in self.loader.fields.items() if not spec.load_only]
        found = [(name, self._getter(name, self.loader.fields[name])) for name in shown]
        return found + [(name, getter) for name, getter in self.computed.items() if name not in shown]

    def _getter(self, name: str, spec: fields.Field) -> Callable[[Any], Any]:
        if name in self.computed:
            return self.computed[name]
        if isinstance(spec, fields.Money):
            return lambda record: money(getattr(record, name), record.currency)
        if isinstance(spec, ma.Decimal):
            return lambda record: None if (value := getattr(record, name)) is None else str(value)
        return lambda record: getattr(record, name)

    def dump(
        self, record: Any, principal: Principal | None = None, only: frozenset[str] | None = None
    ) -> dict[str, Any]:
        """The record as JSON-ready values, through the caller's field access. ``only`` keeps the named fields."""
        getters = self.getters_for(principal, only)
        return {name: getter(record) for name, getter in getters}

    def getters_for(
        self, principal: Principal | None, only: frozenset[str] | None
    ) -> list[tuple[str, Callable[[Any], Any]]]:
        """Field -> how to read it, as far as the caller may see; masked fields are read masked."""
        access = self.access(principal)
        if not access.rules and only is None:
            return self.getters
        return [
            (name, access.through(name, getter))
            for name, getter in self.getters
            if access.to(name) != HIDDEN and (only is None or name in only)
        ]

    def access(self, principal: Principal | None) -> Access:
        """What the caller's roles close of the fields."""
        return Access.of(principal, self.resource)

    def keys_open_to(self, principal: Principal | None) -> list[str]:
        """The fields by which the caller may match existing records in an import: those they may write."""
        access = self.access(principal)
        return [name for name in self.import_keys if access.to(name) is None]

    def shown(self, record: Any, only: frozenset[str] | None = None) -> dict[str, Any]:
        """The record for the caller of the request, with what they can do to it now."""
        principal = principal_or_none()
        document = self.dump(record, principal, only)
        if principal and (only is None or "can" in only):
            document["can"] = self.can(record, principal)
        return document

    def can(self, record: Any, principal: Principal) -> list[str]:
        """What the caller may do to the record in its present state."""
        free = self.locked(record) is None
        found = [
            action
            for action in ("update", "delete")
            if free and action not in self.frozen and principal.covers(f"{self.resource}:{action}", record)
        ]
        return found + [
            verb.name for verb in self.verbs if verb.when(record) and principal.covers(verb.permission, record)
        ]

    def respond(self, record: Any, status: int = 200) -> Response:
        """The record with its ETag (and its Location when it was created)."""
        headers = {"ETag": f'"{record.version}"'}
        if status == 201:
            headers["Location"] = f"/api/v1/{self.name}/{record.id}"
        return json_response(self.shown(record), status, headers)

    def payload(self, record: Any) -> dict[str, Any]:
        """The record's full state as an event carries it."""
        return plain(self.dump(record))

    def announce(self, session: Session, record: Record, fact: str, **more: Any) -> None:
        """Publish ``crm.<service>.<subject>.<fact>.v1`` with the record's state after a flush, and more fields."""
        session.flush()
        payload = self.payload(record) | plain(more)
        outbox.record(
            session, self.event_type(fact), record.id, payload, version=record.version, unit_id=record.unit_id
        )

    def announce_since(self, session: Session, record: Record, version: int, fact: str, **more: Any) -> None:
        """The same, unless the record still has this version: what was there already is no news, and was announced."""
        session.flush()
        if record.version != version:
            self.announce(session, record, fact, **more)

    def announce_if_known(self, session: Session, record: Record, fact: str) -> None:
        """The same when the registry has such an event: what the generated routes use."""
        if self.subject and self.event_type(fact) in REGISTRY:
            self.announce(session, record, fact)

    def event_type(self, fact: str) -> str:
        """The type of this collection's event for a fact in past tense."""
        return f"crm.{current_runtime().service.name}.{self.subject}.{fact}.v1"

    def pool_unit(self, principal: Principal) -> UUID:
        """Where a new record lies when nobody says: the caller's own unit."""
        return principal.unit_id


def company_code(unit_id: UUID) -> str:
    """The code of the company a unit belongs to, for numbering."""
    tree = org.tree()
    return tree.codes.get(tree.company(unit_id), "X")
