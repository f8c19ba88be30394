"""Business calendars, by which time limits count."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "business_calendars",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("hours", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("special_days", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("custom", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_calendars")),
    )
    op.create_index("ix_business_calendars_created", "business_calendars", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_business_calendars_custom",
        "business_calendars",
        ["custom"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"custom": "jsonb_path_ops"},
    )
    op.create_index(
        "ix_business_calendars_owner_created", "business_calendars", ["owner_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_business_calendars_unit_created", "business_calendars", ["unit_id", "created_at", "id"], unique=False
    )
    op.add_column("sla_policies", sa.Column("calendar_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_sla_policies_calendar_id"), "sla_policies", "business_calendars", ["calendar_id"], ["id"]
    )
    op.add_column("requests", sa.Column("calendar_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Take the change back. Limits that counted by a calendar stay due when they were."""
    op.drop_column("requests", "calendar_id")
    op.drop_constraint(op.f("fk_sla_policies_calendar_id"), "sla_policies", type_="foreignkey")
    op.drop_column("sla_policies", "calendar_id")
    op.drop_table("business_calendars")
