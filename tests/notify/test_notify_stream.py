"""The live stream over real web processes (gunicorn, gevent), with Redis and without."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
import urllib3
from notify.world import OWN, World, until

from crm_chassis.identity import HEADER, Principal, sign
from crm_chassis.testing import KEY
from crm_chassis.testing_servers import Server, free_ports, start_redis


@pytest.fixture(scope="module")
def redis() -> Iterator[Server]:
    server = start_redis()
    yield server
    server.stop()


class Web:
    """A web process of the service, as the launcher starts it."""

    def __init__(self, world: World, redis_url: str = "") -> None:
        (port,) = free_ports(1)
        self.world, self.base = world, f"http://127.0.0.1:{port}/api/v1"
        settings = world.bench.settings
        environment = {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "IDENTITY_PUBLIC_KEY": settings.identity_public_key,
            "SIGNING_KEY": settings.signing_key,
            "REDIS_URL": redis_url,
            "PORT": str(port),
            "POOL_SIZE": "1",
            "DRAIN_S": "0",
        }
        command = [sys.executable, "-m", "crm_chassis", "web", "notify"]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pool = urllib3.PoolManager(retries=False, maxsize=20)
        until(lambda: self._answers(port), 30)

    def _answers(self, port: int) -> bool:
        assert self.process.poll() is None, "the web process ended"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def headers(self, user_id: UUID) -> dict[str, str]:
        principal = Principal(user_id, "x", self.world.team, self.world.n1, OWN, {}, "en", 1)
        return {HEADER: sign(principal, "notify", KEY)}

    def get(self, path: str, user_id: UUID, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.pool.request(
            "GET",
            self.base + path,
            headers={**self.headers(user_id), **headers},
            preload_content=False,
            timeout=urllib3.Timeout(connect=3, read=10),
        )

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(40)
        self.pool.clear()


@contextmanager
def serving(world: World, redis_url: str = "") -> Iterator[Web]:
    web = Web(world, redis_url)
    try:
        yield web
    finally:
        web.stop()


class Stream:
    """An open stream read event by event."""

    def __init__(self, web: Web, user_id: UUID, last: int | None = None) -> None:
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        self.answer = web.get("/notifications/stream", user_id, **headers)
        self._lines = self._read()

    def _read(self) -> Iterator[str]:
        waiting = b""
        while chunk := self.answer.read1():
            waiting += chunk
            *lines, waiting = waiting.split(b"\n")
            yield from (line.decode() for line in lines)

    def next(self) -> tuple[int, dict[str, Any]]:
        """The next event's id and data; comments are passed over."""
        number = 0
        for line in self._lines:
            if line.startswith("id: "):
                number = int(line[4:])
            if line.startswith("data: "):
                return number, json.loads(line[6:])
        raise AssertionError("the stream ended")

    def close(self) -> None:
        self.answer.close()


@pytest.fixture(params=["redis", "table"])
def web(request: pytest.FixtureRequest, world: World, redis: Server) -> Iterator[Web]:
    """A web process; with Redis, the events are handled by a process that publishes there too."""
    from dataclasses import replace

    runtime, url = world.bench.runtime, redis.url if request.param == "redis" else ""
    before = runtime.settings
    runtime.settings = replace(before, redis_url=url)
    try:
        with serving(world, url) as served:
            yield served
    finally:
        runtime.settings = before


def test_notifications_come_live_and_a_broken_stream_resumes(web: Web, world: World) -> None:
    stream = Stream(web, world.anna)
    assert stream.answer.status == 200
    assert stream.answer.headers["Content-Type"].startswith("text/event-stream")
    world.order(number="one")
    world.order(number="for another", owner_id=world.li)
    world.order(number="two")

    first, second = stream.next(), stream.next()

    assert [data["title"] for _, data in (first, second)] == ["Order one is confirmed", "Order two is confirmed"]
    assert second[0] > first[0]
    began = time.monotonic()
    world.order(number="three")
    assert stream.next()[1]["title"] == "Order three is confirmed"
    assert time.monotonic() - began < 3
    stream.close()
    world.order(number="four")
    resumed = Stream(web, world.anna, last=second[0])
    assert [resumed.next()[1]["title"] for _ in range(2)] == ["Order three is confirmed", "Order four is confirmed"]
    resumed.close()


def test_a_user_has_so_many_idle_streams_the_oldest_makes_place_and_none_keeps_the_process(world: World) -> None:
    """POOL_SIZE=1 allows two database connections; twelve streams and a request share them."""
    from crm_notify.notifications.stream import STREAMS_PER_USER

    with serving(world) as web:
        streams = [Stream(web, world.anna) for _ in range(STREAMS_PER_USER)]
        for stream in streams:
            next(stream._lines)

        def status(path: str, user_id: UUID) -> int:
            answer = web.get(path, user_id)
            answer.close()
            return answer.status

        assert status("/notifications/unread-count", world.anna) == 200
        assert status("/notifications/stream", world.li) == 200
        streams.append(Stream(web, world.anna))
        assert [line for line in streams[0]._lines if line.startswith("retry:")] == ["retry: 60000"]  # and it ended
        world.order(number="for the others")
        assert {stream.next()[1]["title"] for stream in streams[1:]} == {"Order for the others is confirmed"}
        began = time.monotonic()
        web.process.send_signal(signal.SIGTERM)
        assert web.process.wait(24) == 0
        assert time.monotonic() - began < 20  # gunicorn waits 25 s for connections that stay
        for stream in streams:
            stream.close()


def test_an_id_that_is_none_is_refused(world: World) -> None:
    answer = world.client(world.anna).get("/notifications/stream?last_event_id=x")

    assert (answer.status_code, answer.json["code"]) == (400, "last_event_id")


def test_a_silent_stream_sends_heartbeats_and_leaves_its_place(world: World) -> None:
    from crm_notify.notifications import stream

    runtime = world.bench.runtime
    hub = stream.hub_of(runtime)
    waiter = hub.enter(world.anna)
    body = stream.events(runtime, waiter, 0, heartbeat_s=0.05)

    assert next(body) == b"retry: 2000\n\n"
    assert next(body) == b": still here\n\n"
    hub.leave(waiter)
    assert hub.open_streams() == 0


def test_redis_that_is_away_costs_nothing_but_time(world: World) -> None:
    from dataclasses import replace

    runtime = world.bench.runtime
    before = runtime.settings
    runtime.settings = replace(before, redis_url="redis://127.0.0.1:9/0")
    try:
        world.order()
    finally:
        runtime.settings = before

    assert world.kinds(world.anna) == ["order.confirmed"]
