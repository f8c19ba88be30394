"""A customer that was deleted leaves its code to a new one."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CONTRACTS = "the version before only ever hears of the constraint as a refusal, and the index refuses the same among what is there"

_OWN_CODE = """
    UPDATE customers SET code = left(code, 23) || '-' || id
    WHERE id IN (
        SELECT id FROM (
            SELECT id, row_number() OVER (PARTITION BY code ORDER BY deleted_at DESC NULLS FIRST, id) AS place FROM customers
        ) AS holders
        WHERE place > 1
    )
"""
"""Of those who share a code the one that is there keeps it, or else the one that was deleted last."""


def upgrade() -> None:
    """Apply the change. The index is made beside the constraint first: only the two short steps after it hold up readers.

    In one transaction, so that the name, by which a refusal finds its field, is never without.
    """
    op.create_index("uq_customers_code_held", "customers", ["code"], unique=True, postgresql_where="deleted_at IS NULL")
    op.drop_constraint("uq_customers_code", "customers", type_="unique")
    op.execute("ALTER INDEX uq_customers_code_held RENAME TO uq_customers_code")


def downgrade() -> None:
    """Take the change back. Deleted customers whose code was given again since get one of their own, with their id."""
    op.execute("SELECT set_config('crm.units', '*', true)")
    op.execute(_OWN_CODE)
    op.drop_index("uq_customers_code", table_name="customers", postgresql_where="deleted_at IS NULL")
    op.create_unique_constraint("uq_customers_code", "customers", ["code"])
