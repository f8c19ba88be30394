"""The secret of a webhook: shown once, kept encrypted, and changed without losing a call."""

from __future__ import annotations

from dataclasses import replace

import pytest
from notify.world import WebSink, World, call_due, hook
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from crm_chassis import clock
from crm_chassis.idempotency import StoredAnswer
from crm_chassis.testing import Client
from crm_notify.webhooks.models import Webhook

pytestmark = pytest.mark.usefixtures("loopback_allowed")


def test_the_secret_is_shown_once_and_lies_encrypted(world: World, admin: Client, receiver: WebSink) -> None:
    made = hook(admin, receiver.url)

    assert made["secret"].startswith("whsec_")
    assert admin.get(f"/webhooks/{made['id']}").json["secret"] is None
    assert admin.get("/webhooks").json["items"][0]["secret"] is None
    assert made["secret"] not in world.rows(Webhook)[0].sealed_secret


def test_a_repeated_call_makes_nothing_twice_and_no_copy_of_the_secret_is_kept(
    world: World, admin: Client, receiver: WebSink
) -> None:
    body = {"url": receiver.url, "events": ["crm.#"]}
    made, again = (admin.post("/webhooks", body, key="made-once") for _ in range(2))
    path = f"/webhooks/{made.json['id']}/rotate-secret"
    rotated, rotated_again = (admin.post(path, {}, key="rotated-once") for _ in range(2))

    assert again.headers["Idempotent-Replayed"] == rotated_again.headers["Idempotent-Replayed"] == "true"
    assert again.json == made.json | {"secret": None}
    assert rotated_again.json == rotated.json | {"secret": None}
    kept = b"".join(row.body for row in world.rows(StoredAnswer))
    assert made.json["id"].encode() in kept
    for secret in (made.json["secret"], rotated.json["secret"]):
        assert secret.encode() not in kept
    assert len(world.rows(Webhook)) == 1


def test_a_secret_sealed_under_another_signing_key_switches_its_webhook_off_and_holds_up_no_other(
    world: World, admin: Client, receiver: WebSink
) -> None:
    before = hook(admin, receiver.url)
    world.bench.runtime.settings = replace(world.bench.runtime.settings, signing_key="another one")
    after = hook(admin, receiver.url)
    world.order()

    call_due(world)

    assert len(receiver.calls) == 1
    Verifier(after["secret"]).verify(receiver.calls[0][1], receiver.calls[0][0])
    switched_off = admin.get(f"/webhooks/{before['id']}").json
    assert switched_off["active"] is False
    assert switched_off["disabled_reason"].startswith("The secret cannot be read any more: rotate it")
    rotated = admin.post(f"/webhooks/{before['id']}/rotate-secret").json
    admin.patch(f"/webhooks/{before['id']}", {"active": True}, version=rotated["version"])
    call_due(world)
    Verifier(rotated["secret"]).verify(receiver.calls[1][1], receiver.calls[1][0])


def test_after_rotation_both_secrets_are_good_for_a_day(world: World, admin: Client, receiver: WebSink) -> None:
    made = hook(admin, receiver.url)
    rotated = admin.post(f"/webhooks/{made['id']}/rotate-secret").json
    assert rotated["secret"] != made["secret"]
    world.order()
    call_due(world)
    headers, body = receiver.calls[0]
    for secret in (made["secret"], rotated["secret"]):
        Verifier(secret).verify(body, headers)
    with world.bench.system() as session:
        session.get_one(Webhook, world.rows(Webhook)[0].id).previous_until = clock.now()

    world.order()
    call_due(world)

    headers, body = receiver.calls[1]
    Verifier(rotated["secret"]).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(made["secret"]).verify(body, headers)
