"""What the console has to know and no API tells: its copies are those of the services."""

from __future__ import annotations

import json
from typing import Any

from crm_contracts.events import REGISTRY
from crm_contracts.services import SERVICES
from crm_notify.reminders.rules import DEFAULT_MINUTES
from crm_web import build

FEATURES = build.WEB / "src" / "features"


def _read(path: str) -> Any:
    return json.loads((FEATURES / path).read_text())


def test_a_webhook_is_offered_every_event() -> None:
    ours = sorted(name for name, event in REGISTRY.items() if event.service in SERVICES)  # other tests add their own
    assert _read("webhooks/events.json") == ours


def test_reminders_show_the_defaults_that_hold() -> None:
    assert _read("reminders/defaults.json") == DEFAULT_MINUTES
