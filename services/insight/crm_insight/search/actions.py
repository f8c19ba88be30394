"""Keeping the documents in step with the records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, text, tuple_
from sqlalchemy.orm import Session

from crm_chassis import text_search

from ..records.models import KnownRecord
from ..records.rules import is_alive
from . import rules
from .models import Document

_STORE = text("""
    INSERT INTO documents (resource, record_id, unit_id, people, title, subtitle, title_key, code, text, terms,
                           phones, phone_terms, touched_at)
    VALUES (:resource, :record_id, :unit_id, CAST(:people AS uuid[]), :title, :subtitle, :title_key, :code, :text,
            array_to_tsvector(CAST(:pieces AS text[])), :phones, array_to_tsvector(CAST(:phone_pieces AS text[])),
            CAST(:touched_at AS timestamptz))
    ON CONFLICT (resource, record_id) DO UPDATE
    SET unit_id = excluded.unit_id, people = excluded.people, title = excluded.title, subtitle = excluded.subtitle,
        title_key = excluded.title_key, code = excluded.code, text = excluded.text, terms = excluded.terms,
        phones = excluded.phones, phone_terms = excluded.phone_terms, touched_at = excluded.touched_at
""")


def index(session: Session, rows: Sequence[KnownRecord]) -> None:
    """Let the records be found as they are now, or not at all any more."""
    documents, gone = [], []
    for row in rows:
        shape = rules.SHAPES.get(row.resource)
        if shape is None:
            continue
        if is_alive(row.state) and rules.found_at_all(shape, row.state):
            documents.append(_document(row, shape))
        else:
            gone.append((row.resource, row.record_id))
    if documents:
        session.execute(_STORE, documents)
    if gone:
        session.execute(delete(Document).where(tuple_(Document.resource, Document.record_id).in_(gone)))


def _document(row: KnownRecord, shape: rules.Shape) -> dict[str, Any]:
    state = row.state
    code = state.get(shape.code) if shape.code else None
    words = text_search.searchable(state[shape.title], code, *(state.get(name) for name in shape.more))
    numbers = " ".join(filter(None, (rules.digits(state.get(name)) for name in shape.phones)))
    return {
        "resource": row.resource,
        "record_id": row.record_id,
        "unit_id": row.unit_id,
        "people": row.people,
        "title": state[shape.title],
        "subtitle": state.get(shape.subtitle) if shape.subtitle else None,
        "title_key": text_search.normalise(state[shape.title]),
        "code": text_search.normalise(code) if code else None,
        "text": words,
        "pieces": sorted(text_search.pieces(words)),
        "phones": numbers,
        "phone_pieces": rules.phone_pieces(numbers),
        "touched_at": state["updated_at"],
    }
