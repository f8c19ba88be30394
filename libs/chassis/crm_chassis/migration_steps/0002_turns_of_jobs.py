"""Jobs take turns and count their setbacks; the lines an import refuses have a table of their own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column("jobs", sa.Column("setbacks", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(
        "jobs", sa.Column("queued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
    )
    op.create_table(
        "rejected_rows",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cells", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_rejected_rows_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "line", name=op.f("pk_rejected_rows")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("rejected_rows")
    op.drop_column("jobs", "queued_at")
    op.drop_column("jobs", "setbacks")
