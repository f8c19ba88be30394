"""Rules every service keeps, read off its declaration."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Index, UniqueConstraint, create_engine, text

from crm_chassis import migrations
from crm_chassis.database import sqlalchemy_url
from crm_chassis.service import Service, load_service
from crm_chassis.testing import Bench
from crm_contracts.events import REGISTRY
from crm_contracts.permissions import RESOURCES, SERVICE_OF_PATH
from crm_contracts.services import SERVICES
from crm_contracts.subscriptions import PATTERNS, matches

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> Service:
    return load_service(request.param)


@pytest.fixture
def bench(service: Service) -> Iterator[Bench]:
    bench = Bench(service)
    yield bench
    bench.close()


def test_every_route_names_a_permission_of_the_catalogue(bench: Bench) -> None:
    known = {f"{resource.name}:{action}" for resource in RESOURCES.values() for action in resource.actions}
    for rule in bench.app.url_map.iter_rules():
        permission = bench.app.view_functions[rule.endpoint].permission  # type: ignore[attr-defined]
        assert permission in known | {"public", "signed-in", "internal"}, f"{rule.rule} needs {permission}"


def test_every_public_route_says_what_it_does(bench: Bench) -> None:
    silent = [
        rule.rule
        for rule in bench.app.url_map.iter_rules()
        if rule.rule.startswith("/api") and not (bench.app.view_functions[rule.endpoint].__doc__ or "").strip()
    ]
    assert silent == []


def test_every_collection_stands_at_the_path_of_its_resource(service: Service) -> None:
    for collection in service.collections:
        assert SERVICE_OF_PATH.get(collection.name) == service.name, collection.name
        assert RESOURCES[collection.resource].service == service.name


def test_every_field_has_both_languages(service: Service) -> None:
    for collection in service.collections:
        for name, field in collection.loader.fields.items():
            crm = field.metadata.get("crm")
            assert crm, f"{collection.name}.{name}: make it with crm_chassis.fields"
            assert all(crm["label"]), f"{collection.name}.{name} lacks a label"
            for option in crm.get("options", ()):
                assert all(option["label"]), f"{collection.name}.{name}: {option['value']} lacks a label"


def test_every_handler_is_subscribed_and_known(service: Service) -> None:
    for name in service.handlers:
        assert name in REGISTRY, name
        assert any(matches(pattern, name) for pattern in PATTERNS[service.name]), f"{name} never arrives"


def test_every_event_of_the_service_is_heard_by_a_handler(service: Service) -> None:
    heard = {name for other in SERVICES for name in load_service(other).handlers}
    mine = [name for name, event in REGISTRY.items() if event.service == service.name]
    assert [name for name in mine if name not in heard] == []


def test_migrations_are_one_line_without_branches(service: Service) -> None:
    for line in migrations.lines_of(service, "postgresql://unused"):
        steps = list(ScriptDirectory.from_config(line).walk_revisions())
        assert [step.revision for step in reversed(steps)] == [f"{n:04d}" for n in range(1, len(steps) + 1)]


def test_the_migrations_make_what_the_models_say(bench: Bench, service: Service) -> None:
    engine = create_engine(sqlalchemy_url(bench.settings.database_owner_url))
    for metadata in migrations.metadata_of(service):
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection,
                opts={
                    "include_name": lambda name, kind, _parents, meta=metadata: kind != "table" or name in meta.tables
                },
            )
            assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_value_that_callers_choose_comes_free_with_its_record(service: Service) -> None:
    """Or they are refused for ever because of a row that nobody sees."""
    for collection in service.collections:
        chosen = {name for name, field in collection.loader.fields.items() if not field.dump_only}
        table = collection.model.__table__
        uniques = [
            *(each for each in table.constraints if isinstance(each, UniqueConstraint)),
            *(each for each in table.indexes if each.unique),
        ]
        for unique in uniques if "delete" not in collection.frozen else ():
            where = unique.dialect_options["postgresql"].get("where") if isinstance(unique, Index) else None
            comes_free = "deleted_at IS NULL" in str(where)
            asked_for = {column.name for column in unique.columns} <= chosen
            assert comes_free or not asked_for, f"{unique.name}: make it an index WHERE deleted_at IS NULL"


def test_every_scoped_table_has_forced_row_level_security(bench: Bench, service: Service) -> None:
    models = migrations.scoped_models(service)
    with bench.system() as session:
        for model in models:
            forced = session.execute(
                text("SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = CAST(:t AS regclass)"),
                {"t": model.__tablename__},
            ).scalar_one()
            assert forced, model.__tablename__


def test_the_web_role_owns_nothing(bench: Bench) -> None:
    with bench.system() as session:
        owned = session.execute(
            text(
                "SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
            )
        ).scalar_one()
        bypasses = session.execute(
            text("SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user")
        ).scalar_one()
    assert (owned, bypasses) == (0, False)


def test_every_service_has_a_page_about_it(service: Service) -> None:
    folder = "gateway" if service.name == "gateway" else f"services/{service.name}"
    page = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    assert len(page.split()) > 60


def test_actions_and_rules_keep_their_distance() -> None:
    """actions import no Flask and commit nothing; rules are pure."""
    forbidden = {
        "actions.py": r"\b(flask|celery|kombu)\b|\.commit\(",
        "rules.py": r"^(?:from|import) (flask|sqlalchemy|celery|kombu|marshmallow|crm_chassis(?!\.language))\b",
    }
    for name, pattern in forbidden.items():
        for path in [*ROOT.glob(f"services/*/crm_*/**/{name}"), *ROOT.glob(f"gateway/crm_*/**/{name}")]:
            code = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
            found = [line for line in code if re.search(pattern, line) and '"""' not in line]
            assert found == [], f"{path.relative_to(ROOT)}: {found}"


RANKS = {"rules": 1, "models": 2, "queries": 3, "actions": 4, "schemas": 5, "collection": 5, "verbs": 6}
TOP = 7


def test_inside_a_slice_imports_point_down_only() -> None:
    """routes, consumers and jobs use schemas and verbs, these actions, these queries, these models, these rules."""
    upward = []
    for path in [*ROOT.glob("services/*/crm_*/*/*.py"), *ROOT.glob("gateway/crm_*/*/*.py")]:
        mine = RANKS.get(path.stem, TOP)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or node.level != 1:
                continue
            names = [node.module.split(".")[0]] if node.module else [alias.name for alias in node.names]
            upward += [f"{path.relative_to(ROOT)} -> {n}" for n in names if RANKS.get(n, 0) > mine]
    assert upward == []
