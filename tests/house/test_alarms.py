"""The alarms ask for metrics that exist, and each has its runbook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from crm_chassis import messaging_metrics, metrics
from crm_chassis.service import load_service
from crm_chassis.testing import Bench

ROOT = Path(__file__).parents[2]
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/observability/alarms.yml").read_text())["groups"]
    for rule in group["rules"]
]
_ELSEWHERE = {"up"}  # Prometheus' own


@pytest.fixture(scope="module")
def told() -> set[str]:
    """The names of all metrics that a service and the gateway tell."""
    import crm_gateway.routing.upstreams  # noqa: F401  registers the gateway's

    bench = Bench(load_service("sales"))
    registry = CollectorRegistry()
    messaging_metrics.register(registry, bench.runtime)
    try:
        text = generate_latest(registry).decode() + generate_latest(metrics.REGISTRY).decode()
    finally:
        bench.close()
    return set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alarm_asks_for_what_is_told_and_has_a_runbook(rule: dict[str, Any], told: set[str]) -> None:
    asked = set(re.findall(r"\b(crm_\w+|up)\b(?=[{\[ ]|$)", rule["expr"])) | set(
        re.findall(r"\b(crm_\w+)", rule["expr"])
    )
    known = told | {f"{name}_bucket" for name in told} | _ELSEWHERE
    assert asked
    assert asked <= known, asked - known
    anchor = rule["annotations"]["runbook"].partition("#")[2]
    sections = {line[3:].lower() for line in (ROOT / "docs/runbooks.md").read_text().splitlines() if line[:3] == "## "}
    assert anchor == rule["alert"].lower()
    assert anchor in sections


def test_every_runbook_has_its_alarm() -> None:
    sections = [line[3:] for line in (ROOT / "docs/runbooks.md").read_text().splitlines() if line[:3] == "## "]
    assert sections == [rule["alert"] for rule in RULES]
