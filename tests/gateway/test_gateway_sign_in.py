"""Signing in, staying signed in, and being kept out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from gateway.gateway_bench import ADMIN_PASSWORD, GatewayBench, Person
from redis import Redis
from sqlalchemy import select
from werkzeug.test import TestResponse

from crm_chassis import clock
from crm_chassis.app import create_app
from crm_chassis.idempotency import StoredAnswer
from crm_gateway.identity import rules
from crm_gateway.identity.models import ApiKey, Credential, User
from crm_gateway.identity.principals import Principals


def test_a_browser_signs_in_and_sees_who_it_is(gateway: GatewayBench) -> None:
    browser = gateway.browser()
    answer = browser.post("/api/v1/auth/login", json={"username": "ADMIN", "password": ADMIN_PASSWORD})
    assert answer.status_code == 200, answer.text
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-banyan=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    me = browser.get("/api/v1/auth/me")
    assert me.status_code == 200, me.text
    assert me.json["user"]["username"] == "admin"
    assert me.json["csrf_token"] == answer.json["csrf_token"]
    assert me.json["permissions"]["customer:read"]["everything"] is True
    assert me.json["companies"][0]["code"] == "HQ"


def test_users_units_and_roles_can_be_listed(admin: Person) -> None:
    for path in (
        "/users",
        "/org-units",
        "/roles",
        "/permissions",
        "/api-keys",
        "/audit-entries",
        "/audit-entries/verify",
    ):
        answer = admin.get(path)
        assert answer.status_code == 200, (path, answer.text)


def login(browser: FlaskClient, username: str = "admin", password: str = ADMIN_PASSWORD, **more: Any) -> TestResponse:
    body = {"username": username, "password": password, **more.pop("json", {})}
    return browser.post("/api/v1/auth/login", json=body, **more)


def test_a_browser_needs_the_csrf_token_for_unsafe_calls_only(gateway: GatewayBench) -> None:
    browser = gateway.browser()
    csrf = login(browser).json["csrf_token"]
    body = {"code": "N1", "name": "N1", "kind": "subsidiary", "parent_id": None}
    assert browser.get("/api/v1/users").status_code == 200
    for headers in ({}, {"X-CSRF-Token": "0" * 64}):
        refused = browser.post("/api/v1/org-units", json=body, headers=headers)
        assert (refused.status_code, refused.json["code"]) == (403, "csrf")
    allowed = browser.post("/api/v1/org-units", json=body, headers={"X-CSRF-Token": csrf})
    assert allowed.json["errors"][0]["pointer"] == "/parent_id"


def test_another_sites_page_cannot_sign_anybody_in(gateway: GatewayBench) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        refused = login(gateway.browser(), headers=headers)
        assert (refused.status_code, refused.json["code"]) == (403, "wrong_origin"), headers
    assert login(gateway.browser(), headers={"Origin": "http://localhost"}).status_code == 200


def test_a_cookie_is_no_bearer_token_and_the_other_way_round(gateway: GatewayBench, admin: Person) -> None:
    cookie = login(gateway.browser()).headers["Set-Cookie"].split(";")[0].split("=")[1]
    assert gateway.call("GET", "/users", token=cookie).status_code == 401
    forged = gateway.call("GET", "/users", headers={"Cookie": f"__Host-banyan={admin.token}"})
    assert forged.status_code == 401
    assert gateway.call("GET", "/users", token=admin.refresh_token).status_code == 401


def test_signing_out_ends_the_session_at_once(gateway: GatewayBench) -> None:
    browser = gateway.browser()
    csrf = login(browser).json["csrf_token"]
    cookie = browser.get_cookie("__Host-banyan").value
    assert browser.get("/api/v1/users").status_code == 200
    assert browser.post("/api/v1/auth/logout", headers={"X-CSRF-Token": csrf}).status_code == 204
    again = gateway.call("GET", "/users", headers={"Cookie": f"__Host-banyan={cookie}"})
    assert again.status_code == 401


def test_unknown_names_and_wrong_passwords_get_the_same_answer(gateway: GatewayBench) -> None:
    wrong = login(gateway.browser(), "admin", "not the password")
    unknown = login(gateway.browser(), "nobody", "not the password")
    assert wrong.status_code == unknown.status_code == 401
    without_id = [{k: v for k, v in answer.json.items() if k != "request_id"} for answer in (wrong, unknown)]
    assert without_id[0] == without_id[1]


def test_guessing_is_slowed_down_more_and_more_known_name_or_not(gateway: GatewayBench) -> None:
    at = datetime(2026, 5, 1, 8, tzinfo=UTC)
    for username in ("admin", "nobody"):
        with clock.frozen(at):
            for _ in range(5):
                assert login(gateway.browser(), username, "wrong").status_code == 401
            locked = login(gateway.browser(), username, "wrong")
            assert (locked.status_code, locked.json["code"]) == (429, "locked")
            assert locked.headers["Retry-After"] == "3"
    with clock.frozen(at):
        assert login(gateway.browser()).status_code == 429, "the right password must wait as well"
    with clock.frozen(at + timedelta(seconds=2)):
        assert login(gateway.browser(), "admin", "wrong").status_code == 401
        assert login(gateway.browser()).headers["Retry-After"] == "5"
    with clock.frozen(at + timedelta(seconds=10)):
        assert login(gateway.browser()).status_code == 200
        assert login(gateway.browser(), "admin", "wrong").status_code == 401, "success forgives"


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 2), (6, 4), (10, 64), (13, 512), (14, 900), (40, 900)]
)
def test_the_lock_doubles_up_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert rules.lock_s(failures) == seconds


def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(gateway: GatewayBench, admin: Person) -> None:
    def refresh(token: str) -> TestResponse:
        return gateway.call("POST", "/auth/token", {"grant_type": "refresh_token", "refresh_token": token})

    assert admin.get("/users").status_code == 200
    first = refresh(admin.refresh_token)
    assert first.status_code == 200
    assert admin.get("/users").status_code == 401, "the access token before is void"
    renewed = Person(gateway, first.json["access_token"])
    assert renewed.get("/users").status_code == 200
    stolen = refresh(admin.refresh_token)
    assert (stolen.status_code, stolen.json["code"]) == (401, "token_reused")
    assert renewed.get("/users").status_code == 401
    assert refresh(first.json["refresh_token"]).status_code == 401


def test_access_tokens_and_sessions_lapse(gateway: GatewayBench) -> None:
    begun = datetime(2026, 5, 1, 8, tzinfo=UTC)
    with clock.frozen(begun):
        person = gateway.person("admin", ADMIN_PASSWORD)
        browser = gateway.browser()
        login(browser)
    assert timedelta(minutes=15) == rules.ACCESS_LIFE
    with clock.frozen(begun + timedelta(minutes=16)):
        assert person.get("/users").status_code == 401
        assert browser.get("/api/v1/users").status_code == 200
    Redis.from_url(gateway.settings.redis_url).flushall()
    with clock.frozen(begun + timedelta(hours=13)):
        assert browser.get("/api/v1/users").status_code == 401, "idle for twelve hours"


def test_the_second_factor_is_asked_for_and_each_code_is_good_once(gateway: GatewayBench, admin: Person) -> None:
    at = datetime(2026, 5, 1, 8, tzinfo=UTC)
    with clock.frozen(at):
        person = gateway.person("admin", ADMIN_PASSWORD)
        assert person.get("/auth/me").json["user"]["totp_enabled"] is False
        enrolled = person.post("/auth/totp", {"action": "enrol", "password": ADMIN_PASSWORD}).json
        assert "secret" in enrolled, enrolled
        code = pyotp.TOTP(enrolled["secret"]).at(at)
        assert person.post("/auth/totp", {"action": "confirm", "totp": "000000"}).status_code == 422
        assert person.post("/auth/totp", {"action": "confirm", "totp": code}).json == {"enabled": True}
        assert person.get("/auth/me").json["user"]["totp_enabled"] is True
        assert login(gateway.browser()).json["code"] == "totp_required"
        assert login(gateway.browser(), json={"totp": code}).json["code"] == "totp_wrong", "used to confirm"
    with clock.frozen(at + timedelta(seconds=60)):
        code = pyotp.TOTP(enrolled["secret"]).at(at + timedelta(seconds=60))
        assert login(gateway.browser(), json={"totp": code}).status_code == 200
        assert login(gateway.browser(), json={"totp": code}).json["code"] == "totp_wrong"
        with gateway.system() as session:
            assert enrolled["secret"] not in (session.scalar(select(Credential.totp_secret)) or "")


def test_changing_the_password_ends_the_other_sessions(gateway: GatewayBench, admin: Person) -> None:
    here, there = gateway.person("admin", ADMIN_PASSWORD), gateway.person("admin", ADMIN_PASSWORD)
    wrong = {"current_password": "wrong", "new_password": "something else entirely"}
    assert here.post("/auth/password", wrong).json["errors"][0]["pointer"] == "/current_password"
    assert here.post("/auth/password", wrong | {"current_password": ADMIN_PASSWORD}).status_code == 204
    assert here.get("/users").status_code == 200
    assert there.get("/users").status_code == 401
    assert login(gateway.browser()).status_code == 401
    assert login(gateway.browser(), password="something else entirely").status_code == 200


def test_sessions_are_listed_and_ended_one_by_one_or_all(gateway: GatewayBench) -> None:
    people = [gateway.person("admin", ADMIN_PASSWORD) for _ in range(3)]
    listed = people[0].get("/auth/sessions").json["items"]
    assert len(listed) == 3
    assert [row["current"] for row in listed].count(True) == 1
    other = people[1].get("/auth/sessions").json["items"]
    (mine,) = [row["id"] for row in other if row["current"]]
    assert people[0].delete(f"/auth/sessions/{mine}").status_code == 204
    assert [person.get("/users").status_code for person in people] == [200, 401, 200]
    assert people[0].delete("/auth/sessions").status_code == 204
    assert [person.get("/users").status_code for person in people] == [401, 401, 401]


def test_nobody_ends_anothers_session(gateway: GatewayBench, admin: Person) -> None:
    other = admin.colleague("other", admin.unit("N1"), "finance")
    (row,) = other.get("/auth/sessions").json["items"]
    assert admin.delete(f"/auth/sessions/{row['id']}").status_code == 404


def test_an_api_key_is_shown_once_and_does_what_its_scopes_say(gateway: GatewayBench, admin: Person) -> None:
    key = admin.made("/api-keys", {"name": "ERP", "scopes": ["user:read"]})
    assert key["key"].startswith("bk_")
    assert admin.get(f"/api-keys/{key['id']}").json["key"] is None
    machine = Person(gateway, key["key"])
    assert machine.get("/users").status_code == 200
    assert machine.get("/org-units").status_code == 403
    assert machine.get("/auth/me").json["permissions"].keys() == {"user:read"}
    version = admin.get(f"/api-keys/{key['id']}").json["version"]
    assert admin.patch(f"/api-keys/{key['id']}", {"scopes": ["org_unit:read"]}, version=version).status_code == 200
    assert (machine.get("/users").status_code, machine.get("/org-units").status_code) == (403, 200)
    assert admin.delete(f"/api-keys/{key['id']}", version=version + 1).status_code == 204
    assert machine.get("/org-units").status_code == 401
    with gateway.system() as session:
        stored = str(session.execute(select(ApiKey.digest, ApiKey.prefix).execution_options(with_deleted=True)).all())
    assert key["key"] not in stored


def test_an_api_key_never_holds_more_than_its_maker(gateway: GatewayBench, admin: Person) -> None:
    boss = admin.colleague("boss", admin.unit("N1"), "subsidiary_admin")
    refused = boss.post("/api-keys", {"name": "too much", "scopes": ["system:configure"]})
    assert (refused.status_code, refused.json["code"]) == (403, "beyond_reach")
    late = {"name": "late", "scopes": ["user:read"], "expires_at": "2020-01-01T00:00:00Z"}
    assert boss.post("/api-keys", late).status_code == 422


def test_no_secret_is_kept_with_an_idempotency_key(gateway: GatewayBench, admin: Person) -> None:
    key = {"headers": {"Idempotency-Key": "once"}}
    made = [admin.post("/api-keys", {"name": "ERP", "scopes": ["user:read"]}, **key) for _ in range(2)]
    user = admin.made("/users", {"username": "li", "display_name": "Li", "unit_id": admin.unit("N1"), "role_keys": []})
    reset = admin.post(f"/users/{user['id']}/reset-password", {}).json
    enrolled = admin.post("/auth/totp", {"action": "enrol", "password": ADMIN_PASSWORD}).json
    admin.post("/auth/password", {"current_password": ADMIN_PASSWORD, "new_password": "another good secret"})

    assert made[1].headers["Idempotent-Replayed"] == "true"
    assert made[1].json == made[0].json | {"key": None}
    with gateway.system() as session:
        kept = session.execute(select(StoredAnswer.route, StoredAnswer.body)).all()
    assert {row.route for row in kept} == {"POST /api/v1/org-units", "POST /api/v1/api-keys"}
    for secret in (made[0].json["key"], user["password"], reset["password"], enrolled["secret"]):
        assert all(secret.encode() not in row.body for row in kept)


def test_guessing_the_own_password_is_slowed_down_with_an_idempotency_key_too(admin: Person) -> None:
    guess = {"current_password": "guessed", "new_password": "another good secret"}
    found = [admin.post("/auth/password", guess).status_code for _ in range(7)]
    assert found == [422] * 5 + [429] * 2


def test_identity_headers_from_outside_mean_nothing(gateway: GatewayBench) -> None:
    from crm_chassis import identity
    from crm_chassis.testing import KEY

    with gateway.runtime.activate():
        principal = Principals(KEY).of(_admin_id(gateway), None, "any").principal
    token = identity.sign(principal, "gateway", KEY)
    assert gateway.call("GET", "/users", headers={"X-Banyan-Identity": token}).status_code == 401


def _admin_id(gateway: GatewayBench) -> Any:
    with gateway.system() as session:
        return session.scalar(select(User.id).where(User.username == "admin"))


def test_every_sign_in_is_announced_with_a_version_of_its_own(gateway: GatewayBench) -> None:
    for _ in range(3):
        gateway.person("admin", ADMIN_PASSWORD)
    versions = [event["aggregateversion"] for event in gateway.events("crm.gateway.user.signed-in.v1")]
    assert versions == [1, 2, 3]


def test_sessions_hold_while_redis_is_away_and_ending_them_works(gateway: GatewayBench) -> None:
    from dataclasses import replace

    from crm_chassis.service import Runtime

    person = gateway.person("admin", ADMIN_PASSWORD)
    lonely = Runtime(gateway.service, replace(gateway.settings, redis_url="redis://127.0.0.1:1/0"))
    app = create_app(lonely)
    client, headers = app.test_client(use_cookies=False), {"Authorization": f"Bearer {person.token}"}
    assert client.get("/api/v1/users", headers=headers).status_code == 200
    assert client.post("/api/v1/auth/logout", headers=headers).status_code == 204
    assert client.get("/api/v1/users", headers=headers).status_code == 401
    lonely.close()


def test_sign_in_is_limited_by_address_and_calls_by_caller(gateway: GatewayBench) -> None:
    from dataclasses import replace

    from crm_chassis.service import Runtime

    strict = Runtime(gateway.service, replace(gateway.settings, sign_in_rate="3/minute", request_rate="4/hour"))
    client = create_app(strict).test_client(use_cookies=False)
    body = {"grant_type": "password", "username": "admin", "password": ADMIN_PASSWORD}
    token = client.post("/api/v1/auth/token", json=body).json["access_token"]
    codes = [client.post("/api/v1/auth/token", json={}).status_code for _ in range(3)]
    assert codes == [422, 422, 429]
    headers = {"Authorization": f"Bearer {token}"}
    answers = [client.get("/api/v1/users", headers=headers) for _ in range(5)]
    strict.close()
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    assert answers[0].headers["RateLimit-Policy"] == '"principal";q=4;w=3600'
    assert answers[0].headers["RateLimit"].startswith('"principal";r=3;t=')
    assert int(answers[4].headers["Retry-After"]) > 0
    strict.close()


CHINESE, ENGLISH = {"Accept-Language": "zh-CN"}, {"Accept-Language": "en"}


def test_who_cannot_sign_in_is_told_why_in_their_language(gateway: GatewayBench) -> None:
    body = {"username": "admin", "password": "wrong"}

    def told(headers: dict[str, str]) -> tuple[int, str, str]:
        answer = gateway.call("POST", "/auth/login", body, headers={"Origin": "http://localhost", **headers})
        return answer.status_code, answer.json["title"], answer.json["detail"]

    at = datetime(2026, 5, 1, 8, tzinfo=UTC)
    with clock.frozen(at):
        assert told(CHINESE) == (401, "请先登录", "用户名或密码不正确。")
        assert told(ENGLISH) == (401, "Sign in first", "The name or the password is wrong.")
        for _ in range(3):
            told({})
        assert told(CHINESE) == (429, "请求过于频繁，请稍后再试", "登录失败次数过多，请在 3 秒后重试。")
        assert told(ENGLISH)[2] == "Too many failed sign-ins; try again in 3 seconds."


def test_too_many_calls_and_a_missing_permission_are_told_in_the_callers_language(gateway: GatewayBench) -> None:
    from dataclasses import replace

    from crm_chassis.service import Runtime

    person = gateway.person("admin", ADMIN_PASSWORD)
    reader = person.colleague("reader", person.root(), locale="en")
    refused = gateway.call("GET", "/users", token=reader.token, headers=CHINESE)
    assert (refused.status_code, refused.json["detail"]) == (403, "您的角色没有“用户·查看”权限，请联系管理员。")
    refused = gateway.call("GET", "/users", token=reader.token)
    assert refused.json["detail"] == "Your roles do not include user:read. Ask your administrator for it."

    strict = Runtime(gateway.service, replace(gateway.settings, request_rate="1/hour"))
    client = create_app(strict).test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {reader.token}"}
    told = [client.get("/api/v1/users", headers={**headers, **more}).json["title"] for more in ({}, CHINESE, {})]
    strict.close()
    assert told[1:] == ["请求过于频繁，请稍后再试", "Too many requests; wait and try again"]


def test_a_tree_that_would_break_is_refused_in_both_languages(gateway: GatewayBench) -> None:
    person = gateway.person("admin", ADMIN_PASSWORD)
    told = [
        person.post(f"/org-units/{person.root()}/close", headers=dict(h)).json["detail"] for h in (CHINESE, ENGLISH)
    ]
    assert told == ["顶级组织不能关闭。", "The top of the tree cannot be closed."]
