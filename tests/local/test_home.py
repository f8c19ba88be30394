"""CRM_HOME: secrets, state, ports, and what the operator asks for through the environment."""

from __future__ import annotations

import json
import socket
import stat
from dataclasses import fields
from pathlib import Path

import pytest

from crm_chassis.settings import Settings
from crm_contracts.services import SERVICES
from crm_local import keys, ports
from crm_local.databases import database_of, in_database
from crm_local.failures import CannotStart
from crm_local.home import Home, Secrets
from crm_local.installation import Installation, Wishes, new_password
from crm_local.journal import brief, tail


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "with space")
    home.create()
    return home


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_made_once_and_readable_by_their_owner_only(home: Home) -> None:
    first = Secrets(home.secrets_file).get("internal_key")
    assert len(first) >= 32
    assert Secrets(home.secrets_file).get("internal_key") == first
    assert Secrets(home.secrets_file).get("signing_key") != first
    assert mode(home.secrets_file) == 0o600


def test_damaged_secrets_are_reported_and_not_replaced(home: Home) -> None:
    home.secrets_file.write_text("{")
    with pytest.raises(CannotStart, match="damaged"):
        Secrets(home.secrets_file)
    assert home.secrets_file.read_text() == "{"


def test_databases_without_the_secrets_they_were_made_with_are_not_given_new_ones(home: Home) -> None:
    (home.root / "postgres").mkdir()
    with pytest.raises(CannotStart, match=r"there are databases in .* already, but .*secrets\.json does not hold"):
        Installation.to_start(home, Wishes()).servers(print)
    assert not home.secrets_file.exists()


def test_others_may_pass_through_the_home_but_not_look(home: Home) -> None:
    assert mode(home.root) & 0o044 == 0
    assert mode(home.logs) == 0o700


def test_a_state_cut_short_by_a_power_cut_is_no_state(home: Home) -> None:
    home.state_file.write_text('{"ports": {"sal')
    assert home.read_state() == {}


def test_the_home_is_dot_crm_unless_crm_home_says_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Home.from_environment({}).root == tmp_path / ".crm"
    assert Home.from_environment({"CRM_HOME": "/srv/banyan"}).root == Path("/srv/banyan")


def test_the_generated_password_is_kept_in_a_private_file_and_used_again(home: Home) -> None:
    first = Installation.to_start(home, Wishes()).password
    assert Installation.to_start(home, Wishes()).password == first
    assert home.password_file.read_text() == first + "\n"
    assert mode(home.password_file) == 0o600


def test_a_password_from_the_environment_is_written_nowhere(home: Home) -> None:
    assert Installation.to_start(home, Wishes(password="secret-8")).password == "secret-8"
    assert not home.password_file.exists()


def test_a_deleted_password_file_stays_deleted_once_everything_was_set_up(home: Home) -> None:
    home.write_state({"set_up": True})
    assert Installation.to_start(home, Wishes()).password == ""
    assert not home.password_file.exists()


def test_passwords_have_letters_and_digits_and_are_not_repeated() -> None:
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(any(c.isdigit() for c in word) and any(c.isalpha() for c in word) for word in made)


def test_remembered_ports_are_kept_when_free_and_left_when_taken(home: Home) -> None:
    names = ["postgres", "valkey", "sales"]
    before = ports.choose(names, {}, home.root)
    assert len(set(before.values())) == 3
    with socket.create_server(("127.0.0.1", before["valkey"])):
        after = ports.choose(names, before, home.root)
    assert after["postgres"] == before["postgres"]
    assert after["sales"] == before["sales"]
    assert after["valkey"] not in before.values()


def test_a_port_with_a_listener_on_every_address_is_taken() -> None:
    with socket.create_server(("0.0.0.0", 0)) as listener:
        assert not ports.is_free(listener.getsockname()[1])


def test_every_setting_of_a_process_is_one_the_chassis_knows(home: Home) -> None:
    known = {field.name.upper() for field in fields(Settings)} | {"CRM_PASSWORD"}
    installation = Installation.to_start(home, Wishes())
    for service in SERVICES:
        assert set(installation.environment(service)) <= known


def test_only_the_gateway_gets_the_private_key_and_the_first_password(home: Home) -> None:
    installation = Installation.to_start(home, Wishes(password="secret-8"))
    assert installation.environment("gateway")["ADMIN_PASSWORD"] == "secret-8"
    assert "PRIVATE KEY" in installation.environment("gateway")["IDENTITY_PRIVATE_KEY"]
    environment = json.dumps(installation.environment("sales"))
    assert "secret-8" not in environment
    assert "PRIVATE KEY" not in environment
    assert installation.environment("sales")["CRM_PASSWORD"] == ""


