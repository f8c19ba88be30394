"""What is committed arrives once: the happy way over each broker and over none."""

from __future__ import annotations

from uuid import uuid4

from bus_world import World, eventually
from crm_chassis.outbox import OutboxRow
from ledger_and_mirror import AccountCopy, Effect, change_account
from sqlalchemy import func, select


def change_many(world: World, accounts: int, versions: int, **extra: object) -> int:
    """Commit ``versions`` changes of each of ``accounts``; answers how many events that made."""
    ids = [uuid4() for _ in range(accounts)]
    for version in range(1, versions + 1):
        for account_id in ids:
            with world.transaction("ledger") as session:
                change_account(session, account_id, version, balance=version * 10, **extra)
    return accounts * versions


def effects(world: World) -> int:
    with world.transaction("mirror") as session:
        return session.scalar(select(func.count()).select_from(Effect))


def test_every_committed_event_is_handled_once_and_in_order_of_its_aggregate(world: World) -> None:
    world.start("relay", "ledger")
    world.start("worker", "mirror")
    expected = change_many(world, accounts=10, versions=5)
    with world.feed():
        eventually(lambda: effects(world) == expected)
    with world.transaction("mirror") as session:
        assert session.scalar(select(func.count(Effect.event_id.distinct()))) == expected
        assert set(session.scalars(select(AccountCopy.version))) == {5}
        assert session.scalar(select(func.count()).select_from(OutboxRow)) == expected
