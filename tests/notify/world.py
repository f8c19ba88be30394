"""What the tests of notify share: a group with people in it, events of the other services, sinks."""

from __future__ import annotations

import email
import email.policy
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from crm_chassis import clock, org
from crm_chassis.identity import Grant
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

OWN = {f"notification:{a}": Grant(own=True) for a in ("read", "update")} | {
    f"notification_preference:{a}": Grant(own=True) for a in ("read", "update")
}
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


class MailSink:
    """Keeps the mails it takes; ``answer`` refuses instead, ``hang_up`` drops the line without an answer."""

    def __init__(self) -> None:
        self.url = ""
        self.reset()

    def reset(self) -> None:
        self.taken: list[EmailMessage] = []
        self.answer = "250 OK"
        self.recipient_answer = "250 OK"
        self.hang_up = False

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.recipient_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            self.taken.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
        if self.hang_up:
            server.transport.close()
        return self.answer

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.taken if mail["To"] == address]


class WebSink:
    """Keeps the calls it gets as (headers, body); does ``meanwhile`` and answers ``status``."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], str]] = []
        self.status = 200
        self.location: str | None = None
        self.meanwhile: Callable[[], None] = lambda: None
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                sink.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
                sink.meanwhile()
                self.send_response(sink.status)
                if sink.location:
                    self.send_header("Location", sink.location)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class World:
    """A group with one region, two subsidiaries and their people."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.group = bench.unit("BD", kind="group")
        self.n1, self.e1 = bench.unit("N1", self.group), bench.unit("E1", self.group)
        self.team = bench.unit("N1-T", self.n1, "team")
        self.boss = self.user("boss", self.n1)
        self.manager = self.user("manager", self.team)
        self.anna = self.user("anna", self.team, manager_id=self.manager)
        self.li = self.user("li", self.team, locale="zh-CN")
        self.head(self.n1, self.boss)
        self.head(self.team, self.manager)

    def user(self, name: str, unit_id: UUID, *, version: int = 1, **more: Any) -> UUID:
        user = {
            "id": uuid7(),
            "username": name,
            "display_name": name.capitalize(),
            "email": f"{name}@example.com",
            "mobile": None,
            "unit_id": unit_id,
            "unit_ids": [unit_id],
            "roles": [],
            "manager_id": None,
            "locale": "en",
            "active": True,
            **more,
        }
        with self.bench.system() as session:
            org.apply_user(session, user, version)
        return user["id"]  # type: ignore[return-value]

    def head(self, unit_id: UUID, manager_id: UUID) -> None:
        with self.bench.system() as session:
            session.get_one(org.OrgUnit, unit_id).manager_id = manager_id
        org.forget_tree()

    def client(self, user_id: UUID, grants: dict[str, Grant] | None = None, unit_id: UUID | None = None) -> Client:
        from crm_chassis.identity import Principal

        unit = unit_id or self.team
        principal = Principal(user_id, "x", unit, self.n1, OWN if grants is None else grants, {}, "en", 1)
        return self.bench.client(principal)

    def notes(self, user_id: UUID) -> list[dict[str, Any]]:
        """What the user's list shows, oldest first."""
        answer = self.client(user_id).get("/notifications?limit=200")
        assert answer.status_code == 200, answer.json
        return list(reversed(answer.json["items"]))

    def kinds(self, user_id: UUID) -> list[str]:
        return [note["kind"] for note in self.notes(user_id)]

    def rows(self, model: Any, *conditions: Any) -> list[Any]:
        with self.bench.system() as session:
            return list(session.scalars(select(model).where(*conditions)))

    def customer(self, name: str = "Acme", **more: Any) -> UUID:
        customer = record(
            self.n1,
            self.anna,
            name=name,
            code="N1-1",
            kind="company",
            relation="customer",
            status="active",
            level=None,
            region_code=None,
            phone=None,
            created_by=self.anna,
            **more,
        )
        self.bench.deliver("crm.customer.customer.created.v1", customer)
        return customer["id"]

    def order(self, fact: str = "confirmed", **more: Any) -> dict[str, Any]:
        values = {
            "number": "SO-N1-000001",
            "customer_id": uuid7(),
            "ordered_on": "2026-11-21",
            "status": fact,
            "total": money(),
            "lines": [],
        }
        order = record(self.team, self.anna, **values) | more
        self.bench.deliver(f"crm.sales.order.{fact}.v1", order)
        return order

    def churn(self, **more: Any) -> dict[str, Any]:
        values = {
            "customer_id": uuid7(),
            "customer_name": "Acme",
            "status": "warned",
            "reasons": [{"code": "no_order", "zh": "6个月没有订单", "en": "no order for 6 months"}],
            "warned_at": clock.now().isoformat(),
        }
        return record(self.team, self.anna, **values) | more

    def run(self, schedule: str) -> None:
        """Run one of the service's schedules as a worker does."""
        chosen = next(each for each in self.bench.service.schedules if each.name == schedule)
        with self.bench.system() as session:
            chosen.run(session)


def money(amount: str = "1234.50") -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def record(unit_id: UUID, owner_id: UUID | None, **values: Any) -> dict[str, Any]:
    return {"id": uuid7(), "unit_id": unit_id, "owner_id": owner_id, **values}


OPPORTUNITY = {
    "name": "Big deal",
    "customer_id": str(uuid7()),
    "stage": "x",
    "probability": 10,
    "amount": money(),
    "status": "open",
}
APPROVAL = {
    "subject_type": "claim",
    "subject_id": str(uuid7()),
    "title": "Claim 7",
    "round": 1,
    "status": "running",
    "due_at": None,
}


def activity(world: World, **more: Any) -> dict[str, Any]:
    values = {"subject": "Call", "kind": "call", "status": "planned", "customer_id": None, "assignee_id": world.anna}
    return record(world.team, world.anna, **values, due_at=(NOW + timedelta(hours=2)).isoformat()) | more


def approval(world: World, **more: Any) -> dict[str, Any]:
    asked = {"subject_id": uuid7(), "requester_id": world.anna, "assignee_ids": [world.manager, world.boss]}
    return {"id": uuid7(), "unit_id": world.team, **APPROVAL, **asked, **more}


def deliver(world: World, event: str, payload: dict[str, Any], version: int = 1) -> None:
    world.bench.deliver(f"crm.{event}.v1", payload, version=version)


def fire(world: World, at: datetime) -> None:
    with clock.frozen(at):
        world.run("reminders")


def reminders(world: World, status: str = "waiting") -> list[Any]:
    from crm_notify.reminders.models import Reminder

    return world.rows(Reminder, Reminder.status == status)


def hook(admin: Client, url: str, *events: str) -> dict[str, Any]:
    answer = admin.post("/webhooks", {"url": url, "events": list(events) or ["crm.sales.order.*.v1"]})
    assert answer.status_code == 201, answer.json
    return answer.json


def call_due(world: World, later: timedelta = timedelta()) -> None:
    with clock.frozen(clock.now() + later):
        world.run("webhooks")


def until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Poll until the condition holds; its value."""
    import time

    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.02)
    return found
