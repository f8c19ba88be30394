"""A role that was deleted leaves its key to a new one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CONTRACTS = "the version before only ever hears of the constraint as a refusal, and the index refuses the same among what is there"


def upgrade() -> None:
    """Apply the change. In one transaction, so that the name, by which a refusal finds its field, is never without."""
    op.drop_constraint("uq_roles_key", "roles", type_="unique")
    op.create_index("uq_roles_key", "roles", ["key"], unique=True, postgresql_where="deleted_at IS NULL")


def downgrade() -> None:
    """Take the change back. Deleted roles whose key was taken since go; no user of theirs is active."""
    op.execute("SELECT set_config('crm.units', '*', true)")
    op.execute("DELETE FROM roles WHERE deleted_at IS NOT NULL")
    op.drop_index("uq_roles_key", table_name="roles", postgresql_where="deleted_at IS NULL")
    op.create_unique_constraint("uq_roles_key", "roles", ["key"])
