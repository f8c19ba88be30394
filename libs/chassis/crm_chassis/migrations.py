"""Bringing a service's database to the present: Alembic migrations, row-level security, rights of the web role.

Row-level security is derived from the models, so no scoped table can be without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from alembic import command
from alembic.config import Config
from sqlalchemy import ARRAY, Connection, MetaData, create_engine, text

from . import (  # noqa: F401  # noqa: F401  their tables belong everywhere
    change_log,
    collection,
    custom_fields,
    files,
    idempotency,
    inbox,
    inbox_rows,
    jobs,
    numbering,
    org,
    outbox,
    process_beats,
    schedules,
    sweeper,
    text_search,
)
from .collection import jobs as collection_jobs  # noqa: F401
from .database import Scoped, sqlalchemy_url, system_transaction
from .scope import FENCED_UNITS
from .service import Runtime, Service
from .settings import Settings
from .tables import ChassisBase

HERE = Path(__file__).parent / "alembic_environment"
CHASSIS_STEPS = Path(__file__).parent / "migration_steps"


def config(metadata: MetaData, folder: Path, url: str, version_table: str) -> Config:
    """The Alembic configuration of one line of migrations."""
    made = Config()
    made.set_main_option("script_location", str(HERE))
    made.set_main_option("version_locations", str(folder))
    made.set_main_option("path_separator", "newline")
    made.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    made.attributes.update(metadata=metadata, url=sqlalchemy_url(url), version_table=version_table)
    return made


def lines_of(service: Service, url: str) -> list[Config]:
    """The two lines of migrations of a service's database: the chassis' tables, then its own."""
    return [
        config(ChassisBase.metadata, CHASSIS_STEPS, url, "alembic_version_chassis"),
        config(service.base.metadata, service.migrations, url, "alembic_version"),
    ]


def metadata_of(service: Service) -> list[MetaData]:
    """What a service's database holds: the chassis' tables and its own."""
    return [ChassisBase.metadata, service.base.metadata]


def upgrade(service: Service, url: str) -> None:
    """Run every migration that the database has not seen."""
    for line in lines_of(service, url):
        command.upgrade(line, "heads")


def migrate(service: Service, settings: Settings) -> None:
    """Upgrade to the newest migration, then hold security and rights to the models. May run again at any time."""
    url = settings.database_owner_url or settings.database_url
    upgrade(service, url)
    engine = create_engine(sqlalchemy_url(url), connect_args={"options": "-c lock_timeout=10000"})
    with engine.begin() as connection:
        for model in scoped_models(service):
            secure(connection, model)
        grant(connection, urlsplit(settings.database_url).username or "")
    engine.dispose()
    if service.after_migrate:
        runtime = Runtime(service, settings)
        with runtime.activate(), system_transaction() as session:
            service.after_migrate(session)
        runtime.close()


def write_step(service: Service | None, url: str, message: str) -> None:
    """Write the next migration from the difference between models and database, for developers.

    service: None writes one of the chassis. The database at ``url`` must be at the newest migration.
    """
    if service is None:
        line, folder = config(ChassisBase.metadata, CHASSIS_STEPS, url, "alembic_version_chassis"), CHASSIS_STEPS
    else:
        line, folder = lines_of(service, url)[1], service.migrations
    number = len(list(folder.glob("[0-9]*.py"))) + 1
    command.revision(line, message, autogenerate=True, rev_id=f"{number:04d}", version_path=str(folder))


def scoped_models(service: Service) -> list[Any]:
    """The models of a service whose rows belong to units."""
    return [mapper.class_ for mapper in service.base.registry.mappers if issubclass(mapper.class_, Scoped)]


def policy(model: Any) -> str:
    """The row-level security predicate of a model: the caller's units and below, or the caller is one of its people.

    A model's ``__policy__`` lets more through. The settings are written by ``database._raise_fence``; where nothing
    is set, nothing is seen.
    """
    people = [
        f"{name} @> ARRAY[NULLIF(current_setting('crm.user', true), '')::uuid]"
        if isinstance(model.__table__.c[name].type, ARRAY)
        else f"{name} = NULLIF(current_setting('crm.user', true), '')::uuid"
        for name in model.__people__
    ]
    below = f"unit_id IN ({FENCED_UNITS})"
    more = [model.__policy__] if model.__policy__ else []
    return " OR ".join(["(SELECT current_setting('crm.units', true)) = '*'", *people, below, *more])


def secure(connection: Connection, model: Any) -> None:
    """Force row-level security with the model's policy on its table, unless it is there already."""
    table, wanted = model.__tablename__, policy(model)
    known = connection.scalar(
        text("SELECT obj_description(p.oid, 'pg_policy') FROM pg_policy p WHERE p.polrelid = CAST(:t AS regclass)"),
        {"t": table},
    )
    if known == wanted:
        return
    comment = wanted.replace("'", "''")
    for statement in (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS scope ON {table}",
        f"CREATE POLICY scope ON {table} USING ({wanted})",
        f"COMMENT ON POLICY scope ON {table} IS '{comment}'",
    ):
        connection.execute(text(statement.replace(":", r"\:")))


def grant(connection: Connection, role: str) -> None:
    """Let the web role read and write rows, and nothing more."""
    quoted = '"' + role.replace('"', '""') + '"'
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quoted}"))
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}"))
    connection.execute(text(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}"))
