"""The audit log takes no change and no deletion once an entry is sealed."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE FUNCTION audit_entry_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            -- A new entry gets its place and seal as its transaction commits: the one change there is.
            IF TG_OP = 'UPDATE' AND OLD.hash IS NULL AND NEW.hash IS NOT NULL THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'audit entries are never changed or removed' USING ERRCODE = 'insufficient_privilege';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER audit_entry_is_final BEFORE UPDATE OR DELETE ON audit_entries
        FOR EACH ROW EXECUTE FUNCTION audit_entry_is_final()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_entry_is_final ON audit_entries")
    op.execute("DROP FUNCTION audit_entry_is_final()")
