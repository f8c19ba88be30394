"""Guessing the second factor is slowed down as guessing the password is, and nobody else can lock it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from gateway.gateway_bench import ADMIN_PASSWORD, PASSWORD, GatewayBench, Person
from sqlalchemy import select

from crm_chassis import clock
from crm_gateway.audit.models import AuditEntry

AT = datetime(2026, 5, 1, 8, tzinfo=UTC)
HOME = "203.0.113.1"


def enrolled(person: Person) -> str:
    return person.post("/auth/totp", {"action": "enrol", "password": ADMIN_PASSWORD}).json["secret"]


@pytest.fixture
def codes(gateway: GatewayBench) -> pyotp.TOTP:
    """The administrator's authenticator app, set up an hour before AT."""
    begun = AT - timedelta(hours=1)
    with clock.frozen(begun):
        person = gateway.person("admin", ADMIN_PASSWORD)
        app = pyotp.TOTP(enrolled(person))
        assert person.post("/auth/totp", {"action": "confirm", "totp": app.at(begun)}).json == {"enabled": True}
    return app


def sign_in(
    gateway: GatewayBench,
    code: str | None = None,
    *,
    password: str = ADMIN_PASSWORD,
    address: str = HOME,
    at: datetime = AT,
) -> str:
    """How an attempt to sign in ends: ``done``, or the code of the refusal."""
    with clock.frozen(at):
        answer = gateway.browser().post(
            "/api/v1/auth/login",
            json={"username": "admin", "password": password, "totp": code},
            environ_overrides={"REMOTE_ADDR": address},
        )
    return "done" if answer.status_code == 200 else answer.json["code"]


def test_asking_for_the_code_once_more_takes_no_wrong_code_back(gateway: GatewayBench, codes: pyotp.TOTP) -> None:
    for _ in range(5):
        assert sign_in(gateway, "wrong") == "totp_wrong"
        assert sign_in(gateway) == "totp_required"

    assert sign_in(gateway, codes.at(AT)) == "locked"
    assert sign_in(gateway) == "totp_required", "the password alone tells nothing about the lock"
    later = AT + timedelta(seconds=2)
    assert sign_in(gateway, "wrong", at=later) == "totp_wrong"
    assert sign_in(gateway, codes.at(later), at=later) == "locked", "the wait grows"
    assert sign_in(gateway, codes.at(AT), at=later + timedelta(seconds=4)) == "done"


def test_wrong_codes_count_together_from_whatever_address(gateway: GatewayBench, codes: pyotp.TOTP) -> None:
    for number in range(5):
        assert sign_in(gateway, "wrong", address=f"198.51.100.{number}") == "totp_wrong"

    assert sign_in(gateway, codes.at(AT)) == "locked"


def test_a_whole_sign_in_forgives_the_wrong_codes_before_it(gateway: GatewayBench, codes: pyotp.TOTP) -> None:
    for code in ("wrong", "wrong", "wrong", "wrong", codes.at(AT), "wrong", "wrong", "wrong", "wrong", "wrong"):
        assert sign_in(gateway, code) in {"totp_wrong", "done"}

    assert sign_in(gateway, "wrong") == "locked"


def test_codes_tried_side_by_side_are_no_more_than_one_after_the_other(
    gateway: GatewayBench, codes: pyotp.TOTP
) -> None:
    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(lambda _: sign_in(gateway, "wrong"), range(12)))

    assert sorted(ends) == ["locked"] * 7 + ["totp_wrong"] * 5


def test_who_does_not_know_the_password_cannot_lock_the_second_factor(gateway: GatewayBench, codes: pyotp.TOTP) -> None:
    for number in range(40):
        address = f"198.51.100.{number % 20}"
        assert sign_in(gateway, "wrong", password="guessed", address=address) == "sign_in_failed"

    assert sign_in(gateway, codes.at(AT)) == "done"


def test_a_locked_code_tried_again_and_again_does_not_lock_the_password(
    gateway: GatewayBench, codes: pyotp.TOTP
) -> None:
    ends = [sign_in(gateway, "wrong") for _ in range(35)]

    assert ends == ["totp_wrong"] * 5 + ["locked"] * 30
    assert sign_in(gateway) == "totp_required"
    assert sign_in(gateway, codes.at(AT), at=AT + timedelta(seconds=2)) == "done"


