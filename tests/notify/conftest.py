"""The notify service under test, a small group of companies, and real sinks for what leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from aiosmtpd.controller import Controller
from notify.world import MailSink, WebSink, World

from crm_chassis.testing import Bench, Client, everything_of
from crm_chassis.testing_servers import free_ports


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailSink]:
    """A real SMTP server on loopback that keeps what it takes."""
    sink = MailSink()
    (port,) = free_ports(1)
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    sink.url = f"smtp://127.0.0.1:{port}"
    yield sink
    controller.stop()


@pytest.fixture(scope="session")
def _bench(mail_server: MailSink) -> Iterator[Bench]:
    from crm_notify.app import service

    bench = Bench(service, smtp_url=mail_server.url, mail_from="Banyan <crm@banyan.example>")
    yield bench
    bench.close()


@pytest.fixture
def bench(_bench: Bench) -> Bench:
    _bench.clean()
    return _bench


@pytest.fixture
def mails(mail_server: MailSink) -> MailSink:
    mail_server.reset()
    return mail_server


@pytest.fixture
def world(bench: Bench) -> World:
    return World(bench)


@pytest.fixture
def receiver() -> Iterator[WebSink]:
    """A real HTTP server on loopback that keeps what it is sent."""
    sink = WebSink()
    yield sink
    sink.close()


@pytest.fixture
def admin(world: World) -> Client:
    """May do everything of this service in the company N1."""
    return world.client(world.boss, everything_of("notify"), world.n1)


@pytest.fixture
def loopback_allowed(bench: Bench) -> Iterator[None]:
    """Webhooks may go to addresses inside the house, where the receiver is."""
    before = bench.runtime.settings
    bench.runtime.settings = replace(before, webhook_private_addresses="allow")
    yield
    bench.runtime.settings = before
