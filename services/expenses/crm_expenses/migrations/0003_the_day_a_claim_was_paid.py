"""The day on which a claim was paid.

Until now only a moment was kept: noon in UTC of a day that was named, or else the moment at which it was written down, which
is a day where the claim lies.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_DAYS = """
    UPDATE claims SET paid_on = (
        paid_at AT TIME ZONE CASE
            WHEN (paid_at AT TIME ZONE 'UTC')::time = '12:00' THEN 'UTC'
            ELSE COALESCE((SELECT timezone FROM org_units WHERE org_units.id = claims.unit_id), 'Asia/Shanghai')
        END
    )::date
    WHERE paid_at IS NOT NULL
"""


def upgrade() -> None:
    """Apply the change."""
    op.add_column("claims", sa.Column("paid_on", sa.Date(), nullable=True))
    op.execute("SELECT set_config('crm.units', '*', true)")
    op.execute(_DAYS)


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("claims", "paid_on")
