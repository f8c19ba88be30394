"""Alembic's environment, the same for every service; see ``crm_chassis.migrations``."""

from alembic import context
from sqlalchemy import create_engine, text

config = context.config
metadata = config.attributes["metadata"]
engine = create_engine(config.attributes["url"], connect_args={"options": "-c lock_timeout=10000"})


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Leave out the tables of the database's other line of migrations."""
    return kind != "table" or name in metadata.tables


with engine.connect() as connection:
    connection.execute(text("SELECT pg_advisory_lock(hashtext('banyan-migrate'))"))
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=config.attributes["version_table"],
        include_name=is_ours,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
