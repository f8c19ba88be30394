"""Envelope, registry, subscriptions and permissions hold together."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from crm_contracts import asyncapi
from crm_contracts.envelope import Envelope, InvalidEnvelope
from crm_contracts.events import REGISTRY
from crm_contracts.permissions import RESOURCES
from crm_contracts.services import SERVICES
from crm_contracts.subscriptions import PATTERNS, matches, subscribers_of

ROOT = Path(__file__).parents[2]


def envelope() -> Envelope:
    return Envelope(
        id="1", source="sales", type="crm.sales.order.confirmed.v1", subject="7", time="t", data={}, aggregateversion=3
    )


def test_an_envelope_comes_back_as_it_went() -> None:
    document = envelope().to_dict()

    assert document["specversion"] == "1.0"
    assert Envelope.from_dict(document) == envelope()


def test_a_reader_ignores_attributes_it_does_not_know() -> None:
    assert Envelope.from_dict({**envelope().to_dict(), "newattribute": 1}) == envelope()


@pytest.mark.parametrize("broken", [None, [], {}, {"id": "1"}, {**envelope().to_dict(), "data": "text"}])
def test_what_is_no_event_is_refused(broken: object) -> None:
    with pytest.raises(InvalidEnvelope):
        Envelope.from_dict(broken)


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("crm.#", "crm.sales.order.confirmed.v1", True),
        ("crm.sales.#", "crm.sales.order.confirmed.v1", True),
        ("crm.sales.#", "crm.salesforce.order.confirmed.v1", False),
        ("crm.*.approval.requested.v1", "crm.sales.approval.requested.v1", True),
        ("crm.*.approval.requested.v1", "crm.sales.approval.cancelled.v1", False),
        ("crm.gateway.user.*.v1", "crm.gateway.user.signed-in.v1", True),
        ("crm.gateway.user.*.v1", "crm.gateway.user.signed-in.v2", False),
    ],
)
def test_patterns_match_as_an_amqp_topic_exchange_does(pattern: str, name: str, covered: bool) -> None:
    assert matches(pattern, name) is covered


def test_every_pattern_covers_an_event_and_every_event_has_a_subscriber() -> None:
    for service, patterns in PATTERNS.items():
        for pattern in patterns:
            assert any(matches(pattern, name) for name in REGISTRY), f"{service}: {pattern} matches nothing"
    assert [name for name in REGISTRY if not subscribers_of(name)] == []


def test_every_service_with_something_to_export_announces_that_and_the_audit_log_hears_it() -> None:
    exporting = {each.service for each in RESOURCES.values() if "export" in each.actions}

    assert {event.service for event in REGISTRY.values() if event.subject == "export"} == exporting
    for service in exporting:
        assert "gateway" in subscribers_of(f"crm.{service}.export.finished.v1")


def test_resources_name_services_and_both_languages() -> None:
    for resource in RESOURCES.values():
        assert resource.service in SERVICES
        assert resource.zh
        assert resource.en
        assert "read" in resource.actions


def test_the_asyncapi_document_is_fresh(tmp_path: Path) -> None:
    fresh = tmp_path / "asyncapi.json"
    subprocess.run([sys.executable, "-m", asyncapi.__name__, str(fresh)], check=True)

    kept = ROOT / "docs/asyncapi.json"
    assert kept.read_text(encoding="utf-8") == fresh.read_text(encoding="utf-8"), "run `make contracts`"


@pytest.mark.parametrize("path", sorted((ROOT / "tests/contracts/samples").glob("*.json")), ids=lambda path: path.stem)
def test_a_recorded_event_still_keeps_its_contract(path: Path) -> None:
    """Samples were recorded from a running system and are never edited: what was published once must stay readable."""
    recorded = Envelope.from_dict(json.loads(path.read_text(encoding="utf-8")))

    assert recorded.type == path.stem
    assert REGISTRY[recorded.type].missing(recorded.data) == []
