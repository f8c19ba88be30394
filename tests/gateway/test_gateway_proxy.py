"""Passing calls on: against a real service in a thread of its own, with real sockets."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from flask import Response
from gateway.gateway_bench import ADMIN_PASSWORD, GatewayBench
from gateway.upstream_bench import Service, World, failing

from crm_chassis.testing_servers import free_ports
from crm_gateway.routing.upstreams import Breaker, RetryBudget


def test_a_call_reaches_the_service_with_a_signed_identity_and_nothing_private(world: World, service: Service) -> None:
    from crm_chassis import identity
    from crm_chassis.testing import KEY

    forged = {
        "X-Banyan-Identity": "forged",
        "X-Forwarded-For": "6.6.6.6",
        "Forwarded": "for=6.6.6.6",
        "X-Real-Ip": "6.6.6.6",
        "Connection": "X-Secret-Hop, close",
        "X-Secret-Hop": "1",
        "Cookie": "a=b",
        "X-Request-Id": "client-id-0001",
    }
    answer = world.call("GET", "/orders?status=draft&q=%E6%A6%95%E6%A0%91", headers=forged)
    assert answer.status_code == 200, answer.text
    (seen,) = service.asked
    assert seen["target"] == "/api/v1/orders?status=draft&q=%E6%A6%95%E6%A0%91"
    principal = identity.verify(seen["headers"]["X-Banyan-Identity"], "sales", KEY)
    assert principal.username == "admin"
    assert {"order:read", "order:confirm", "customer:read"} <= set(principal.grants)
    assert "customer:update" not in principal.grants, "only what the service needs"
    for name in ("Authorization", "Cookie", "X-Secret-Hop", "Forwarded", "X-Real-Ip"):
        assert name not in seen["headers"], name
    assert seen["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert seen["headers"]["X-Request-Id"] == answer.headers["X-Request-Id"] == "client-id-0001"
    assert seen["headers"]["Traceparent"].startswith("00-")
    assert seen["headers"]["X-Banyan-Deadline-Ms"] == "5000"


@pytest.mark.parametrize("given", ["short", "with space in it", "<script>alert(1)</script>", "x" * 65])
def test_an_odd_request_id_is_replaced(world: World, given: str) -> None:
    answer = world.call("GET", "/orders", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] != given
    assert len(answer.headers["X-Request-Id"]) == 36


def test_nobody_reaches_a_service_without_signing_in(world: World, service: Service) -> None:
    for path in ("/orders", "/jobs/sales.0190", "/search?q=a"):
        refused = world.call("GET", path, headers={"Authorization": ""})
        assert (refused.status_code, refused.json["code"]) == (401, "unauthenticated"), path
    assert service.asked == []


def test_the_language_asked_for_reaches_the_service_and_is_that_of_our_own_refusals(
    world: World, service: Service
) -> None:
    chinese, english = {"Accept-Language": "zh-CN,zh;q=0.9"}, {"Accept-Language": "en"}

    def told(path: str, headers: dict[str, str]) -> tuple[int, str, str]:
        answer = world.call("GET", path, headers=headers)
        assert "Accept-Language" in answer.headers["Vary"]
        return answer.status_code, answer.json["detail"], answer.headers["Content-Language"]

    world.call("GET", "/orders", headers=chinese)
    assert service.asked[-1]["headers"]["Accept-Language"] == "zh-CN,zh;q=0.9"
    assert told("/orders", {"Authorization": "", **chinese}) == (401, "请先登录", "zh-CN")
    assert told("/orders", {"Authorization": "", **english}) == (401, "Sign in first", "en")
    assert told("/orders", {"Authorization": ""}) == (401, "Sign in first", "en")
    assert told("/claims", chinese) == (503, "此处未安装该功能。", "zh-CN")
    assert told("/claims", english) == (503, "This part of the system is not installed here.", "en")
    assert told("/claims", {}) == (503, "此处未安装该功能。", "zh-CN"), "the administrator's own language"
    service.reply = failing(2)
    assert told("/orders", chinese) == (503, "系统部分功能暂时不可用，请稍后再试", "zh-CN")


def test_what_people_outside_use_is_open_and_keeps_its_own_credentials(world: World, service: Service) -> None:
    for path in ("/public/lead-forms/abc", "/portal/requests", "/activities.ics?token=t"):
        answer = world.call("GET", path, headers={"Authorization": "Bearer portal-token"})
        assert answer.status_code == 200, path
        assert "X-Banyan-Identity" not in service.asked[-1]["headers"]
        assert service.asked[-1]["headers"]["Authorization"] == "Bearer portal-token"


def test_jobs_are_routed_by_the_service_in_their_id(world: World, service: Service) -> None:
    assert world.call("GET", "/jobs/service-desk.0190-aa").status_code == 200
    assert service.asked[-1]["target"] == "/api/v1/jobs/service-desk.0190-aa"
    assert world.call("GET", "/jobs/gateway.0190").status_code == 404
    assert world.call("GET", "/jobs/nothing.0190").status_code == 404
    assert world.call("GET", "/nowhere").status_code == 404
    assert world.call("GET", "/claims").json["code"] == "no_upstream"


def test_a_safe_call_is_repeated_once(world: World, service: Service) -> None:
    service.reply = failing(1)
    assert world.call("GET", "/orders").status_code == 200
    assert len(service.asked) == 2


def test_an_unkeyed_write_is_never_repeated(world: World, service: Service) -> None:
    service.reply = failing(1)
    refused = world.call("POST", "/orders", json={"a": 1})
    assert refused.status_code == 503
    assert refused.json["code"] == "upstream_failed"
    assert "down" not in refused.text
    assert len(service.asked) == 1


def test_a_keyed_write_is_repeated_with_the_same_body(world: World, service: Service) -> None:
    service.reply = failing(1, 502)
    answer = world.call("POST", "/orders", json={"a": 1}, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 200
    assert service.asked[0]["body"] == service.asked[1]["body"] == b'{"a": 1}'
    assert service.asked[1]["headers"]["Idempotency-Key"] == "k1"


def test_a_services_own_refusal_is_passed_on(world: World, service: Service) -> None:
    problem = '{"code": "state_conflict", "status": 409}'
    service.reply = lambda: Response(problem, status=409, mimetype="application/problem+json", headers={"ETag": '"3"'})
    answer = world.call("POST", "/orders/1/confirm", json={})
    assert (answer.status_code, answer.json["code"], answer.headers["ETag"]) == (409, "state_conflict", '"3"')


def test_an_error_page_never_gets_out(world: World, service: Service) -> None:
    service.reply = lambda: Response("<h1>Traceback: secret.py</h1>", status=500, mimetype="text/html")
    answer = world.call("GET", "/orders")
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert "secret" not in answer.text


def test_the_breaker_opens_when_a_service_keeps_failing_and_closes_when_it_is_back(
    world: World, service: Service
) -> None:
    upstream = world.edge.upstreams["sales"]
    upstream.breaker.first_pause_s = 0.3
    upstream.budget.saved = 0.0
    service.reply = failing(10_000)
    for _ in range(5):
        world.call("GET", "/orders")
    asked = len(service.asked)
    refused = world.call("GET", "/orders")
    assert (refused.status_code, refused.json["code"]) == (503, "upstream_breaker")
    assert int(refused.headers["Retry-After"]) >= 1
    assert len(service.asked) == asked, "an open breaker calls nobody"
    assert world.call("GET", "/customers").json["code"] != "upstream_breaker", "other services are not affected"
    service.reply = lambda: {"ok": True}
    deadline = time.monotonic() + 5
    while world.call("GET", "/orders").status_code != 200:
        assert time.monotonic() < deadline, "the breaker must close again"
    assert upstream.breaker.state == "closed"


def test_a_service_that_is_away_costs_a_second_at_most(gateway: GatewayBench) -> None:
    (port,) = free_ports(1)
    world = World(gateway, f"http://127.0.0.1:{port}")
    began = time.monotonic()
    refused = world.call("GET", "/orders")
    assert (refused.status_code, refused.json["code"]) == (503, "upstream_unreachable")
    assert refused.headers["Retry-After"] == "1"
    assert time.monotonic() - began < 2
    world.close()


def test_the_bulkhead_refuses_what_is_too_much_and_lets_others_pass(world: World, service: Service) -> None:
    upstream = world.edge.upstreams["sales"]
    upstream.concurrent_max = 2
    go = threading.Event()
    service.reply = lambda: {"ok": go.wait(10)}
    waiting = [threading.Thread(target=world.call, args=("GET", "/orders")) for _ in range(2)]
    for thread in waiting:
        thread.start()
    deadline = time.monotonic() + 5
    while upstream.busy < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    refused = world.call("GET", "/orders")
    assert (refused.status_code, refused.json["code"]) == (503, "upstream_bulkhead")
    assert world.call("GET", "/permissions").status_code == 200
    go.set()
    for thread in waiting:
        thread.join(5)
    assert upstream.busy == 0
    assert world.call("GET", "/orders").status_code == 200


def test_a_slow_service_is_given_up_on_and_not_asked_again(
    world: World, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crm_gateway.routing import rules

    monkeypatch.setattr(rules, "READ_S", 0.2)
    go = threading.Event()
    service.reply = lambda: {"ok": go.wait(10)}
    refused = world.call("GET", "/orders")
    go.set()
    assert (refused.status_code, refused.json["code"]) == (503, "upstream_timeout")
    assert len(service.asked) == 1
    assert world.edge.upstreams["sales"].busy == 0


def test_a_big_upload_streams_through_and_a_bigger_one_is_refused(world: World, service: Service) -> None:
    content = b"x" * 150_000
    answer = world.call("POST", "/orders/1/attachments", data=content, content_type="application/octet-stream")
    assert answer.status_code == 200
    assert service.asked[-1]["body"] == content
    refused = world.call("POST", "/orders/1/attachments", data=b"x" * 200_001)
    assert (refused.status_code, refused.json["code"]) == (413, "too_large")
    assert len(service.asked) == 1


def test_big_answers_and_live_streams_come_piece_by_piece(world: World, service: Service) -> None:
    next_piece = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield b"data: 1\n\n"
        next_piece.wait(10)
        yield b"data: 2\n\n"

    service.reply = lambda: Response(pieces(), mimetype="text/event-stream")
    client = world.app.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {world.token}"}
    answer = client.get("/api/v1/notifications/stream", headers=headers, buffered=False)
    stream = iter(answer.response)
    assert next(stream) == b"data: 1\n\n", "the first piece arrives before the second exists"
    assert world.edge.upstreams["notify"].busy == 0, "a live stream holds no place among the calls"
    assert "X-Banyan-Deadline-Ms" not in service.asked[-1]["headers"]
    next_piece.set()
    assert next(stream) == b"data: 2\n\n"
    answer.close()


def test_a_big_answer_arrives_whole_and_gives_its_place_back(world: World, service: Service) -> None:
    service.reply = lambda: Response(b"y" * 300_000, mimetype="application/octet-stream")
    answer = world.call("GET", "/orders/1/attachments/2")
    assert answer.data == b"y" * 300_000
    answer.close()
    assert world.edge.upstreams["sales"].busy == 0


def test_an_answer_without_a_body_stays_without(world: World, service: Service) -> None:
    service.reply = lambda: Response(status=204)
    assert world.call("DELETE", "/orders/1").status_code == 204
    service.reply = lambda: Response(status=304, headers={"ETag": '"1"'})
    answer = world.call("GET", "/orders/1", headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.data) == (304, b"")
    assert world.edge.upstreams["sales"].busy == 0


def test_a_changed_role_changes_the_very_next_token(gateway: GatewayBench, world: World, service: Service) -> None:
    from crm_chassis import identity
    from crm_chassis.testing import KEY

    admin = gateway.person("admin", ADMIN_PASSWORD)
    role = admin.made("/roles", {"key": "buyer", "name": "B", "grants": _reads("order")})
    world.token = admin.colleague("buyer1", admin.unit("N1"), "buyer").token

    def grants() -> set[str]:
        world.call("GET", "/orders")
        return set(identity.verify(service.asked[-1]["headers"]["X-Banyan-Identity"], "sales", KEY).grants)

    assert grants() == {"order:read"}
    assert admin.patch(f"/roles/{role['id']}", {"grants": _reads("order", "product")}, version=1).status_code == 200
    assert grants() == {"order:read", "product:read"}


def _reads(*resources: str) -> list[dict[str, str]]:
    return [{"resource": resource, "action": "read", "scope": "company"} for resource in resources]


def test_a_half_open_breaker_tries_one_call_and_waits_longer_when_it_fails() -> None:
    breaker = Breaker(threshold=2, first_pause_s=1, longest_pause_s=3)
    assert breaker.admit(0) == 0
    assert breaker.failed(0) is False
    assert breaker.failed(0) is True
    assert breaker.admit(0.5) == 0.5
    assert breaker.admit(1.0) == 0
    assert breaker.state == "half_open"
    assert breaker.admit(1.0) > 0, "one at a time"
    breaker.failed(1.0)
    assert breaker.admit(2.5) == 0.5
    assert breaker.admit(3.0) == 0
    breaker.failed(3.0)
    assert breaker.admit(3.0) == 3, "never longer than the longest pause"
    assert breaker.admit(6.0) == 0
    breaker.succeeded()
    assert breaker.state == "closed"
    assert breaker.admit(6.0) == 0


def test_the_retry_budget_is_a_tenth_of_the_calls() -> None:
    budget = RetryBudget(saved=0)
    for _ in range(95):
        budget.earn()
    assert [budget.spend() for _ in range(10)] == [True] * 9 + [False]
