"""The alarms ask for metrics that exist, and each has its runbook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from crm_chassis import sweeper
from crm_chassis.service import load_service
from crm_chassis.testing import Bench

ROOT = Path(__file__).parents[2]
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/observability/alarms.yml").read_text())["groups"]
    for rule in group["rules"]
]
_ELSEWHERE = {"up"}  # Prometheus' own


_KEY = {"Authorization": "Bearer key-of-prometheus"}


@pytest.fixture(scope="module")
def told() -> str:
    """What a service and the gateway, each freshly started and asked twice, tell Prometheus."""
    sales = Bench(load_service("sales"))
    gateway = Bench(
        load_service("gateway"), peers={"never-called": "http://127.0.0.1:1"}, metrics_key="key-of-prometheus"
    )
    try:
        with sales.system() as session:
            sweeper.mark_of(session, "customer")
        texts = []
        for bench in (sales, gateway):
            client = bench.app.test_client()
            client.get("/livez")
            answer = client.get("/metrics", headers=_KEY)
            assert answer.status_code == 200
            texts.append(answer.text)
    finally:
        sales.close()
        gateway.close()
    return "\n".join(texts)


def samples(text: str) -> set[str]:
    """The names that a text of Prometheus has values for: a metric without any raises no alarm."""
    return set(re.findall(r"^(\w+?)(?:\{.*\})? \S+$", text, re.MULTILINE))


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alarm_asks_for_what_is_told_and_has_a_runbook(rule: dict[str, Any], told: str) -> None:
    asked = set(re.findall(r"\b(crm_\w+)", rule["expr"])) | set(re.findall(r"\b(up)\{", rule["expr"]))
    known = samples(told) | _ELSEWHERE
    assert asked
    assert asked <= known, asked - known
    anchor = rule["annotations"]["runbook"].partition("#")[2]
    sections = {line[3:].lower() for line in (ROOT / "docs/runbooks.md").read_text().splitlines() if line[:3] == "## "}
    assert anchor == rule["alert"].lower()
    assert anchor in sections


def test_every_runbook_has_its_alarm() -> None:
    sections = [line[3:] for line in (ROOT / "docs/runbooks.md").read_text().splitlines() if line[:3] == "## "]
    assert sections == [rule["alert"] for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_a_join_has_one_row_on_its_one_side_and_an_alarm_speaks_of_labels_it_keeps(rule: dict[str, Any]) -> None:
    expression, kept = rule["expr"], {"job", "process", "service", "source", "status"}
    for one, label in re.findall(r"^(.*?) - on\((\w*)\) group_right", expression):
        assert label, "a join on nothing finds many rows on both sides"
        assert one.startswith(f"max by ({label}) (")
    if said := re.findall(r"by \(([\w, ]+)\) \(crm_sweep_pos\)", expression):
        kept = set(said[0].split(", "))
    assert set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])) <= kept
    assert (" on(" in expression) == ("group_right" in expression)


def test_what_has_not_happened_yet_is_told_as_none_and_what_never_lived_as_silent_for_ever(told: str) -> None:
    assert 'crm_gateway_breaker_opened_total{service="never-called"} 0.0' in told
    assert 'crm_process_silence_seconds{process="worker"} +Inf' in told
    assert 'crm_process_silence_seconds{process="relay"} +Inf' in told
