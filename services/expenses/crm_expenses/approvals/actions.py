"""Asking for an approval, calling the question off, and recognising the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import ids, outbox

REQUESTED, CANCELLED = "crm.expenses.approval.requested.v1", "crm.expenses.approval.cancelled.v1"


class Document(Protocol):
    """What is approved: a record with the columns of ``tables.UnderApproval``."""

    id: Any
    unit_id: Any
    status: Any
    approval_id: Any
    approval_round: Any


def request(
    session: Session,
    document: Document,
    *,
    subject_type: str,
    title: str,
    requester_id: UUID,
    fields: Mapping[str, Any],
) -> None:
    """Begin the document's next round and ask for its approval; ``fields`` are what a flow's conditions may use."""
    document.approval_id = ids.uuid7()
    document.approval_round += 1
    asked = _subject(document, subject_type) | {
        "version": 1,
        "title": title,
        "requester_id": requester_id,
        "round": document.approval_round,
        "fields": fields,
    }
    outbox.record(session, REQUESTED, document.approval_id, asked, version=1, unit_id=document.unit_id)


def cancel(session: Session, document: Document, *, subject_type: str) -> None:
    """Call the running round off."""
    called_off = _subject(document, subject_type) | {"version": 2, "round": document.approval_round}
    outbox.record(session, CANCELLED, document.approval_id, called_off, version=2, unit_id=document.unit_id)


def awaits(document: Document, answer: Mapping[str, Any]) -> bool:
    """Whether the answer belongs to the round that is running; late and foreign rounds do not."""
    return document.status == "submitted" and document.approval_round == answer["round"]


def _subject(document: Document, subject_type: str) -> dict[str, Any]:
    return {
        "id": document.approval_id,
        "unit_id": document.unit_id,
        "subject_type": subject_type,
        "subject_id": document.id,
    }
