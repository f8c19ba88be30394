"""The one judge after every fault: what was promised against what the databases and the sinks hold.

A  every write that was answered with 2xx exists
B  every committed event is in each subscriber's inbox exactly once, and settled
C  no event without its write, and no write without its event
D  what leaves the house leaves once, and an effect inside happens once
E  copies and figures equal what their source says
F  only poison is dead
G  nobody sees another company's rows
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from decimal import Decimal
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import psycopg
from faults.clients import Done, Journal
from faults.stage import Stage, databases
from psycopg import sql

from crm_contracts.subscriptions import subscribers_of

SETTLED = ("done", "ignored")
_COUNTED_APART = ".signed-in.v1"  # a user's sign-ins have versions of their own
_TABLES = {  # aggregate type of an event -> the table of its rows, where the name does not say it
    ("gateway", "user"): "users",
    ("gateway", "role"): "roles",
    ("gateway", "org-unit"): "org_units",
}


class Databases:
    """A connection to each service's database, as the superuser and past every link."""

    def __init__(self, urls: dict[str, str]) -> None:
        self._stack = ExitStack()
        self._links = {
            service: self._stack.enter_context(psycopg.connect(url, autocommit=True)) for service, url in urls.items()
        }

    def __enter__(self) -> Databases:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def services(self) -> list[str]:
        """The services whose databases are looked at."""
        return list(self._links)

    def rows(self, service: str, query: str | sql.Composed, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self._links[service].execute(query, values).fetchall()

    def execute(self, service: str, statement: str | sql.Composed) -> None:
        """Run a statement."""
        self._links[service].execute(statement)

    def tables(self, service: str) -> set[str]:
        """The tables with an id and a version."""
        found = self.rows(
            service,
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND column_name IN ('id', 'version') GROUP BY table_name HAVING count(*) = 2",
        )
        return {name for (name,) in found}


def judge(
    stage: Stage, journal: Journal, *, poison: Iterable[str] = (), within_s: float = 90.0, resent: int | None = 0
) -> dict[str, int]:
    """Check the invariants A to G; answers counts of what was checked. Fails with everything that is wrong.

    poison: the ids of events that must have died. within_s: how long after the last fault events may be under way.
    resent: how many mails and calls may have been repeated, under their id, because a sender died unheard (None: any).
    """
    assert not journal.unknown, f"never answered: {journal.unknown[:5]}"
    assert not journal.refused, f"refused: {journal.refused[:5]}"
    with Databases(databases(stage)) as found:
        settled_after_s = _wait_until_settled(found, set(poison), within_s)
        events = _events(found)
        wrong = [
            *_writes_exist(found, journal),
            *_events_arrived_once(found, events, set(poison)),
            *_events_and_writes_agree(found, events, journal),
            *_nothing_leaves_twice(stage, resent),
            *_effects_happened_once(found),
            *_copies_agree(found),
            *_figures_agree(found),
            *_companies_are_apart(stage, found),
        ]
    assert not wrong, f"{len(wrong)} findings:\n" + "\n".join(wrong[:30])
    return {
        "writes": len(journal.done),
        "events": len(events),
        "attempts": len(journal.attempts),
        "failed_attempts": sum(not 200 <= each.status < 300 for each in journal.attempts),
        "settled_after_s": round(settled_after_s),
        "mails": len(stage.mails.taken),
    }


def _wait_until_settled(found: Databases, poison: set[str], within_s: float) -> float:
    """B's first half: wait until nothing is under way; answers for how long it was."""
    began = time.monotonic()
    while True:
        under_way = _under_way(found, poison)
        if not under_way:
            return time.monotonic() - began
        assert time.monotonic() - began < within_s, f"still under way after {within_s:.0f} s: {under_way[:10]}"
        time.sleep(0.5)


def _under_way(found: Databases, poison: set[str]) -> list[str]:
    waiting = []
    for service in found.services:
        unpublished = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
        if count := found.rows(service, unpublished)[0][0]:
            waiting.append(f"{service}: {count} unpublished")
        unsettled = (
            "SELECT event_id::text, status, attempts, last_error FROM inbox WHERE status IN ('pending', 'parked')"
        )
        rows = [row for row in found.rows(service, unsettled) if row[0] not in poison]
        waiting += [f"{service}: {row}" for row in rows]
    leaving = (  # a digest that is due later than what is waited for at most is not under way
        "SELECT 'call', count(*) FROM webhook_calls WHERE status = 'pending' HAVING count(*) > 0"
        " UNION ALL SELECT 'mail', count(*) FROM deliveries WHERE status = 'sending'"
        " OR (status IN ('pending', 'unknown') AND next_attempt_at < now() + interval '75 seconds') HAVING count(*) > 0"
    )
    waiting += [f"notify: {row}" for row in found.rows("notify", leaving)]
    if not waiting:
        waiting = [f"{where}: {type_} {event_id} missing" for where, event_id, type_ in _missing(found, _events(found))]
    return waiting


def _events(found: Databases) -> list[dict[str, Any]]:
    query = "SELECT event_id::text, type, pos, aggregate_id, aggregate_version, aggregate_type FROM outbox ORDER BY pos"
    names = ("event_id", "type", "pos", "aggregate_id", "aggregate_version", "aggregate_type")
    return [
        dict(zip(names, row, strict=True)) | {"service": service}
        for service in found.services
        for row in found.rows(service, query)
    ]


def _missing(found: Databases, events: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    known = {
        service: {event_id for (event_id,) in found.rows(service, "SELECT event_id::text FROM inbox")}
        for service in found.services
    }
    return [
        (subscriber, event["event_id"], event["type"])
        for event in events
        for subscriber in subscribers_of(event["type"])
        if event["event_id"] not in known[subscriber]
    ]


def _writes_exist(found: Databases, journal: Journal) -> list[str]:
    """A. A later write may have raised the version; it never goes below what was answered."""
    wrong: list[str] = []
    for service, table, kinds in (
        ("customer", "customers", {"customer"}),
        ("sales", "orders", {"order", "confirmed"}),
        ("service-desk", "requests", {"request"}),
    ):
        written = [done for done in journal.done if done.what in kinds]
        query = sql.SQL("SELECT id::text, version FROM {}").format(sql.Identifier(table))
        versions = dict(found.rows(service, query))
        wrong += [f"A: {done} is not in {table}" for done in written if versions.get(done.id, 0) < done.version]
    names = dict(found.rows("customer", "SELECT id::text, name FROM customers"))
    wrong += [f"A: {done} has another name" for done in _last_of(journal) if names.get(done.id) != done.facts["name"]]
    unconfirmed = {row[0] for row in found.rows("sales", "SELECT id::text FROM orders WHERE confirmed_at IS NULL")}
    wrong += [f"A: {done} is not" for done in journal.done if done.what == "confirmed" and done.id in unconfirmed]
    return wrong + _written_twice(found, journal)


def _written_twice(found: Databases, journal: Journal) -> list[str]:
    """A. What the clients' customers have beyond what was answered: a repeated call would have made a second row."""
    customers = [done.id for done in journal.done if done.what == "customer"]
    wrong: list[str] = []
    for service, table, what in (("sales", "orders", "order"), ("service-desk", "requests", "request")):
        answered = {done.id for done in journal.done if done.what == what}
        query = sql.SQL("SELECT id::text FROM {} WHERE customer_id::text = ANY(%s)").format(sql.Identifier(table))
        there = {row[0] for row in found.rows(service, query, customers)}
        wrong += [f"A: {table} {id_} was never answered" for id_ in there - answered]
    return wrong


def _last_of(journal: Journal) -> list[Done]:
    """The last acknowledged change of each customer whose later changes are all known."""
    last = {done.id: done for done in journal.done if done.what == "customer"}
    changed = {
        each.path.rsplit("/", 1)[-1]
        for each in journal.attempts
        if each.method == "PATCH" and not 200 <= each.status < 300
    }
    return [done for id_, done in last.items() if id_ not in changed]


def _events_arrived_once(found: Databases, events: list[dict[str, Any]], poison: set[str]) -> list[str]:
    """B and F. That nothing arrived twice is the inbox's primary key; a copy under another source would be two rows."""
    wrong = [f"B: {where} never got {type_} {event_id}" for where, event_id, type_ in _missing(found, events)]
    for service in found.services:
        rows = found.rows(service, "SELECT event_id::text, source, status, last_error FROM inbox")
        twice = [event_id for event_id, count in Counter(row[0] for row in rows).items() if count > 1]
        wrong += [f"B: {service} has {event_id} twice" for event_id in twice]
        wrong += [f"F: {service}: {row}" for row in rows if row[2] not in SETTLED and row[0] not in poison]
        wrong += [f"F: {service}: poison {row} is not dead" for row in rows if row[0] in poison and row[2] != "dead"]
    for service in found.services:
        low, high, count = found.rows(service, "SELECT min(pos), max(pos), count(*) FROM outbox")[0]
        if count and high - low + 1 != count:
            wrong.append(f"B: {service}'s positions {low}..{high} have gaps: {count} events")
    return wrong


def _events_and_writes_agree(found: Databases, events: list[dict[str, Any]], journal: Journal) -> list[str]:
    """C."""
    wrong: list[str] = []
    for service in found.services:
        tables = found.tables(service)
        for kind in sorted({event["aggregate_type"] for event in events if event["service"] == service}):
            table = _TABLES.get((service, kind), f"{kind.replace('-', '_')}s")
            if table not in tables:
                continue
            query = sql.SQL("SELECT id, version FROM {}").format(sql.Identifier(table))
            versions = dict(found.rows(service, query))
            wrong += [
                f"C: {event['type']} of a {table} row that is not there: {event}"
                for event in events
                if event["service"] == service
                and event["aggregate_type"] == kind
                # A deleted event may outlive its row; a version higher than the row's was never committed.
                and versions.get(event["aggregate_id"], 0) < event["aggregate_version"]
                and not event["type"].endswith((".deleted.v1", _COUNTED_APART))
            ]
    told = Counter(str(e["aggregate_id"]) for e in events if e["type"] == "crm.sales.order.confirmed.v1")
    confirmed = {done.id for done in journal.done if done.what == "confirmed"}
    return wrong + [f"C: order {id_} was announced {told[id_]} times" for id_ in confirmed if told[id_] != 1]


def _nothing_leaves_twice(stage: Stage, resent: int | None) -> list[str]:
    """D. Mails by Message-ID and webhook calls by id. A receiver that knows ids would have taken each once."""
    told = [(str(mail["Message-ID"]), _text_of(mail)) for mail in stage.mails.taken]
    told += [(headers["webhook-id"], body) for headers, body in stage.hooks.calls]
    repeated = {id_: count - 1 for id_, count in Counter(id_ for id_, _ in told).items() if count > 1}
    different = [id_ for id_, count in Counter(id_ for id_, _ in set(told)).items() if count > 1]
    wrong = [f"D: {id_} was sent with two contents" for id_ in different]
    if resent is not None and sum(repeated.values()) > resent + stage.resent:
        wrong.append(f"D: sent again: {repeated}, at most {resent} were doubtful")
    else:
        stage.resent = sum(repeated.values())
    return wrong


def _text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""


def _effects_happened_once(found: Databases) -> list[str]:
    """D. Timeline entries and receivables by what they stand for."""
    receivables = "SELECT order_id::text, count(*) FROM receivables GROUP BY 1 HAVING count(*) > 1"
    wrong = [f"D: {row}" for row in found.rows("sales", receivables)]
    without = (
        "SELECT id::text FROM orders o WHERE confirmed_at IS NOT NULL AND total > 0"
        " AND NOT EXISTS (SELECT 1 FROM receivables r WHERE r.order_id = o.id)"
    )
    wrong += [f"D: confirmed order {id_} has no receivable" for (id_,) in found.rows("sales", without)]
    confirmed = {
        row[0]
        for row in found.rows("sales", "SELECT event_id::text FROM outbox WHERE type = 'crm.sales.order.confirmed.v1'")
    }
    entries = Counter(
        row[0]
        for row in found.rows("customer", "SELECT id::text FROM timeline WHERE type = 'crm.sales.order.confirmed.v1'")
    )
    return wrong + [f"D: event {id_} is {entries[id_]} times on the timeline" for id_ in confirmed if entries[id_] != 1]


def _copies_agree(found: Databases) -> list[str]:
    """E. Every copy of a customer has the name and the version of its newest event."""
    truth = dict(found.rows("customer", "SELECT id, name FROM customers WHERE deleted_at IS NULL"))
    newest = dict(
        found.rows(
            "customer",
            "SELECT aggregate_id, max(aggregate_version) FROM outbox WHERE aggregate_type = 'customer' GROUP BY 1",
        )
    )
    wrong: list[str] = []
    for service in ("sales", "service-desk", "expenses", "notify"):
        copies = {row[0]: row[1:] for row in found.rows(service, "SELECT id, name, version FROM customers")}
        for id_, name in truth.items():
            copy: tuple[Any, ...] = copies.get(id_, (None, None))
            if copy[0] != name or copy[1] != newest.get(id_):
                wrong.append(f"E: {service} has customer {id_} as {copy}, which is {name} at {newest.get(id_)}")
    return wrong


def _figures_agree(found: Databases) -> list[str]:
    """E. The sums of insight are those of the orders: a doubled or lost event would show to the cent."""
    total = "SELECT unit_id, sum(total) FROM orders WHERE confirmed_at IS NOT NULL AND status <> 'cancelled' GROUP BY 1"
    said = "SELECT unit_id, sum(value) FROM figures WHERE measure = 'orders.confirmed' GROUP BY 1"
    truth: dict[UUID, Decimal] = dict(found.rows("sales", total))
    figures: dict[UUID, Decimal] = dict(found.rows("insight", said))
    units = truth.keys() | figures.keys()
    return [
        f"E: unit {unit} ordered {truth.get(unit)}, the figures say {figures.get(unit)}"
        for unit in units
        if (truth.get(unit) or 0) != (figures.get(unit) or 0)
    ]


def _companies_are_apart(stage: Stage, found: Databases) -> list[str]:
    """G. What the managers of two companies are shown has nothing in common and belongs to their own people."""
    units = dict(found.rows("customer", "SELECT id::text, unit_id::text FROM customers"))
    shown = {
        user: {c["id"] for c in stage.system.as_(user).pages("/customers")} for user in ("n1.manager", "e1.manager")
    }
    wrong = [f"G: both see {id_}" for id_ in shown["n1.manager"] & shown["e1.manager"]]
    of_unit = {user: {units[id_] for id_ in ids if id_ in units} for user, ids in shown.items()}
    return wrong + [f"G: both see unit {unit}" for unit in of_unit["n1.manager"] & of_unit["e1.manager"]]
