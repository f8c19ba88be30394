"""The event envelope: CloudEvents 1.0 in JSON with the extension attributes the house uses.

Source: CloudEvents specification 1.0.2 (attribute names, lower-case extensions without separators).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class InvalidEnvelope(ValueError):
    """The bytes are not an event this system could have published; the message says what is missing."""


_REQUIRED = ("id", "source", "type", "subject", "time", "data", "aggregateversion")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One domain event.

    id: UUIDv7 text, unique for ever. source: the service that publishes. subject: id of the aggregate.
    time: RFC 3339 UTC. aggregateversion: the aggregate's version after the change, growing by steps >= 1.
    """

    id: str
    source: str
    type: str
    subject: str
    time: str
    data: dict[str, Any]
    aggregateversion: int
    unitid: str | None = None
    actorid: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The CloudEvents JSON form; attributes without a value are left out. ``data`` is shared, not copied."""
        attributes = {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}
        return {
            "specversion": "1.0",
            "datacontenttype": "application/json",
            "dataschema": f"urn:banyan:event:{self.type}",
            **attributes,
        }

    @classmethod
    def from_dict(cls, document: Any) -> Envelope:
        """Read an envelope, ignoring attributes it does not know. Raises InvalidEnvelope."""
        if not isinstance(document, dict):
            raise InvalidEnvelope("an event is a JSON object")
        missing = [name for name in _REQUIRED if name not in document]
        if missing:
            raise InvalidEnvelope(f"the event lacks {', '.join(missing)}")
        if not isinstance(document["data"], dict) or not isinstance(document["aggregateversion"], int):
            raise InvalidEnvelope("data must be an object and aggregateversion an integer")
        return cls(**{name: document[name] for name in cls.__slots__ if name in document})
