"""What a caller's roles close of a collection's fields. A custom field goes by the name it has in the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ..identity import Principal

HIDDEN, MASKED, READONLY = "hidden", "masked", "readonly"
CUSTOM = "custom"
_FROM_STRICTEST = (HIDDEN, MASKED, READONLY)
_IN_CUSTOM = f"{CUSTOM}."


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of a caller's roles for the fields of one resource: field, or ``custom.<key>``, -> access."""

    rules: Mapping[str, str]

    @classmethod
    def of(cls, principal: Principal | None, resource: str) -> Access:
        """The caller's access; to the system itself, which is nobody, everything is open."""
        return cls(principal.access(resource) if principal else {})

    def to(self, name: str) -> str | None:
        """``hidden``, ``masked`` or ``readonly``, None for an open field.

        A rule about ``custom`` is one about every custom field; of two the stricter counts.
        """
        if not name.startswith(_IN_CUSTOM):
            return self.rules.get(name)
        found = {self.rules.get(name), self.rules.get(CUSTOM)}
        return next((how for how in _FROM_STRICTEST if how in found), None)

    def closes(self, name: str) -> bool:
        """Whether the caller may not learn the field's value, by whatever way."""
        return self.to(name) in {HIDDEN, MASKED}

    def through(self, name: str, getter: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """How to read a field that is not hidden: what is masked is read masked."""
        if name == CUSTOM:
            return lambda record: self.custom(getter(record) or {})
        return (lambda record: mask(getter(record))) if self.to(name) == MASKED else getter

    def custom(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A record's custom values as they are shown: without the hidden ones, the masked ones masked."""
        shown = ((key, value, self.to(_IN_CUSTOM + key)) for key, value in values.items())
        return {key: mask(value) if how == MASKED else value for key, value, how in shown if how != HIDDEN}

    def changes(self, changes: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
        """What may be learnt of a change, field -> [before, after]: nothing of closed fields."""
        found = {name: pair for name, pair in changes.items() if not self.closes(name)}
        if self.rules and CUSTOM in found:
            before, after = (self._learnable(values or {}) for values in found.pop(CUSTOM))
            found |= {CUSTOM: [before, after]} if before != after else {}
        return found

    def _learnable(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in values.items() if not self.closes(_IN_CUSTOM + key)}

    def unwritable(self, body: Mapping[str, Any]) -> list[str]:
        """JSON pointers to what a body names and the caller may not write."""
        found = [f"/{name}" for name in body if self.to(name)]
        custom = body.get(CUSTOM)
        if isinstance(custom, dict) and not self.to(CUSTOM):
            found += [f"/{CUSTOM}/{key}" for key in custom if self.to(_IN_CUSTOM + str(key))]
        return found

    def ids_in_custom(self, values: Mapping[str, Any], *closed: str) -> set[UUID]:
        """The ids that a record's custom fields under one of these accesses hold, such as those of files."""
        found: set[UUID] = set()
        for key, value in values.items():
            if isinstance(value, str) and self.to(_IN_CUSTOM + key) in closed:
                with suppress(ValueError):
                    found.add(UUID(value))
        return found


def mask(value: Any) -> Any:
    """Personal data with its middle hidden: ``138****8000``; short values show their first character only."""
    if not isinstance(value, str):
        return None
    if len(value) < 8:
        return value[:1] + "***"
    return f"{value[:3]}****{value[-4:]}"
