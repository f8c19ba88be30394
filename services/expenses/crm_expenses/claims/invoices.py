"""An invoice is claimed once in the whole group: holding it for a claim, and giving it back.

The table is outside the scope of any caller, so nothing of another company's claim is ever read here: a caller learns
that a number is taken, not by whom.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm_chassis.errors import Invalid, entry
from crm_chassis.language import say

from . import rules
from .models import Claim, HeldInvoice
from .rules import Invoice

USED = say("This invoice number has been claimed already.")


def hold(session: Session, claim: Claim) -> None:
    """Hold the invoices of a flushed claim's items and give back those it names no more.

    Raises Invalid with a pointer to each item whose invoice another claim holds, or an earlier item has. Two claims
    that want the same invoice at once wait for each other here, in the order of the numbers.
    """
    numbered = rules.invoices(claim.items)
    _refuse(rules.repeated(numbered))
    wanted = sorted({invoice for _, invoice in numbered})
    _give_back_others(session, claim.id, wanted)
    if wanted:
        rows = [invoice._asdict() | {"claim_id": claim.id} for invoice in wanted]
        session.execute(insert(HeldInvoice).values(rows).on_conflict_do_nothing())
    own = _held(session, claim.id)
    _refuse([position for position, invoice in numbered if invoice not in own])


def release(session: Session, claim_id: UUID) -> None:
    """Give back every invoice of a claim."""
    session.execute(delete(HeldInvoice).where(HeldInvoice.claim_id == claim_id))


def _held(session: Session, claim_id: UUID) -> set[Invoice]:
    rows = session.execute(select(HeldInvoice.kind, HeldInvoice.number).where(HeldInvoice.claim_id == claim_id))
    return {Invoice(row.kind, row.number) for row in rows}


def _give_back_others(session: Session, claim_id: UUID, wanted: list[Invoice]) -> None:
    others = delete(HeldInvoice).where(HeldInvoice.claim_id == claim_id)
    if wanted:
        others = others.where(tuple_(HeldInvoice.kind, HeldInvoice.number).not_in(wanted))
    session.execute(others)


def _refuse(positions: list[int]) -> None:
    if positions:
        raise Invalid(
            USED,
            errors=[entry(f"/items/{position}/invoice_no", "invoice_used", USED) for position in positions],
        )
