"""How an entry is sealed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

GENESIS = "0" * 64
"""What the first entry follows."""

SEALED = (
    "seq",
    "id",
    "at",
    "unit_id",
    "owner_id",
    "actor_name",
    "action",
    "subject_type",
    "subject_id",
    "subject_name",
    "ip",
    "request_id",
    "detail",
)
"""The fields under the seal."""


def seal(entry: Mapping[str, Any], prev_hash: str, key: str) -> str:
    """The hash of an entry: HMAC-SHA-256 under ``key`` over the hash before and the sealed fields, as hex.

    Who can write the table but does not hold the key cannot make a chain that verifies.
    """
    fields = {name: _stable(entry[name]) for name in SEALED}
    content = prev_hash.encode() + orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    return hmac.new(key.encode(), content, hashlib.sha256).hexdigest()


def _stable(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
