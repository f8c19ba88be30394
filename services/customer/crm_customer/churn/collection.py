"""The collections of churn rules and churn cases, and the cases' verbs."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import outbox
from crm_chassis.collection import Collection, Verb, writing

from . import actions
from .models import ChurnCase, ChurnRule
from .schemas import ChurnCaseSchema, ChurnRuleSchema, ConfirmLostBody, RecoverBody, ReprieveBody

churn_rules = Collection(
    "churn-rules",
    ChurnRule,
    ChurnRuleSchema,
    ("流失规则", "Churn rules"),
)


def reprieve(session: Session, case_id: UUID, *, measures: str, until: date) -> ChurnCase:
    """Wait for the measures to work, and announce it. Raises NotFound, Forbidden, StateConflict, Invalid."""
    case: ChurnCase = writing.get_for(session, churn_cases, case_id, "churn_case:update")
    version = case.version
    actions.reprieve(session, case, measures=measures, until=until)
    churn_cases.announce_since(session, case, version, "reprieved")
    return case


def confirm_lost(session: Session, case_id: UUID, *, reason: str) -> ChurnCase:
    """Close a case as lost, and announce it. Raises NotFound, Forbidden, StateConflict."""
    case: ChurnCase = writing.get_for(session, churn_cases, case_id, "churn_case:update")
    actions.confirm_lost(session, case, reason=reason)
    churn_cases.announce(session, case, "lost")
    return case


def recover(session: Session, case_id: UUID) -> ChurnCase:
    """Close a case as recovered, and announce it. Raises NotFound, Forbidden, StateConflict."""
    case: ChurnCase = writing.get_for(session, churn_cases, case_id, "churn_case:update")
    actions.recover(session, case, by_hand=True)
    churn_cases.announce(session, case, "recovered")
    return case


def announce_warned(session: Session, cases: list[ChurnCase]) -> None:
    """Announce many flushed cases at once."""
    for case in cases:
        outbox.record(
            session,
            churn_cases.event_type("warned"),
            case.id,
            churn_cases.payload(case),
            version=case.version,
            unit_id=case.unit_id,
        )


def _is_open(case: ChurnCase) -> bool:
    return case.status in {"warned", "reprieved"}


churn_cases = Collection(
    "churn-cases",
    ChurnCase,
    ChurnCaseSchema,
    ("流失个案", "Churn cases"),
    subject="churn-case",
    verbs=[
        Verb("reprieve", "churn_case:update", when=_is_open, body=ReprieveBody, run=reprieve),
        Verb("confirm-lost", "churn_case:update", when=_is_open, body=ConfirmLostBody, run=confirm_lost),
        Verb(
            "recover",
            "churn_case:update",
            when=lambda case: case.status != "recovered",
            body=RecoverBody,
            run=recover,
        ),
    ],
    frozen=frozenset({"create", "delete", "import"}),
    default_sort=("-warned_at",),
)


def follow(session: Session, customer_id: UUID, *, unit_id: UUID, owner_id: UUID | None, name: str) -> None:
    """Bring a customer's open case to its unit, owner and name, and announce it when that changed something."""
    case = actions.carry(session, customer_id, unit_id=unit_id, owner_id=owner_id, name=name)
    if case is not None:
        churn_cases.announce(session, case, "changed")
