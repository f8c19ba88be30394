"""What a caller is told when the database refuses a row."""

from __future__ import annotations

from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError

from . import errors
from .language import Pair, say
from .service import current_runtime

log = structlog.get_logger("http")


def broken(error: IntegrityError) -> errors.ProblemError:
    """The problem of a broken constraint, about the field that its name tells (``uq_<table>_<column>``).

    A StateConflict where another record has the value already, else an Invalid.
    """
    cause: Any = getattr(error.orig, "diag", None)
    name, table = getattr(cause, "constraint_name", None) or "", getattr(cause, "table_name", None) or ""
    column = name.removeprefix("uq_").removeprefix("fk_").removeprefix("ck_").removeprefix(f"{table}_")
    label = _label(table, column)
    if name.startswith("uq_"):
        return errors.StateConflict(
            say("Another record has this {field} already.", field=label),
            code="duplicate",
            errors=[errors.entry(f"/{column}", "duplicate", say("taken by another record"))],
        )
    log.warning("constraint refused a write", constraint=name, exc_info=error)
    return errors.field_error(
        f"/{column}", "invalid", say("The value of {field} does not fit the others.", field=label)
    )


def _label(table: str, column: str) -> Pair | str:
    for declared in current_runtime().service.collections:
        if declared.model.__tablename__ == table:
            return declared.label_of(column)
    return column
