"""Finding documents: numbers and names that begin so come first, then whatever holds the words, the latest first.

Written in SQL: putting the statement together would cost more than running it. Each way looks through a bounded number of
documents. The caller's reach is part of every one of them; it is compiled once for each caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Uuid, and_, cast, false, or_, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from crm_chassis import org, text_search
from crm_chassis.identity import Grant, Principal

from ..reach import closed, predicate
from . import rules
from .models import Document

BEGINNING, LATEST, CANDIDATES = 2000, 500, 1000
"""Documents looked through after a prefix, among the latest of all, and among those the terms point at. A word that is not
among the latest often enough is rare enough for its terms."""

# A plan made for any words at all, or one that reads the table until enough rows happened to match, takes seconds.
_PLAN = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true)"
)

_PIECE = 2
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def find(
    session: Session, principal: Principal, words: str, *, resources: Iterable[str], limit: int
) -> list[dict[str, Any]]:
    """Up to ``limit`` records the caller may read that match, the best first.

    Of words that more than a thousand records hold, those among the latest of all come first, the others in no order.
    A number given in full finds its record only.
    """
    session.execute(_PLAN)
    names = tuple(name for name in resources if _is_open(principal, name))
    whole = text_search.normalise(words)
    reach, holding = _reach(principal, names), _holding(whole)
    given = {"limit": limit, **_parameters(whole)}
    found = _ranked(
        session,
        [
            *_by_phone(principal, names, words, given),
            _beginning("code", reach),
            _beginning("title_key", reach),
            _way("true ORDER BY touched_at DESC", LATEST, f"{holding} AND {reach}", "touched_at DESC"),
        ],
        given,
    )
    if len(found) < limit and all(row.code != whole for row in found):
        found += _ranked(session, [_way(f"{holding} AND {reach}", CANDIDATES, "true", "touched_at DESC")], given)
    unique = {(row.resource, row.record_id): row for row in reversed(found)}
    return [_item(row) for row in sorted(unique.values(), key=found.index)[:limit]]


def _ranked(session: Session, ways: list[str], given: dict[str, Any]) -> list[Any]:
    """The rows of each way in its own order, one way after the other."""
    statement = " UNION ALL ".join(way.replace("{rank}", str(rank)) for rank, way in enumerate(ways))
    return sorted(session.execute(text(statement), given), key=lambda row: (row.rank, row.place))


def _way(looked_through: str, most: int, wanted: str, order: str) -> str:
    """One way to find documents: the best of what is wanted among the first of those looked through."""
    return f"""
        (SELECT resource, record_id, title, subtitle, code, {{rank}} AS rank,
                row_number() OVER (ORDER BY {order}) AS place
         FROM (SELECT * FROM documents WHERE {looked_through} LIMIT {most}) AS documents
         WHERE {wanted} ORDER BY {order} LIMIT :limit)"""  # noqa: S608  parts of this module; every value is bound


def _beginning(column: str, reach: str) -> str:
    return _way(f"{column} LIKE :prefix ORDER BY {column}", BEGINNING, reach, column)


def _by_phone(principal: Principal, names: tuple[str, ...], words: str, given: dict[str, Any]) -> list[str]:
    number = rules.phone_query(words)
    if number is None:
        return []
    given |= {"number": number, "runs": " & ".join(f"'{run}'" for run in rules.phone_pieces(number))}
    reach = _reach(principal, tuple(name for name in names if _shows_phones(principal, name)))
    held = "phone_terms @@ CAST(:runs AS tsquery) AND strpos(phones, :number) > 0"
    return [_way(f"{held} AND {reach}", CANDIDATES, "true", "touched_at DESC")]


def _holding(whole: str) -> str:
    """Every word is part of the text; a piece of two characters is exact, longer words need their pieces in a row."""
    places = [f"strpos(text, :word{place}) > 0" for place, word in enumerate(whole.split()) if len(word) > _PIECE]
    return " AND ".join(["terms @@ CAST(:terms AS tsquery)", *places])


def _parameters(whole: str) -> dict[str, str]:
    words = whole.split()
    lexemes = [
        f"{_quoted(piece)}:*" if len(word) == 1 else _quoted(piece)
        for word in words
        for piece in sorted(text_search.pieces(word))
    ]
    prefix = whole.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    placed = {f"word{place}": word for place, word in enumerate(words) if len(word) > _PIECE}
    return {"terms": " & ".join(lexemes), "prefix": f"{prefix}%", **placed}


def _quoted(piece: str) -> str:
    return "'" + piece.replace("\\", "\\\\").replace("'", "''") + "'"


def _item(row: Any) -> dict[str, Any]:
    link = f"/{rules.SHAPES[row.resource].link}/{row.record_id}"
    return {"resource": row.resource, "id": row.record_id, "title": row.title, "subtitle": row.subtitle, "link": link}


def _reach(principal: Principal, names: tuple[str, ...]) -> str:
    """What the caller may read of these resources, as SQL; kept as long as the caller and the tree stay the same."""
    key = ("search", names, org.tree().version)
    if key not in principal.scope_cache:
        principal.scope_cache[key] = f"({_compiled(principal, names)})"
    return str(principal.scope_cache[key])


def _compiled(principal: Principal, names: tuple[str, ...]) -> str:
    alike: dict[Grant, list[str]] = {}
    for name in names:
        alike.setdefault(principal.grants[f"{name}:read"], []).append(name)
    mine = Document.people.contains(cast(postgresql.array([principal.user_id]), postgresql.ARRAY(Uuid)))
    parts = [
        and_(Document.resource.in_(same), predicate(grant, unit=Document.unit_id, mine=mine))
        for grant, same in alike.items()
    ]
    reached = or_(*parts) if parts else false()
    return str(reached.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))


def _is_open(principal: Principal, resource: str) -> bool:
    """Whether the caller may learn what is searched: a name that is hidden must not be found either."""
    fields = rules.SHAPES[resource].fields
    return principal.may(f"{resource}:read") and closed(principal.access(resource)).isdisjoint(fields)


def _shows_phones(principal: Principal, resource: str) -> bool:
    phones = rules.SHAPES[resource].phones
    return bool(phones) and closed(principal.access(resource)).isdisjoint(phones)
