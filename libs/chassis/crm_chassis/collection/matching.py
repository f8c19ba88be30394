"""Which existing record a line of an imported file means: the one whose key it names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import null, select
from sqlalchemy.orm import Session

from .. import errors
from ..http import pointers
from ..language import say
from .cells import value_of
from .declaration import Collection


class Matches:
    """The records that a batch of lines names by its key, as far as the caller sees them.

    Where the collection says so, a key means a record of the line's own parent only: of two contacts with one number the
    one at the line's customer.
    """

    def __init__(self, collection: Collection, key: str | None) -> None:
        self._collection = collection
        self._key = key
        self._found: dict[Any, list[tuple[Any, UUID]]] = defaultdict(list)

    def read(self, session: Session, texts: Iterable[str]) -> None:
        """Look up every record that one of these cells names."""
        if self._key is None:
            return
        spec, values = self._collection.loader.fields[self._key], set()
        for text in texts:
            with suppress(errors.Invalid):  # its own line will be told
                values.add(self._stored(value_of(self._key, spec, text)))
        model, within = self._collection.model, self._collection.import_within
        column, parent = getattr(model, self._key), getattr(model, within) if within else null()
        for value, parent_id, record_id in session.execute(select(column, parent, model.id).where(column.in_(values))):
            self._found[value].append((parent_id, record_id))

    def one(self, body: dict[str, Any]) -> UUID | None:
        """The record that a line names, None when there is none. Raises Invalid when it names several, or no value."""
        if self._key is None or self._key not in body:
            return None
        parent = body.get(self._collection.import_within)
        named = self._found.get(self._stored(body[self._key]), [])
        found = [record_id for parent_id, record_id in named if parent is None or str(parent_id) == str(parent)]
        if len(found) > 1:
            raise errors.field_error(
                f"/{self._key}",
                "ambiguous",
                say(
                    "{count} records have this {field}: change the one you mean by hand, or match by another field.",
                    count=len(found),
                    field=self._collection.label_of(self._key),
                ),
            )
        return found[0] if found else None

    def add(self, record: Any) -> None:
        """Know a record that a line has just made, so that a later line of the same key means it."""
        if self._key is not None:
            within = self._collection.import_within
            parent = getattr(record, within) if within else None
            self._found[getattr(record, self._key)].append((parent, record.id))

    def _stored(self, value: Any) -> Any:
        """A key's value as records hold it, such as a telephone number in its international form. Raises Invalid."""
        assert self._key is not None
        try:
            return self._collection.loader.fields[self._key].deserialize(value)
        except ValidationError as error:
            raise errors.Invalid(errors=pointers({self._key: error.messages})) from error
