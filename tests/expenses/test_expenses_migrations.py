"""The expenses service's migrations, there and back with rows in the tables."""

from __future__ import annotations

from alembic import command
from sqlalchemy import text

from crm_chassis import migrations
from crm_chassis.testing import Client

from .conftest import Group, draft, item

_KEPT = text("UPDATE claims SET paid_at = CAST(:at AS timestamptz) WHERE id = CAST(:id AS uuid)")


def test_the_days_of_payments_are_read_off_the_moments_that_were_kept_before(group: Group, anna: Client) -> None:
    apia = group.person(group.bench.unit("WS", group.root, timezone="Pacific/Apia"), "apia")
    noon = "2026-03-09T12:00:00Z"  # a day that was named
    kept = [(anna, noon), (apia, noon), (anna, "2026-03-09T16:30:00Z"), (apia, "2026-03-09T11:30:00Z"), (anna, None)]
    claims = [(draft(client, item(group))["id"], moment) for client, moment in kept]
    line = migrations.lines_of(group.bench.service, group.bench.settings.database_owner_url)[1]

    command.downgrade(line, "0002")
    with group.bench.system() as session:
        for claim_id, moment in claims:
            session.execute(_KEPT, {"at": moment, "id": claim_id})
    command.upgrade(line, "head")

    with group.bench.system() as session:
        days = dict(session.execute(text("SELECT id::text, paid_on::text FROM claims")).all())
    assert [days[claim_id] for claim_id, _ in claims] == ["2026-03-09", "2026-03-09", "2026-03-10", "2026-03-10", None]
