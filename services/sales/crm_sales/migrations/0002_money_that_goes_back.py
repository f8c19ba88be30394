"""Refunds of payments, and what of an order was not delivered when it was closed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CONTRACTS = "the two checks are only made wider: what the version before writes satisfies the new ones too"


def upgrade() -> None:
    """Apply the change."""
    op.add_column(
        "orders",
        sa.Column("cancelled_total", sa.Numeric(precision=18, scale=2), server_default="0", nullable=False),
    )
    op.drop_constraint(op.f("ck_orders_returned_total"), "orders", type_="check")
    op.create_check_constraint(
        op.f("ck_orders_returned_total"),
        "orders",
        "cancelled_total >= 0 AND returned_total + cancelled_total <= total "
        "AND refund_due <= returned_total + cancelled_total",
    )
    op.add_column(
        "payments", sa.Column("refunded", sa.Numeric(precision=18, scale=2), server_default="0", nullable=False)
    )
    op.drop_constraint(op.f("ck_payments_allocated"), "payments", type_="check")
    op.create_check_constraint(
        op.f("ck_payments_allocated"),
        "payments",
        "allocated >= 0 AND refunded >= 0 AND allocated + refunded <= amount",
    )
    op.create_table(
        "payment_refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("refunded_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_refunds_amount")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_payment_refunds_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_refunds")),
    )
    op.create_index("ix_payment_refunds_payment", "payment_refunds", ["payment_id"], unique=False)


def downgrade() -> None:
    """Take the change back. What is due for goods that were not delivered is forgotten with them."""
    op.drop_index("ix_payment_refunds_payment", table_name="payment_refunds")
    op.drop_table("payment_refunds")
    op.drop_constraint(op.f("ck_payments_allocated"), "payments", type_="check")
    op.create_check_constraint(op.f("ck_payments_allocated"), "payments", "allocated >= 0 AND allocated <= amount")
    op.drop_column("payments", "refunded")
    op.drop_constraint(op.f("ck_orders_returned_total"), "orders", type_="check")
    op.execute("SELECT set_config('crm.units', '*', true)")
    op.execute("UPDATE orders SET refund_due = returned_total WHERE refund_due > returned_total")
    op.create_check_constraint(
        op.f("ck_orders_returned_total"), "orders", "returned_total <= total AND refund_due <= returned_total"
    )
    op.drop_column("orders", "cancelled_total")
