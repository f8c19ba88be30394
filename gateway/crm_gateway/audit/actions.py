"""Writing the audit log, and holding it against its seals."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from crm_chassis import ids, logs, org
from crm_chassis.database import everything
from crm_chassis.http import plain
from crm_chassis.identity import principal_or_none
from crm_chassis.service import current_runtime

from .models import AuditEntry
from .rules import GENESIS, SEALED, seal

log = structlog.get_logger("audit")

VERIFIED_AT_ONCE = 20_000

origin: ContextVar[str | None] = ContextVar("crm_gateway_origin", default=None)
"""The address of the client whose request is being answered."""


def record(
    session: Session,
    action: str,
    *,
    unit_id: UUID,
    subject_type: str | None = None,
    subject_id: UUID | None = None,
    subject_name: str | None = None,
    actor_id: UUID | None = None,
    actor_name: str | None = None,
    **detail: Any,
) -> None:
    """Write down what happened; it is sealed as the transaction commits, and gone when the transaction is.

    The actor is the caller unless one is named (at sign-in there is no caller yet).
    """
    caller = principal_or_none()
    if caller is not None and actor_name is None:
        actor_id, actor_name = caller.user_id, caller.username
    entry = AuditEntry(
        id=ids.uuid7(),
        unit_id=unit_id,
        owner_id=actor_id,
        actor_name=(actor_name or "system")[:120],
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        subject_name=subject_name[:200] if subject_name else None,
        ip=origin.get(),
        request_id=logs.request_id(),
        detail=plain(detail),
    )
    session.add(entry)
    session.info.setdefault("audit_entries", []).append(entry.id)


def is_known(session: Session, action: str, subject_id: UUID) -> bool:
    """Whether the log says already that this happened to the subject."""
    known = select(AuditEntry.id).where(AuditEntry.subject_id == subject_id, AuditEntry.action == action)
    return session.scalar(known.limit(1)) is not None


def root_unit() -> UUID:
    """The unit that entries about nobody known belong to: the top of the tree."""
    return next(unit for unit, parent in org.tree().parents.items() if parent is None)


def _seal_pending(session: Session) -> None:
    """Give the transaction's entries their place in the chain; the lock is held only from here to the commit."""
    if session.in_nested_transaction():
        return
    written = session.info.pop("audit_entries", None)
    if not written:
        return
    with everything(session):
        # Read again: what a savepoint took back is not there, and a batch of events keeps no entry in the session.
        found = session.scalars(select(AuditEntry).where(AuditEntry.id.in_(written)))
        entries = sorted(found, key=lambda entry: written.index(entry.id))
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('audit_entries'))"))
        seq, last = _newest(session)
        for number, entry in enumerate(entries, start=seq + 1):
            entry.seq, entry.prev_hash = number, last
            last = entry.hash = seal(_fields(entry), last, _key())
            log.info("audit", seq=number, hash=last, action=entry.action)


event.listen(Session, "before_commit", _seal_pending)


def _newest(session: Session) -> tuple[int, str]:
    statement = select(AuditEntry.seq, AuditEntry.hash).where(AuditEntry.seq.is_not(None))
    found = session.execute(statement.order_by(AuditEntry.seq.desc()).limit(1)).first()
    return (found.seq, found.hash) if found else (0, GENESIS)


def _fields(entry: AuditEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in SEALED}


def _key() -> str:
    return current_runtime().settings.signing_key or "unset"


def verify(session: Session, after: int = 0) -> dict[str, Any]:
    """Hold up to 20,000 entries after a number against their seals.

    Answers ``intact``, the number of entries ``checked``, the first broken number (``broken_seq``) with the reason, the
    ``head`` hash reached, and ``next_after`` when there is more. Entries without a number were written past the log.
    """
    last = _hash_at(session, after)
    expected, checked = after, 0
    statement = select(AuditEntry).where(AuditEntry.seq > after).order_by(AuditEntry.seq).limit(VERIFIED_AT_ONCE)
    for entry in session.scalars(statement):
        expected, checked = expected + 1, checked + 1
        reason = _broken(entry, expected, last)
        if reason:
            return {"intact": False, "checked": checked, "broken_seq": entry.seq, "reason": reason}
        last = entry.hash or ""
    loose = session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.seq.is_(None)))
    if loose:
        return {"intact": False, "checked": checked, "broken_seq": None, "reason": "entries without a seal"}
    more = checked == VERIFIED_AT_ONCE
    return {"intact": True, "checked": checked, "head": last, "next_after": expected if more else None}


def _hash_at(session: Session, seq: int) -> str:
    return session.scalar(select(AuditEntry.hash).where(AuditEntry.seq == seq)) or GENESIS


def _broken(entry: AuditEntry, expected: int, last: str) -> str | None:
    if entry.seq != expected:
        return f"entry {expected} is missing"
    if entry.prev_hash != last or entry.hash != seal(_fields(entry), last, _key()):
        return "the entry was changed"
    return None