def test_every_wrong_code_is_in_the_audit_log(gateway: GatewayBench, codes: pyotp.TOTP) -> None:
    sign_in(gateway, "wrong")

    with gateway.system() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "sign_in.failed")).all()
    assert (entry.detail["reason"], entry.ip, entry.actor_name) == ("totp_wrong", HOME, "admin")


def test_a_code_in_other_than_ascii_digits_is_wrong_and_no_fault_of_ours(
    gateway: GatewayBench, codes: pyotp.TOTP
) -> None:
    assert sign_in(gateway, "１２３４５６") == "totp_wrong"


def test_the_first_code_of_a_new_second_factor_is_not_guessed_either(gateway: GatewayBench) -> None:
    with clock.frozen(AT):
        person = gateway.person("admin", ADMIN_PASSWORD)
        app = pyotp.TOTP(enrolled(person))

        def confirm(code: str) -> int:
            return person.post("/auth/totp", {"action": "confirm", "totp": code}).status_code

        assert [confirm("wrong") for _ in range(6)] == [422] * 5 + [429]
        assert confirm(app.at(AT)) == 429
        assert person.get("/users").status_code == 200
    with clock.frozen(AT + timedelta(seconds=2)):
        assert confirm(app.at(AT)) == 200


def test_a_secret_encrypted_under_another_signing_key_is_said_to_be_so_and_no_fault_of_ours(
    gateway: GatewayBench, codes: pyotp.TOTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as restored_without_secrets:
        another = replace(gateway.runtime.settings, signing_key="another one")
        restored_without_secrets.setattr(gateway.runtime, "settings", another)
        assert sign_in(gateway) == "totp_required"
        assert [sign_in(gateway, codes.at(AT)) for _ in range(10)] == ["totp_unreadable"] * 10

    assert sign_in(gateway, codes.at(AT)) == "done", "with the old key everything is as before"


def with_second_factor(person: Person) -> None:
    app = pyotp.TOTP(person.post("/auth/totp", {"action": "enrol", "password": PASSWORD}).json["secret"])
    assert person.post("/auth/totp", {"action": "confirm", "totp": app.now()}).json == {"enabled": True}


def test_an_administrator_resets_the_second_factor_of_who_lost_their_phone(
    gateway: GatewayBench, admin: Person
) -> None:
    li = admin.colleague("li", admin.unit("N1"), "account_manager")
    with_second_factor(li)
    li_id = admin.get("/users?username=li").json["items"][0]["id"]

    reset = admin.post(f"/users/{li_id}/reset-second-factor", {})

    assert reset.status_code == 200, reset.text
    assert li.get("/auth/me").status_code == 401, "whoever has the phone may be signed in with it"
    assert gateway.person("li", PASSWORD).get("/auth/me").json["user"]["totp_enabled"] is False
    again = admin.post(f"/users/{li_id}/reset-second-factor", {})
    assert (again.status_code, again.json["code"]) == (409, "state_conflict")
    with gateway.system() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "totp.reset")).all()
    assert (str(entry.subject_id), entry.actor_name) == (li_id, "admin")


def test_nobody_resets_their_own_second_factor_or_a_stronger_users(gateway: GatewayBench, admin: Person) -> None:
    grants = [{"resource": "user", "action": action, "scope": "all"} for action in ("read", "update")]
    admin.made("/roles", {"key": "helpdesk", "name": "H", "grants": grants})
    helper = admin.colleague("helper", admin.root(), "helpdesk")
    admin_id, helper_id = (admin.get(f"/users?username={name}").json["items"][0]["id"] for name in ("admin", "helper"))

    assert admin.post(f"/users/{admin_id}/reset-second-factor", {}).status_code == 409
    assert helper.post(f"/users/{helper_id}/reset-second-factor", {}).status_code == 409
    assert helper.post(f"/users/{admin_id}/reset-second-factor", {}).status_code == 403
    assert gateway.call("POST", f"/users/{admin_id}/reset-second-factor", {}).status_code == 401
