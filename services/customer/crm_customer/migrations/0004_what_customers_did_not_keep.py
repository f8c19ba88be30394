"""What of orders and receivables a customer does not owe, and where a series of activities began.

The sums come with every event; for the copies that are there they are read off the event each was written from, as long
as the inbox has it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TOLD = """
    FROM inbox told
    WHERE told.source = 'sales' AND told.type LIKE :types
        AND told.aggregate_id = copy.id AND told.aggregate_version = copy.version
"""
_ORDERS = f"""
    UPDATE customer_orders copy SET not_kept = COALESCE((told.envelope->'data'->'returned_total'->>'amount')::numeric, 0)
    {_TOLD} AND told.envelope->'data'->'returned_total'->>'amount' <> '0.00'
"""  # noqa: S608  parts of this module
_RECEIVABLES = f"""
    UPDATE customer_receivables copy SET credited = (told.envelope->'data'->'credited'->>'amount')::numeric
    {_TOLD} AND told.envelope->'data'->'credited'->>'amount' <> '0.00'
"""  # noqa: S608  parts of this module


def upgrade() -> None:
    """Apply the change."""
    for table, column in (("customer_orders", "not_kept"), ("customer_receivables", "credited")):
        sums = sa.Column(column, sa.Numeric(precision=18, scale=2), server_default="0", nullable=False)
        op.add_column(table, sums)
    op.execute(sa.text(_ORDERS).bindparams(types="crm.sales.order.%"))
    op.execute(sa.text(_RECEIVABLES).bindparams(types="crm.sales.receivable.%"))
    op.add_column("activities", sa.Column("recurs_from", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("activities", "recurs_from")
    op.drop_column("customer_receivables", "credited")
    op.drop_column("customer_orders", "not_kept")
