"""The audit log: what is in it, who sees it, and that tampering shows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from gateway.gateway_bench import ADMIN_PASSWORD, GatewayBench, Person
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from crm_chassis import inbox
from crm_chassis.ids import uuid7
from crm_contracts.envelope import Envelope
from crm_contracts.subscriptions import subscribers_of
from crm_gateway.audit.models import AuditEntry
from crm_gateway.audit.rules import GENESIS, SEALED, seal


def owner_runs(gateway: GatewayBench, *statements: str) -> None:
    """What somebody could do who got hold of the database's owner."""
    with gateway._owner.begin() as connection:
        connection.execute(text("SELECT set_config('crm.units', '*', true)"))
        connection.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER audit_entry_is_final"))
        for statement in statements:
            assert connection.execute(text(statement)).rowcount == 1
        connection.execute(text("ALTER TABLE audit_entries ENABLE TRIGGER audit_entry_is_final"))


def test_sign_ins_and_changes_are_written_down(gateway: GatewayBench, admin: Person) -> None:
    gateway.call("POST", "/auth/token", {"grant_type": "password", "username": "nobody", "password": "wrong"})
    user = admin.user("somebody", admin.unit("N1"), "finance")
    admin.post(f"/users/{user['id']}/deactivate")
    listed = admin.get("/audit-entries?sort=seq").json["items"]
    actions = [entry["action"] for entry in listed]
    wanted = ["sign_in.succeeded", "sign_in.failed", "org_unit.created", "user.created", "user.deactivated"]
    assert [action for action in actions[3:] if action in wanted] == wanted
    assert [entry["seq"] for entry in listed] == list(range(1, len(listed) + 1))
    (failed,) = admin.get("/audit-entries?action=sign_in.failed").json["items"]
    assert (failed["actor_name"], failed["ip"]) == ("nobody", "127.0.0.1")
    assert admin.get("/audit-entries?q=somebody").json["items"][0]["subject_name"] == "somebody"


def test_a_subsidiary_sees_the_entries_of_its_own_company(gateway: GatewayBench, admin: Person) -> None:
    mine, other = admin.unit("N1"), admin.unit("N2")
    admin.user("stranger", other)
    boss = admin.colleague("boss", mine, "subsidiary_admin")
    subjects = {entry["subject_name"] for entry in boss.get("/audit-entries").json["items"]}
    assert "boss" in subjects
    assert "stranger" not in subjects
    agent = admin.colleague("agent", mine, "service_agent")
    assert agent.get("/audit-entries").status_code == 403
    assert agent.get("/audit-entries/verify").status_code == 403


def export_of(collection: str, user: dict[str, Any]) -> Envelope:
    """What a service announces when it made a file of its records."""
    facts = {
        "id": str(uuid7()),
        "version": 1,
        "unit_id": user["unit_id"],
        "owner_id": user["id"],
        "username": user["username"],
        "collection": collection,
        "format": "csv",
        "filter": {"level": "A"},
        "fields": ["name"],
        "rows": 3,
    }
    kind = "crm.customer.export.finished.v1"
    return Envelope(str(uuid7()), "customer", kind, facts["id"], "2026-11-21T08:00:00Z", facts, 1, facts["unit_id"])


def test_an_export_from_any_service_is_written_down_once(gateway: GatewayBench, admin: Person) -> None:
    user = admin.user("clerk", admin.unit("N1"))
    event = export_of("customers", user)
    for again in (event, event, replace(event, id=str(uuid7()))):
        inbox.receive(gateway.runtime, again)

    (entry,) = admin.get("/audit-entries?action=export.finished").json["items"]
    assert (entry["actor_name"], entry["owner_id"], entry["unit_id"]) == ("clerk", user["id"], user["unit_id"])
    assert (entry["subject_type"], entry["subject_id"], entry["subject_name"]) == ("export", event.subject, "customers")
    assert entry["detail"] == {"format": "csv", "filter": {"level": "A"}, "fields": ["name"], "rows": 3}
    assert admin.get("/audit-entries/verify").json["intact"] is True


