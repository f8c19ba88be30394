"""Reading what churn is decided by, for many customers in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from crm_chassis import clock, org

from ..customers.models import Customer
from ..facts.rules import BOUGHT, SETTLED_REQUESTS
from . import rules
from .models import ChurnCase, ChurnRule

_SILENT = text("""
    WITH rule AS (
        SELECT * FROM unnest(CAST(:units AS uuid[]), CAST(:levels AS text[]), CAST(:months AS int[]))
            AS r(unit_id, level, months)
    ), bought AS (
        SELECT customer_id, max(ordered_on) AS last_on, min(ordered_on) AS first_on, count(*) AS orders
        FROM customer_orders WHERE status = ANY(:bought) GROUP BY customer_id
    )
    SELECT c.id, c.name, c.unit_id, c.owner_id, bought.last_on, bought.first_on, bought.orders, patience.months,
        CAST(c.last_contact_at AT TIME ZONE here.zone AS date) AS contact_on, here.today,
        (SELECT count(*) FROM customer_requests q
            WHERE q.customer_id = c.id AND q.kind = 'complaint' AND q.status != ALL(:settled)) AS complaints
    FROM bought
    JOIN customers c ON c.id = bought.customer_id
    LEFT JOIN rule own ON own.unit_id = c.unit_id AND own.level = c.level
    LEFT JOIN rule any_level ON any_level.unit_id = c.unit_id AND any_level.level IS NULL
    CROSS JOIN LATERAL (SELECT COALESCE(own.months, any_level.months, :default) AS months) patience
    LEFT JOIN org_units u ON u.id = c.unit_id
    CROSS JOIN LATERAL (
        SELECT COALESCE(u.timezone, :home) AS zone,
            CAST(CAST(:now AS timestamptz) AT TIME ZONE COALESCE(u.timezone, :home) AS date) AS today
    ) here
    LEFT JOIN LATERAL (SELECT max(k.recovered_on) AS kept_on FROM churn_cases k WHERE k.customer_id = c.id) said ON true
    WHERE c.deleted_at IS NULL AND c.relation = 'customer'
        AND (CAST(:within AS uuid[]) IS NULL OR c.unit_id = ANY(CAST(:within AS uuid[])))
        AND GREATEST(bought.last_on, said.kept_on) < here.today - make_interval(months => patience.months)
        AND NOT EXISTS (
            SELECT 1 FROM churn_cases k WHERE k.customer_id = c.id AND k.deleted_at IS NULL
                AND (k.status IN ('warned', 'reprieved') OR k.status = 'lost' AND k.last_order_on >= bought.last_on)
        )
    ORDER BY c.id LIMIT :batch
""")


def silent_customers(session: Session, *, within: Sequence[UUID] | None, limit: int) -> list[Row[Any]]:
    """Customers whose last order is older than their unit and level allow and whose silence no case is about yet.

    within: only of these units. ``today`` of a row is the date where its unit works. Needs a session in system scope.
    """
    patience = _patience(session)
    rows = session.execute(
        _SILENT,
        {
            "units": [line.unit_id for line in patience],
            "levels": [line.level for line in patience],
            "months": [line.months for line in patience],
            "bought": list(BOUGHT),
            "settled": list(SETTLED_REQUESTS),
            "default": rules.DEFAULT_MONTHS,
            "within": None if within is None else list(within),
            "now": clock.now(),
            "home": org.HOME_TIMEZONE,
            "batch": limit,
        },
    )
    return list(rows.all())


def _patience(session: Session) -> list[rules.Patience]:
    made = {(rule.unit_id, rule.level): rule.months_without_order for rule in session.scalars(select(ChurnRule))}
    if not made:
        return []
    tree = org.tree()
    return rules.patience_of({unit: tree.ancestors(unit) for unit in tree.parents}, made)


def reprieves_over(session: Session, *, within: Sequence[UUID] | None, limit: int) -> list[ChurnCase]:
    """Cases of customers that are there whose reprieve ended before today, where their unit works, locked."""
    ended = ChurnCase.reprieved_until < org.today_there(ChurnCase.unit_id)
    statement = (
        select(ChurnCase)
        .join(Customer, Customer.id == ChurnCase.customer_id)
        .where(ChurnCase.status == "reprieved", ended, Customer.deleted_at.is_(None))
        .order_by(ChurnCase.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=ChurnCase)
    )
    if within is not None:
        statement = statement.where(ChurnCase.unit_id.in_(within))
    return list(session.scalars(statement))


def wait_for_other_scan(session: Session) -> None:
    """Let one scan at a time open cases; held until the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('churn scan'))"))


def open_case(session: Session, customer_id: UUID) -> ChurnCase | None:
    """The customer's open case, locked; there is one at most."""
    statement = select(ChurnCase).where(ChurnCase.customer_id == customer_id, ChurnCase.status.in_(rules.OPEN))
    return session.scalar(statement.with_for_update())


def latest_case(session: Session, customer_id: UUID) -> ChurnCase | None:
    """The customer's newest case in whatever state, locked. An open one is always the newest."""
    statement = select(ChurnCase).where(ChurnCase.customer_id == customer_id).order_by(ChurnCase.id.desc()).limit(1)
    return session.scalar(statement.with_for_update())
