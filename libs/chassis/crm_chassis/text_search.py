"""Finding records by any part of a name.

Names are cut into two-character pieces (Chinese words have two characters), kept as a tsvector in a side table
without row-level security, because ``@@`` is not leakproof and would otherwise be checked row by row. The caller's
scope predicate is applied to the side table itself, so nothing outside the scope is found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, String, and_, case, cast, false, func, inspect, literal, or_, select, true
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import scope
from .tables import ChassisBase

if TYPE_CHECKING:
    from .identity import Principal

_CHINESE = "[\u4e00-\u9fff]"


class SearchTerms(ChassisBase):
    """The searchable text of one record. unit_id and owner_id repeat the record's, for the scope predicate."""

    __tablename__ = "search_terms"
    __table_args__ = (
        Index("ix_search_terms_terms", "terms", postgresql_using="gin"),
        Index("ix_search_terms_unit", "resource", "unit_id"),
    )

    resource: Mapped[str] = mapped_column(String(60), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID]
    owner_id: Mapped[UUID | None]
    text: Mapped[str]
    terms: Mapped[Any] = mapped_column(TSVECTOR)


def normalise(text: str) -> str:
    """Lower case, compatibility forms folded (NFKC), white space collapsed."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def pieces(text: str) -> set[str]:
    """The two-character pieces of a normalised text; a word of one character is its own piece."""
    found: set[str] = set()
    for word in text.split():
        found.update({word} if len(word) == 1 else {word[i : i + 2] for i in range(len(word) - 1)})
    return found


def searchable(*texts: str | None) -> str:
    """One normalised line of the texts, with the pinyin initials of those that hold Chinese."""
    words = [normalise(text) for text in texts if text]
    chinese = [word for word in words if re.search(_CHINESE, word)]
    return " ".join([*words, *map(_initials, chinese)])


def _initials(word: str) -> str:
    # Its dictionaries take 55 MB, which the processes that write no names are spared.
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(word, style=Style.FIRST_LETTER, errors="ignore"))


def matching(query: str, text_column: Any = None, terms_column: Any = None) -> ColumnElement[bool]:
    """A predicate: every word of the query is part of the text. A single character matches pieces it begins."""
    text_column = SearchTerms.text if text_column is None else text_column
    terms_column = SearchTerms.terms if terms_column is None else terms_column
    words = normalise(query).split()
    lexemes = [
        f"{_quoted(piece)}:*" if len(word) == 1 else _quoted(piece) for word in words for piece in sorted(pieces(word))
    ]
    found = terms_column.bool_op("@@")(cast(literal(" & ".join(lexemes)), TSQUERY))
    for word in words:
        if len(word) > 2:
            found = found & (func.strpos(text_column, word) > 0)
    return found


def _quoted(piece: str) -> str:
    return "'" + piece.replace("\\", "\\\\").replace("'", "''") + "'"


_STORE = sql("""
    INSERT INTO search_terms (resource, record_id, unit_id, owner_id, text, terms)
    VALUES (:resource, :record_id, :unit_id, :owner_id, :text, array_to_tsvector(CAST(:pieces AS text[])))
    ON CONFLICT (resource, record_id) DO UPDATE
    SET unit_id = excluded.unit_id, owner_id = excluded.owner_id, text = excluded.text, terms = excluded.terms
""")


def store(session: Session, entries: list[dict[str, Any]]) -> None:
    """Write the searchable text of records: entries with resource, record_id, unit_id, owner_id and text."""
    if entries:
        session.execute(_STORE, [entry | {"pieces": sorted(pieces(entry["text"]))} for entry in entries])


def index(session: Session, row: Any) -> None:
    """Write the searchable text of a record that was inserted past the ORM."""
    store(session, [_entry(row)])


def index_changed(session: Session, _context: Any) -> None:
    """Session hook: keep the side table in step with every Record that names its ``__search__`` columns."""
    store(session, [_entry(row) for row in {*session.new, *session.dirty} if _wants_index(row)])


def _wants_index(row: Any) -> bool:
    names = getattr(row, "__search__", ())
    if not names:
        return False
    state = inspect(row)
    return any(state.attrs[name].history.has_changes() for name in (*names, "unit_id", "owner_id"))


def _entry(row: Any) -> dict[str, Any]:
    return {
        "resource": row.__resource__,
        "record_id": row.id,
        "unit_id": row.unit_id,
        "owner_id": row.owner_id,
        "text": searchable(*(getattr(row, name) for name in row.__search__)),
    }


def found_ids(resource: str, query: str, principal: Principal | None) -> Any:
    """A subquery of the ids of a resource's records that match, kept near the caller's scope.

    The narrowing here is coarse (units and own rows) and only for speed; the record's own predicate decides.
    """
    statement = select(SearchTerms.record_id).where(SearchTerms.resource == resource, matching(query))
    grant = principal.grants.get(f"{resource}:read") if principal else None
    if principal is None or grant is None or grant.everything:
        return statement
    roots = grant.subtrees | grant.units | {principal.company_id}
    return statement.where(
        or_(scope.units_below(roots, SearchTerms.unit_id), SearchTerms.owner_id == principal.user_id)
    )


def found_within(model: Any, names: Sequence[str], query: str) -> ColumnElement[bool]:
    """A predicate to be asked beside ``found_ids``: these of the searched columns hold every word of the query alone.

    The index holds all columns of a record as one text, so what it finds may stand in one that the caller may not see.
    Words match by the rules of ``matching``, initials of Chinese included.
    """
    if not names:
        return false()
    words = normalise(query).split()
    if not any(word.isalpha() and not re.search(_CHINESE, word) for word in words):  # no initials are asked for
        return _hold([_indexed(model, name) for name in names], words)
    # A scalar is looked up for each hit of the index; an EXISTS could be made a join over everything that is indexed.
    held = select(_hold(_with_initials(model, names), words)).where(SearchTerms.resource == model.__resource__)
    return held.where(SearchTerms.record_id == model.id).correlate(model).scalar_subquery()


def _indexed(model: Any, name: str) -> Any:
    column, catalog = getattr(model, name), func.pg_catalog
    # Most texts are in this form already, and to ask that takes a third of the time of making it.
    folded = case((catalog.is_normalized(column, "NFKC"), column), else_=catalog.normalize(column, "NFKC"))
    return func.lower(folded, type_=String)


def _with_initials(model: Any, names: Sequence[str]) -> list[Any]:
    """The named columns as they are indexed, each followed by its initials.

    Those stand at the end of the indexed text: one word for each column with Chinese, in the order of the columns.
    """
    found: list[Any] = []
    from_end: Any = 0
    for name in reversed(model.__search__):
        column = _indexed(model, name)
        chinese = func.coalesce(column.regexp_match(_CHINESE), false())
        from_end = from_end + case((chinese, 1), else_=0)
        if name in names:
            found += [column, case((chinese, func.split_part(SearchTerms.text, " ", -from_end)))]
    return found


def _hold(texts: Sequence[Any], words: Sequence[str]) -> ColumnElement[bool]:
    whole = func.concat_ws(" ", *texts)
    return and_(true(), *(_holds(whole, word) for word in words))


def _holds(text: Any, word: str) -> ColumnElement[bool]:
    if len(word) > 1:
        return func.strpos(text, word) > 0
    letter = word if word.isalnum() else f"\\{word}"
    return text.regexp_match(rf"{letter}\S|(^|\s){letter}(\s|$)")
