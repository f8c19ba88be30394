"""What an error of PostgreSQL says of a statement, without the values people gave: it goes to logs and to ``last_error``."""

from __future__ import annotations

import re

import psycopg
from sqlalchemy.engine import ExceptionContext

_QUOTED = re.compile(r'".*"', re.DOTALL)
_OF_VALUES = "22"
"""The SQLSTATE class of data exceptions, whose sentences quote the value; other classes quote names of columns and rules."""


def hide_values(context: ExceptionContext) -> None:
    """Leave of the database's message its first sentence: details and context name keys and whole rows.

    ``diag`` keeps all of it, for who looks at the error itself, such as ``crm_chassis.constraints``. To be listened with to
    an engine's ``handle_error``, beside ``hide_parameters``, which does the same for what SQLAlchemy adds.
    """
    cause = context.original_exception
    if not isinstance(cause, psycopg.Error) or cause.diag.message_primary is None:
        return
    told = cause.diag.message_primary
    if (cause.sqlstate or "").startswith(_OF_VALUES):
        told = _QUOTED.sub('"…"', told)
    cause.args = (told,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(cause).__module__}.{type(cause).__name__}) {told}",)