def test_the_gateway_alone_gets_the_key_to_its_metrics(home: Home) -> None:
    installation = Installation.to_start(home, Wishes())
    assert len(installation.environment("gateway")["METRICS_KEY"]) >= 32
    assert "METRICS_KEY" not in installation.environment("sales")


def test_the_public_key_belongs_to_the_private_one() -> None:
    private = keys.new_private_key()
    assert keys.public_key_of(private) == keys.public_key_of(private)
    assert keys.public_key_of(private) != keys.public_key_of(keys.new_private_key())


def test_own_servers_are_named_when_the_operator_names_none(home: Home) -> None:
    installation = Installation.to_start(home, Wishes())
    assert installation.server_url.startswith("postgresql://postgres:")
    assert installation.redis_url.endswith(f"127.0.0.1:{installation.ports['valkey']}/0")
    assert installation.broker_url.endswith(f"127.0.0.1:{installation.ports['valkey']}/1")


def test_the_operators_servers_are_used_when_named(home: Home) -> None:
    wishes = Wishes.from_environment(
        {
            "DATABASE_URL": "postgresql+psycopg://root:a%40b@db.example:5433/postgres?sslmode=require",
            "REDIS_URL": "rediss://cache.example:6380/4",
            "BROKER_URL": "amqp://mq.example//",
        }
    )
    installation = Installation.to_start(home, wishes)
    sales = installation.environment("sales")
    assert sales["REDIS_URL"] == "rediss://cache.example:6380/4"
    assert sales["BROKER_URL"] == "amqp://mq.example//"
    assert sales["DATABASE_URL"].startswith("postgresql://crm_sales:")
    assert sales["DATABASE_URL"].endswith("@db.example:5433/crm_sales?sslmode=require")
    assert "DATABASE_OWNER_URL" not in sales
    assert installation.servers(print) == []


def test_a_redis_server_of_the_operators_is_the_broker_too(home: Home) -> None:
    installation = Installation.to_start(home, Wishes(redis_url="redis://cache.example:6380/0"))
    assert installation.broker_url == "redis://cache.example:6380/1"


def test_there_is_no_beat_without_a_broker(home: Home) -> None:
    def names(wishes: Wishes) -> set[str]:
        return {spec.name for spec in Installation.to_start(home, wishes).background()}

    assert names(Wishes()) - names(Wishes(broker_url="poll://")) == {"beat"}


@pytest.mark.parametrize(
    "environment", [{"CRM_PORT": "eighty"}, {"CRM_PORT": "70000"}, {"BROKER_URL": "kafka://mq.example"}]
)
def test_nonsense_in_the_environment_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(CannotStart, match=next(iter(environment))):
        Wishes.from_environment(environment)


def test_a_service_signs_in_with_roles_of_its_own(home: Home) -> None:
    database = database_of("service-desk", "postgresql://postgres:x@127.0.0.1:1/postgres", Secrets(home.secrets_file))
    assert (database.name, database.owner) == ("crm_service_desk", "crm_service_desk_owner")
    assert database.app_url != database.owner_url
    assert database.app_url.endswith("@127.0.0.1:1/crm_service_desk")
    assert in_database("postgresql://a:b@h:1/postgres", "crm_sales") == "postgresql://a:b@h:1/crm_sales"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('{"level": "warning", "event": "slow", "took_ms": 900}', "warning: slow"),
        ('{"level": "warning", "event": "sweep_failed", "error": "refused"}', "warning: sweep_failed - refused"),
        ('{"level": "error", "event": "failed", "exception": "Trace\\nKeyError: 1"}', "error: failed - KeyError: 1"),
        ('{"level": "info", "event": "request"}', ""),
        ('{"event": "no level"}', ""),
        ("plain text", ""),
        ("[1, 2]", ""),
    ],
)
def test_only_warnings_and_worse_reach_the_screen_and_in_brief(line: str, shown: str) -> None:
    assert brief(line) == shown


def test_only_migrations_sign_in_as_the_owner(home: Home) -> None:
    installation = Installation.to_start(home, Wishes())
    owners = [spec.name for spec in installation.migrations() if "DATABASE_OWNER_URL" in spec.environment]
    assert owners == [f"{service}-migrate" for service in SERVICES]
    for spec in [*installation.webs(), *installation.background()]:
        assert "DATABASE_OWNER_URL" not in spec.environment


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "sales-web.log"
    log.write_text("".join(f"line {number}\n" for number in range(5000)))
    assert tail(log, 3) == ["line 4997", "line 4998", "line 4999"]
    assert tail(tmp_path / "missing.log", 3) == []
