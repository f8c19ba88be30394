"""Cursors of lists written by hand: signed, and bound to the question they belong to, as those of collections are."""

from __future__ import annotations

from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from . import errors
from .language import say
from .service import current_runtime

_SALT = "page by hand"


def signer(salt: str) -> URLSafeSerializer:
    """What signs texts of this service; signatures made with one salt do not pass for another."""
    return URLSafeSerializer(current_runtime().settings.signing_key or "unset", salt=salt)


def cursor_after(question: str, *last: Any) -> str:
    """The cursor of the page that follows the row with the values ``last``."""
    return str(signer(_SALT).dumps([question, *last]))


def position(question: str, cursor: str) -> list[Any]:
    """The values a cursor was made from. Raises Invalid when it was made for another question or not here."""
    try:
        bound, *last = signer(_SALT).loads(cursor)
    except (BadSignature, ValueError, TypeError):
        bound, last = None, []
    if bound != question:
        message = say("The cursor belongs to another filter or order; start again without it.")
        raise errors.field_error("?cursor", "invalid", message)
    return last
