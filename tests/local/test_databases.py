"""The databases of an installation on a real server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from crm_local.databases import SIGNING_KEY, ServiceDatabase, provision
from crm_local.failures import CannotStart
from crm_local.home import Secrets


@pytest.fixture
def server() -> str:
    return os.environ["CRM_TEST_POSTGRES_URL"].replace("postgresql+psycopg://", "postgresql://", 1)


@pytest.fixture
def database(server: str) -> Iterator[ServiceDatabase]:
    name = f"crm_launcher_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    yield ServiceDatabase("launcher", name, app_url="", owner_url="")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"DROP ROLE IF EXISTS {name}, {name}_owner")


def test_the_signing_key_is_made_with_the_first_database_and_stays(
    tmp_path: Path, server: str, database: ServiceDatabase
) -> None:
    for _ in range(2):
        provision(server, [database], Secrets(tmp_path / "secrets.json"))
    key = Secrets(tmp_path / "secrets.json").get(SIGNING_KEY)
    provision(server, [database], Secrets(tmp_path / "secrets.json"))
    assert Secrets(tmp_path / "secrets.json").get(SIGNING_KEY) == key


def test_no_new_key_is_made_for_databases_that_came_back_without_theirs(
    tmp_path: Path, server: str, database: ServiceDatabase
) -> None:
    provision(server, [database], Secrets(tmp_path / "lost.json"))
    with pytest.raises(CannotStart, match=f"there is a database {database.name} already.*put that file back"):
        provision(server, [database], Secrets(tmp_path / "secrets.json"))
    assert not (tmp_path / "secrets.json").exists()
    with psycopg.connect(server) as connection:
        assert connection.execute(
            "SELECT count(*) FROM pg_database WHERE datname = %s", [database.name]
        ).fetchone() == (1,)