def test_exports_heard_of_together_are_sealed_in_their_order(gateway: GatewayBench, admin: Person) -> None:
    user = admin.user("clerk", admin.unit("N1"))
    events = [export_of(collection, user) for collection in ("customers", "contacts", "activities")]
    assert inbox.receive_together(gateway.runtime, [(event, None) for event in events])

    entries = admin.get("/audit-entries?action=export.finished&sort=seq").json["items"]
    assert [entry["subject_name"] for entry in entries] == ["customers", "contacts", "activities"]
    assert [entry["seq"] for entry in entries] == list(range(entries[0]["seq"], entries[0]["seq"] + 3))
    assert admin.get("/audit-entries/verify").json["intact"] is True


def test_the_audit_log_says_who_exported_it(gateway: GatewayBench, admin: Person) -> None:
    assert admin.post("/audit-entries/exports", {"filter": {"action": "user.created"}}).status_code == 202
    gateway.run_jobs()
    (announced,) = gateway.events("crm.gateway.export.finished.v1")
    assert "gateway" in subscribers_of(announced["type"])
    inbox.receive(gateway.runtime, Envelope.from_dict(announced))

    (entry,) = admin.get("/audit-entries?action=export.finished").json["items"]
    assert (entry["actor_name"], entry["subject_name"]) == ("admin", "audit-entries")
    assert entry["detail"]["filter"] == {"action": "user.created"}
    assert entry["request_id"] == f"job-{entry['subject_id']}"


def test_what_was_rolled_back_leaves_no_entry_and_no_gap(gateway: GatewayBench, admin: Person) -> None:
    unit = admin.unit("N1")
    admin.user("taken", unit)
    assert admin.post("/users", {"username": "taken", "display_name": "X", "unit_id": unit}).status_code == 409
    admin.user("free", unit)
    verified = admin.get("/audit-entries/verify").json
    assert verified["intact"] is True, verified
    assert [e["subject_name"] for e in admin.get("/audit-entries?action=user.created&sort=seq").json["items"]] == [
        "admin",
        "taken",
        "free",
    ]


def test_entries_written_at_once_make_one_chain(gateway: GatewayBench) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: gateway.person("admin", ADMIN_PASSWORD), range(16)))
    admin = gateway.person("admin", ADMIN_PASSWORD)
    verified = admin.get("/audit-entries/verify").json
    assert verified["intact"] is True, verified
    assert verified["checked"] == 3 + 17


@pytest.mark.parametrize(
    ("tampering", "seq", "reason"),
    [
        ("UPDATE audit_entries SET actor_name = 'somebody else' WHERE seq = 3", 3, "the entry was changed"),
        ("UPDATE audit_entries SET detail = '{}' WHERE seq = 2", 2, "the entry was changed"),
        ("DELETE FROM audit_entries WHERE seq = 2", 3, "entry 2 is missing"),
        ("UPDATE audit_entries SET seq = 99 WHERE seq = 4", 99, "entry 4 is missing"),
        ("UPDATE audit_entries SET seq = NULL, hash = NULL WHERE seq = 4", None, "entries without a seal"),
    ],
)
def test_tampering_is_found(gateway: GatewayBench, admin: Person, tampering: str, seq: int, reason: str) -> None:
    assert admin.get("/audit-entries/verify").json["intact"] is True
    owner_runs(gateway, tampering)
    found = admin.get("/audit-entries/verify").json
    assert (found["intact"], found["broken_seq"], found["reason"]) == (False, seq, reason)


def test_a_chain_made_without_the_key_does_not_verify(gateway: GatewayBench, admin: Person) -> None:
    with gateway.system() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
        fields = {name: getattr(last, name) for name in SEALED} | {"actor_name": "forged"}
        forged = seal(fields, last.prev_hash or GENESIS, "a guessed key")
    owner_runs(
        gateway, f"UPDATE audit_entries SET actor_name = 'forged', hash = '{forged}' WHERE seq = {fields['seq']}"
    )
    assert admin.get("/audit-entries/verify").json["broken_seq"] == fields["seq"]


@pytest.mark.parametrize("statement", ["DELETE FROM audit_entries", "UPDATE audit_entries SET actor_name = 'x'"])
def test_the_database_takes_no_change_of_an_entry(gateway: GatewayBench, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="never changed"), gateway.system() as session:
        session.connection().exec_driver_sql(statement)
