"""A reminder rule that was deleted leaves its place to a new one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CONTRACTS = "the version before only ever hears of the constraint as a refusal, and the index refuses the same among what is there"


def upgrade() -> None:
    """Apply the change."""
    op.create_index(
        "uq_reminder_rules_kind",
        "reminder_rules",
        ["unit_id", "kind"],
        unique=True,
        postgresql_where="deleted_at IS NULL",
    )
    op.drop_constraint("uq_reminder_rules_unit_id_kind", "reminder_rules", type_="unique")


def downgrade() -> None:
    """Take the change back, and with it the deleted rules, of which there may be several in one place now."""
    op.execute("SELECT set_config('crm.units', '*', true)")
    op.execute("DELETE FROM reminder_rules WHERE deleted_at IS NOT NULL")
    op.create_unique_constraint("uq_reminder_rules_unit_id_kind", "reminder_rules", ["unit_id", "kind"])
    op.drop_index("uq_reminder_rules_kind", table_name="reminder_rules", postgresql_where="deleted_at IS NULL")
