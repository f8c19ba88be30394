"""A session that sees everything for a while, and then what it saw before."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from crm_chassis import errors
from crm_chassis.database import everything, transaction
from crm_chassis.scope import Scope
from crm_chassis.testing import Bench, Client
from crm_sales.competitors.collection import Competitor


def seen(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Competitor)) or 0


def test_every_row_is_seen_within_and_the_own_ones_afterwards(
    bench: Bench, group: dict[str, UUID], n1: Client, e1: Client
) -> None:
    for client in (n1, e1):
        client.post("/competitors", {"name": "Rival"})

    with bench.runtime.activate(), transaction(Scope(n1.principal)) as session:
        with everything(session):
            assert seen(session) == 2
        assert seen(session) == 1
        with pytest.raises(errors.NotFound), everything(session):
            raise errors.NotFound
        assert seen(session) == 1


def test_what_the_database_refuses_within_is_told_as_it_is_and_undone_with_its_savepoint(
    bench: Bench, n1: Client, e1: Client
) -> None:
    e1.post("/competitors", {"name": "Rival"})

    with bench.runtime.activate(), transaction(Scope(n1.principal)) as session:
        with pytest.raises(DataError), session.begin_nested(), everything(session):
            session.execute(text("SELECT 1 / 0"))
        assert seen(session) == 0
        assert session.scalar(text("SELECT current_setting('crm.units')")) != "*"
