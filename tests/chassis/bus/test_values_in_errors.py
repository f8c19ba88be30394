"""What a failing statement was given never reaches a log or an event's last error."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from chassis.bus.bus_world import World
from chassis.bus.ledger_and_mirror import CHANGED
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from crm_chassis import inbox
from crm_contracts.envelope import Envelope

SECRET = "argon2id-of-somebody"
_TABLE = "CREATE TEMPORARY TABLE IF NOT EXISTS told (word text CONSTRAINT uq_told_word UNIQUE, n integer NOT NULL)"


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """The lines that the services' own log would have, as they are written."""
    root, lines = logging.getLogger(), []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    keep = Keep()
    keep.setFormatter(root.handlers[0].formatter)
    root.addHandler(keep)
    yield lines
    root.removeHandler(keep)


@pytest.mark.parametrize(
    ("statements", "still_said"),
    [
        (["SELECT CAST(:word AS integer)"], 'invalid input syntax for type integer: "…"'),
        (["INSERT INTO told VALUES (:word, 1)"] * 2, 'violates unique constraint "uq_told_word"'),
        (["INSERT INTO told VALUES (:word, NULL)"], 'null value in column "n"'),
        (["INSERT INTO nowhere VALUES (:word)"], 'relation "nowhere" does not exist'),
    ],
)
def test_a_write_that_fails_tells_what_broke_and_not_what_was_written(
    world_without_broker: World, logged: list[str], statements: list[str], still_said: str
) -> None:
    world = world_without_broker

    def spill(session: Session, _event: Envelope) -> None:
        session.execute(text(_TABLE))
        for statement in statements:
            session.execute(text(statement), {"word": SECRET})

    world.commit(accounts=1)
    event = world.envelopes()[0]
    failing = world.with_handlers("mirror", {CHANGED: spill})
    assert inbox.receive(failing, event) == "pending"
    failing.close()

    error = world.inbox()[event.id].last_error
    assert still_said in error
    assert SECRET not in error
    (line,) = (line for line in logged if "inbox_failed" in line)
    assert SECRET not in line
    assert not [line for line in logged if SECRET in line]


def test_who_looks_at_the_error_itself_still_finds_which_rule_was_broken(world_without_broker: World) -> None:
    with world_without_broker["mirror"].database.engine.connect() as connection:
        connection.execute(text(_TABLE))
        connection.execute(text("INSERT INTO told VALUES ('a', 1)"))
        with pytest.raises(DBAPIError) as raised:
            connection.execute(text("INSERT INTO told VALUES ('a', 1)"))
    assert raised.value.orig.diag.constraint_name == "uq_told_word"
