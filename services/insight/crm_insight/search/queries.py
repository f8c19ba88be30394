"""Finding documents: numbers and names that begin so come first, then whatever holds the words, the latest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, cast, false, func, literal, or_, select, text, union_all
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session, aliased

from crm_chassis import text_search
from crm_chassis.identity import Grant, Principal

from ..reach import closed, predicate
from . import rules
from .models import Document

Condition = Callable[[Any], ColumnElement[bool]]
"""A predicate on ``Document`` or an alias of it."""

LOOKED_THROUGH = 2000
"""Documents looked through in the order of an index, however few of them match: it bounds a search's time."""

CANDIDATES = 1000
"""Matching documents of which the latest are shown."""

# A plan made for any words at all, or one that reads the table until enough rows happened to match, takes seconds.
_PLAN = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true)"
)


LOOKED_THROUGH = 2000
"""Rows looked through in the order of an index, however few of them match: what bounds a search's time."""

CANDIDATES = 1000
"""Matching rows of which the latest are shown."""

# A plan made for any words at all, or one that reads the table until enough rows happened to match, takes seconds.
_PLAN = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true)"
)


def find(
    session: Session, principal: Principal, words: str, *, resources: Iterable[str], limit: int
) -> list[dict[str, Any]]:
    """Up to ``limit`` records the caller may read that match, the best first.

    Of words that more than a thousand records hold, those among the latest of all come first, the others in no order.
    A number given in full finds its record only.
    """
    session.execute(_PLAN)
    names = [name for name in resources if _is_open(principal, name)]
    whole = text_search.normalise(words)

    def reached(document: Any) -> ColumnElement[bool]:
        return _reached(principal, names, document)

    def holding(document: Any) -> ColumnElement[bool]:
        return reached(document) & text_search.matching(words, document.text, document.terms)

    found = _ranked(
        session,
        [
            *_by_phone(principal, names, words, limit),
            _beginning("code", whole, reached, limit),
            _beginning("title_key", whole, reached, limit),
            _among_the_latest(holding, limit),
        ],
    )
    if len(found) < limit and all(row.code != whole for row in found):
        found += _ranked(session, [_matching(holding(Document), limit)])
    unique = {(row.resource, row.record_id): row for row in reversed(found)}
    return [_item(row) for row in sorted(unique.values(), key=found.index)[:limit]]


def _ranked(session: Session, ways: list[Select[Any]]) -> list[Any]:
    """The rows of each way in its own order, one way after the other."""
    numbered = [select(*way.subquery().c, literal(rank).label("rank")) for rank, way in enumerate(ways)]
    rows = session.execute(union_all(*numbered)).all()
    return sorted(rows, key=lambda row: (row.rank, row.place))


def _by_phone(principal: Principal, names: list[str], words: str, limit: int) -> list[Select[Any]]:
    number = rules.phone_query(words)
    if number is None:
        return []
    with_phones = [name for name in names if _shows_phones(principal, name)]
    lexemes = cast(literal(" & ".join(f"'{piece}'" for piece in rules.phone_pieces(number))), TSQUERY)
    held = Document.phone_terms.bool_op("@@")(lexemes) & (func.strpos(Document.phones, number) > 0)
    return [_matching(_reached(principal, with_phones, Document) & held, limit)]


def _beginning(name: str, prefix: str, wanted: Condition, limit: int) -> Select[Any]:
    """What is wanted among the first documents whose code or title begins so."""
    column = getattr(Document, name)
    rows = select(Document).where(column.startswith(prefix, autoescape=True)).order_by(column)
    first = aliased(Document, rows.limit(LOOKED_THROUGH).subquery())
    return _numbered(first, getattr(first, name), limit).where(wanted(first))


def _among_the_latest(wanted: Condition, limit: int) -> Select[Any]:
    """What is wanted among the documents touched last."""
    rows = select(Document).order_by(Document.touched_at.desc()).limit(LOOKED_THROUGH)
    latest = aliased(Document, rows.subquery())
    return _numbered(latest, latest.touched_at.desc(), limit).where(wanted(latest))


def _matching(wanted: ColumnElement[bool], limit: int) -> Select[Any]:
    """The latest of the documents that the indexes find."""
    some = aliased(Document, select(Document).where(wanted).limit(CANDIDATES).subquery())
    return _numbered(some, some.touched_at.desc(), limit)


def _numbered(documents: Any, order: Any, limit: int) -> Select[Any]:
    shown = (getattr(documents, name) for name in ("resource", "record_id", "title", "subtitle", "code"))
    return select(*shown, func.row_number().over(order_by=order).label("place")).order_by(order).limit(limit)


def _item(row: Any) -> dict[str, Any]:
    link = f"/{rules.SHAPES[row.resource].link}/{row.record_id}"
    return {"resource": row.resource, "id": row.record_id, "title": row.title, "subtitle": row.subtitle, "link": link}


def _reached(principal: Principal, resources: list[str], document: Any) -> ColumnElement[bool]:
    """What the caller may read of these resources: one part for all that are granted alike."""
    alike: dict[Grant, list[str]] = {}
    for name in resources:
        alike.setdefault(principal.grants[f"{name}:read"], []).append(name)
    mine = document.people.contains([principal.user_id])
    parts = [
        and_(document.resource.in_(names), predicate(grant, unit=document.unit_id, mine=mine))
        for grant, names in alike.items()
    ]
    return or_(*parts) if parts else false()


def _is_open(principal: Principal, resource: str) -> bool:
    """Whether the caller may learn what is searched: a name that is hidden must not be found either."""
    fields = rules.SHAPES[resource].fields
    return principal.may(f"{resource}:read") and closed(principal.access(resource)).isdisjoint(fields)


def _shows_phones(principal: Principal, resource: str) -> bool:
    phones = rules.SHAPES[resource].phones
    return bool(phones) and closed(principal.access(resource)).isdisjoint(phones)
