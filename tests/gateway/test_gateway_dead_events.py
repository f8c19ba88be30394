"""Events that a service gave up, seen and settled by operators through the gateway; and what waits, in one shape."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import UUID

import pytest
from gateway.gateway_bench import GatewayBench, Person
from werkzeug.serving import make_server

from crm_chassis import clock, ids, inbox_rows
from crm_chassis.inbox import InboxRow
from crm_chassis.service import load_service
from crm_chassis.testing import Bench
from crm_chassis.testing_servers import free_ports
from crm_contracts.envelope import Envelope
from crm_gateway.routing.upstreams import Upstream

HEARD = "crm.customer.customer.created.v1"


@pytest.fixture(scope="module")
def _sales() -> Iterator[Bench]:
    bench = Bench(load_service("sales"))
    yield bench
    bench.close()


@pytest.fixture
def sales(_sales: Bench, gateway: GatewayBench) -> Iterator[Bench]:
    """The real sales service behind the gateway, with nothing in its inbox."""
    _sales.clean()
    (port,) = free_ports(1)
    server = make_server("127.0.0.1", port, _sales.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    behind = gateway.app.extensions["edge"].upstreams
    before = dict(behind)
    behind.clear()
    behind["sales"] = Upstream("sales", f"http://127.0.0.1:{port}")
    yield _sales
    behind.clear()
    behind.update(before)
    server.shutdown()
    thread.join()
    server.server_close()


def die(bench: Bench) -> str:
    """An event that the service gave up; answers its id."""
    event = Envelope(
        id=str(ids.uuid7()),
        source="customer",
        type=HEARD,
        subject=str(ids.uuid7()),
        time=clock.now().isoformat(),
        data={"name": "a secret of another company"},
        aggregateversion=1,
    )
    with bench.system() as session:
        row = inbox_rows.locked(session, event, 1)
        row.status, row.attempts, row.last_error = "dead", 6, "ValueError: cannot be handled"
    return event.id


def status_of(bench: Bench, event_id: str) -> str:
    with bench.system() as session:
        return session.get_one(InboxRow, ("customer", UUID(event_id))).status


def test_an_operator_sees_what_every_service_gave_up_but_not_what_it_says(
    gateway: GatewayBench, admin: Person, sales: Bench
) -> None:
    theirs, ours = die(sales), die(gateway)
    gateway.app.extensions["edge"].upstreams["notify"] = Upstream("notify", "http://127.0.0.1:1")
    told = admin.get("/system/dead-events")
    assert told.status_code == 200, told.text
    found = {each["id"]: each for each in told.json["items"]}
    assert set(found) == {f"sales.{theirs}", f"gateway.{ours}"}
    assert found[f"sales.{theirs}"]["error"] == "ValueError: cannot be handled"
    assert found[f"sales.{theirs}"]["type"] == HEARD
    assert told.json["unreached"] == ["notify"]
    assert "secret" not in told.text


@pytest.mark.parametrize("where", ["sales", "gateway"])
def test_an_operator_has_one_tried_again_or_lets_it_go_and_the_log_says_who(
    gateway: GatewayBench, admin: Person, sales: Bench, where: str
) -> None:
    bench = sales if where == "sales" else gateway
    event_id = die(bench)
    assert admin.post(f"/system/dead-events/{where}.{event_id}/drop", {}).status_code == 204
    assert status_of(bench, event_id) == "dropped"
    assert admin.post(f"/system/dead-events/{where}.{event_id}/drop", {}).status_code == 404, "it is not dead any more"
    assert admin.post(f"/system/dead-events/{where}.{event_id}/replay", {}).status_code == 204
    assert status_of(bench, event_id) == "pending"
    found = admin.get("/audit-entries?action__contains=dead_event.").json["items"]
    entries = sorted(found, key=lambda each: each["seq"])
    assert [(each["action"], each["subject_id"], each["subject_name"]) for each in entries] == [
        ("dead_event.dropped", event_id, where),
        ("dead_event.replayed", event_id, where),
    ]


def test_what_does_not_exist_is_not_found_and_what_is_away_is_said_so(
    gateway: GatewayBench, admin: Person, sales: Bench
) -> None:
    gateway.app.extensions["edge"].upstreams["notify"] = Upstream("notify", "http://127.0.0.1:1")
    for name in ("sales", f"sales.{ids.uuid7()}", f"gateway.{ids.uuid7()}", f"nowhere.{ids.uuid7()}", "sales.x"):
        assert admin.post(f"/system/dead-events/{name}/replay", {}).status_code == 404, name
    assert admin.post(f"/system/dead-events/notify.{ids.uuid7()}/replay", {}).status_code == 503
    assert admin.get("/audit-entries?action__contains=dead_event.").json["items"] == [], "nothing was done"


def test_only_who_runs_the_system_may_look_and_settle(gateway: GatewayBench, sales: Bench) -> None:
    assert gateway.call("GET", "/system/dead-events").status_code == 401
    assert gateway.call("POST", f"/system/dead-events/sales.{ids.uuid7()}/drop", {}).status_code == 401
    door = sales.app.test_client()
    assert door.get("/internal/dead-events").status_code == 401
    assert door.post(f"/internal/dead-events/{ids.uuid7()}/drop").status_code == 401
    assert door.get("/internal/lag").status_code == 401


def test_the_health_page_tells_what_waits_in_the_gateway_as_in_every_service(
    gateway: GatewayBench, admin: Person, sales: Bench
) -> None:
    die(gateway)
    services = {each["service"]: each for each in admin.get("/system/health").json["services"]}
    assert services["gateway"]["lag"]["inbox"]["dead"] == 1
    assert services["sales"]["lag"]["inbox"]["dead"] == 0
    assert services["sales"]["lag"].keys() == services["gateway"]["lag"].keys() == {"outbox", "inbox", "jobs_waiting"}


def test_readiness_asks_the_database_and_counts_nothing(sales: Bench) -> None:
    answer = sales.app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "service": "sales"})
