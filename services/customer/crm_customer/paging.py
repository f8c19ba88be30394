"""Cursors of the hand-written lists: signed, and bound to the question they belong to."""

from __future__ import annotations

from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from crm_chassis import errors
from crm_chassis.language import say
from crm_chassis.service import current_runtime

LIMIT_DEFAULT, LIMIT_MAX = 50, 200


def signer(salt: str) -> URLSafeSerializer:
    """What signs texts of this service; signatures made with one salt do not pass for another."""
    return URLSafeSerializer(current_runtime().settings.signing_key or "unset", salt=salt)


def cursor_after(question: str, *last: Any) -> str:
    """The cursor of the page that follows the row with the values ``last``."""
    return str(signer("page").dumps([question, *last]))


def position(question: str, cursor: str) -> list[Any]:
    """The values a cursor was made from. Raises Invalid when it was made for another question or not here."""
    try:
        bound, *last = signer("page").loads(cursor)
    except (BadSignature, ValueError, TypeError):
        bound, last = None, []
    if bound != question:
        raise errors.field_error(
            "?cursor", "invalid", say("This cursor belongs to another list; start again without it.")
        )
    return last
