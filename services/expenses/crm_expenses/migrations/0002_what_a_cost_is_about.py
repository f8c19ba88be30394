"""Copies of the opportunities, orders and requests that a cost may be about."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _create(table: str, *columns: sa.Column) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *columns,
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    for name in ("unit_id", "owner_id", "customer_id"):
        op.create_index(f"ix_{table}_{name}", table, [name], unique=False)


def upgrade() -> None:
    """Apply the change."""
    _create("opportunities", sa.Column("team_ids", postgresql.ARRAY(sa.Uuid()), nullable=False))
    op.create_index("ix_opportunities_team_ids", "opportunities", ["team_ids"], unique=False, postgresql_using="gin")
    _create("orders")
    _create("requests", sa.Column("assignee_id", sa.Uuid(), nullable=True))
    op.create_index("ix_requests_assignee_id", "requests", ["assignee_id"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    for table in ("requests", "orders", "opportunities"):
        op.drop_table(table)
