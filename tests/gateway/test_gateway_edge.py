"""What a caller says of itself: whom the gateway believes, what it counts, and what it shows to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from flask import Flask
from gateway.gateway_bench import ADMIN_PASSWORD, GatewayBench, Person
from prometheus_client import generate_latest
from sqlalchemy import select
from werkzeug.test import TestResponse

from crm_chassis import metrics
from crm_chassis.app import create_app
from crm_chassis.service import Runtime
from crm_chassis.testing import statements_of
from crm_gateway.audit.models import AuditEntry
from crm_gateway.routing.proxies import TrustedProxies

PROXY, STRANGER = "10.0.0.5", "192.0.2.66"
ANNA, BEN = "203.0.113.7", "203.0.113.8"

Changed = Callable[..., Flask]


@pytest.fixture
def changed(gateway: GatewayBench) -> Iterator[Changed]:
    """The gateway with other settings, over the same database."""
    runtimes: list[Runtime] = []

    def make(**settings: Any) -> Flask:
        runtimes.append(Runtime(gateway.service, replace(gateway.settings, **settings)))
        return create_app(runtimes[-1])

    yield make
    for runtime in runtimes:
        runtime.close()


def sign_in(
    app: Flask, peer: str, client: str | None = None, password: str = ADMIN_PASSWORD, **headers: str
) -> TestResponse:
    named = {"X-Forwarded-For": client} if client else {}
    return app.test_client().post(
        "/api/v1/auth/login",
        json={"username": "admin", "password": password},
        headers=named | {name.replace("_", "-"): value for name, value in headers.items()},
        environ_overrides={"REMOTE_ADDR": peer},
        base_url="http://crm.example",
    )


def test_invented_methods_leave_no_trace_in_the_metrics(gateway: GatewayBench, admin: Person) -> None:
    for path in ("/orders", "/users", "/nowhere"):
        for number in range(3):
            gateway.call(f"INVENTED{number}", path, token=admin.token)
    told = generate_latest(metrics.REGISTRY).decode()
    assert "INVENTED" not in told
    assert 'method="other"' in told


def test_people_behind_a_trusted_proxy_have_a_quota_each(changed: Changed) -> None:
    app = changed(trusted_proxies=PROXY, sign_in_rate="2/minute")
    assert [sign_in(app, PROXY, ANNA).status_code for _ in range(3)] == [200, 200, 429]
    assert sign_in(app, PROXY, BEN).status_code == 200


@pytest.mark.parametrize("trusted", ["", PROXY])
def test_what_a_stranger_writes_about_the_way_changes_nothing(changed: Changed, trusted: str) -> None:
    app = changed(trusted_proxies=trusted, sign_in_rate="2/minute")
    found = [sign_in(app, STRANGER, f"203.0.113.{number}").status_code for number in range(3)]
    assert found == [200, 200, 429]


def test_a_lock_and_the_audit_log_are_about_the_client_and_not_the_proxy(
    gateway: GatewayBench, changed: Changed
) -> None:
    app = changed(trusted_proxies="10.0.0.0/24")
    for _ in range(10):
        sign_in(app, PROXY, ANNA, password="guessed")
    assert sign_in(app, PROXY, ANNA).json["code"] == "locked"
    assert sign_in(app, PROXY, BEN).status_code == 200
    with gateway.system() as session:
        seen = session.execute(
            select(AuditEntry.action, AuditEntry.ip).where(AuditEntry.action.startswith("sign_in"))
        ).all()
    assert set(map(tuple, seen)) == {("sign_in.failed", ANNA), ("sign_in.succeeded", BEN)}


@pytest.mark.parametrize(
    ("peer", "scheme", "cookie"),
    [(PROXY, "https", "__Host-banyan"), (PROXY, "http", "banyan"), (STRANGER, "https", "banyan")],
)
def test_the_cookie_is_secure_when_a_trusted_proxy_says_https(
    changed: Changed, peer: str, scheme: str, cookie: str
) -> None:
    answer = sign_in(changed(trusted_proxies=PROXY), peer, ANNA, X_Forwarded_Proto=scheme)
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    assert (name, "Secure" in rest.split("; ")) == (cookie, cookie == "__Host-banyan")


@pytest.mark.parametrize(
    ("peer", "named", "client"),
    [
        (PROXY, "203.0.113.7", "203.0.113.7"),
        (PROXY, "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        (PROXY, "6.6.6.6, 203.0.113.7, 10.0.0.9", "203.0.113.7"),
        (PROXY, "10.0.0.8,10.0.0.9", "10.0.0.8"),
        (PROXY, "203.0.113.7, nonsense", PROXY),
        (PROXY, "nonsense, 10.0.0.9", "10.0.0.9"),
        (PROXY, "203.0.113.7:4711", "203.0.113.7"),
        (PROXY, "[2001:db8::7]:4711", "2001:db8::7"),
        (PROXY, "2001:db8::7", "2001:db8::7"),
        (PROXY, "", PROXY),
        ("::ffff:10.0.0.5", "203.0.113.7", "203.0.113.7"),
        ("2001:db8:1::5", "203.0.113.7", "203.0.113.7"),
        (STRANGER, "203.0.113.7", STRANGER),
        ("", "203.0.113.7", ""),
    ],
)
def test_the_client_is_the_last_one_that_a_proxy_of_ours_saw(peer: str, named: str, client: str) -> None:
    proxies = TrustedProxies([ip_network("10.0.0.0/24"), ip_network("2001:db8:1::/48")])
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": named, "wsgi.url_scheme": "http"}
    proxies.settle(environ)
    assert environ["REMOTE_ADDR"] == client


@pytest.mark.parametrize(
    ("said", "scheme"), [("https", "https"), ("https, http", "http"), ("gopher", "http"), ("", "http")]
)
def test_the_scheme_is_what_the_nearest_proxy_says(said: str, scheme: str) -> None:
    environ = {"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_PROTO": said, "wsgi.url_scheme": "http"}
    TrustedProxies([ip_network(PROXY)]).settle(environ)
    assert environ["wsgi.url_scheme"] == scheme


def test_the_metrics_are_for_the_holder_of_their_key(changed: Changed) -> None:
    app = changed(metrics_key="for Prometheus")
    for credential in ("", "Bearer", "Bearer ", "Bearer guessed", "Bearer internal-test-key"):
        for path in ("/metrics", "/metrics/"):
            refused = app.test_client().get(path, headers={"Authorization": credential})
            assert (refused.status_code, refused.json["code"]) == (404, "not_found"), (path, credential)
    shown = app.test_client().get("/metrics", headers={"Authorization": "Bearer for Prometheus"})
    assert shown.status_code == 200
    assert "crm_http_requests_total" in shown.text


def test_the_metrics_are_closed_without_a_key(changed: Changed) -> None:
    app = changed(metrics_key="")
    for credential in ("Bearer", "Bearer ", "Bearer None"):
        assert app.test_client().get("/metrics", headers={"Authorization": credential}).status_code == 404


def test_asking_whether_the_gateway_is_ready_costs_the_database_nothing_to_speak_of(changed: Changed) -> None:
    app = changed()
    client = app.test_client()
    with statements_of(app.extensions["runtime"]) as sent:
        answers = [client.get("/readyz") for _ in range(200)]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].json == {"status": "ok"}
    assert len(sent) <= 10


def test_a_gateway_whose_database_is_away_is_not_ready(changed: Changed) -> None:
    app = changed(database_url="postgresql://nobody:x@127.0.0.1:1/none")
    refused = app.test_client().get("/readyz")
    assert (refused.status_code, refused.json["code"]) == (503, "unavailable")


def test_who_calls_while_the_database_is_away_is_asked_to_come_again(changed: Changed, admin: Person) -> None:
    app = changed(database_url="postgresql://nobody:x@127.0.0.1:1/none")
    refused = app.test_client().get("/api/v1/customers", headers={"Authorization": f"Bearer {admin.token}"})
    assert (refused.status_code, refused.json["code"], "Retry-After" in refused.headers) == (503, "unavailable", True)
