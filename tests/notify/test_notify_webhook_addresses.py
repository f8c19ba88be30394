"""No webhook leads inside the house: not by its address, not by its name, and not by a redirect."""

from __future__ import annotations

from dataclasses import replace

import pytest
from notify.world import WebSink, World, call_due, hook

from crm_chassis.testing import Client
from crm_notify.webhooks import rules

pytestmark = pytest.mark.usefixtures("loopback_allowed")


def close_inside(world: World) -> None:
    """Let no webhook go to an address inside the house any more."""
    world.bench.runtime.settings = replace(world.bench.runtime.settings, webhook_private_addresses="")


def test_redirects_are_not_followed(world: World, admin: Client, receiver: WebSink) -> None:
    hook(admin, receiver.url)
    receiver.status, receiver.location = 302, receiver.url + "/elsewhere"
    world.order()

    call_due(world)

    assert len(receiver.calls) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://erp.example/hook",
        "https://localhost/hook",
        "https://127.0.0.1/hook",
        "https://10.0.0.8/hook",
        "https://169.254.169.254/latest",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://[64:ff9b::a00:1]/hook",
        "https://metadata.internal/",
        "https://user:pw@erp.example/hook",
    ],
)
def test_addresses_inside_the_house_are_refused(world: World, admin: Client, url: str) -> None:
    close_inside(world)

    answer = admin.post("/webhooks", {"url": url, "events": ["crm.#"]})

    assert answer.status_code == 422, answer.json
    assert answer.json["errors"][0]["pointer"] == "/url"


def test_a_name_that_turns_out_to_lead_inside_is_not_called(world: World, admin: Client, receiver: WebSink) -> None:
    made = hook(admin, receiver.url)
    world.order()
    close_inside(world)

    call_due(world)

    assert receiver.calls == []
    (call,) = admin.get(f"/webhooks/{made['id']}/deliveries").json["items"]
    assert call["last_error"] == "The address lies inside the house."


@pytest.mark.parametrize(
    ("addresses", "chosen"),
    [
        (["93.184.215.14"], "93.184.215.14"),
        (["93.184.215.14", "10.0.0.1"], None),
        (["100.64.0.1"], None),
        (["2002:0a00:0001::1"], None),
        (["0.0.0.0"], None),
        ([], None),
    ],
)
def test_every_address_of_a_name_must_be_public(addresses: list[str], chosen: str | None) -> None:
    assert rules.chosen_address(addresses, private_allowed=False) == chosen
