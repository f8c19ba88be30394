"""Signing in and out, and what people do with their own account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, g, request
from sqlalchemy import select

from crm_chassis import errors, org
from crm_chassis.database import system_transaction
from crm_chassis.http import Blueprint, accepts, json_response, unkeyed
from crm_chassis.identity import Grant, current_principal, requires
from crm_chassis.language import say
from crm_chassis.service import current_runtime

from ..audit.actions import origin
from . import account, callers, doorway, queries, sessions
from .doorway import Visitor
from .models import SignIn, User
from .schemas import LoginBody, PasswordBody, TokenBody, TotpBody
from .sign_in import Attempt, sign_in

blueprint = Blueprint("auth", __name__, url_prefix="/auth")

_PRIVATE = {"Cache-Control": "no-store"}


@blueprint.post("/login")
@requires("public")
@accepts(LoginBody)
def login(body: dict[str, Any]) -> Response:
    """Sign a browser in: sets the session cookie and answers the `csrf_token` to send on every unsafe call."""
    settings = current_runtime().settings
    doorway.check_origin(request.environ, settings)
    user_id, sign_in_id = sign_in(_attempt(body), "browser")
    with system_transaction() as session:
        cookie = sessions.cookie_of(session, session.get_one(SignIn, sign_in_id))
        user = session.get_one(User, user_id)
    answer = json_response(
        {
            "csrf_token": sessions.csrf_token(cookie, settings.signing_key),
            "must_change_password": user.must_change_password,
            "user": _shown(user),
        },
        headers=_PRIVATE,
    )
    _set_cookie(answer, cookie)
    return answer


@blueprint.post("/token")
@requires("public")
@accepts(TokenBody)
def token(body: dict[str, Any]) -> Response:
    """Sign an API client in, or renew its tokens; a refresh token is good once."""
    if body["grant_type"] == "refresh_token":
        with system_transaction() as session:
            pair = sessions.refreshed(session, body["refresh_token"])
        if pair is None:
            raise errors.Unauthenticated(say("This refresh token was used before; sign in again."), code="token_reused")
    else:
        _, sign_in_id = sign_in(_attempt(body), "client")
        with system_transaction() as session:
            pair = sessions.pair_of(session, session.get_one(SignIn, sign_in_id))
    answer = {"access_token": pair.access_token, "refresh_token": pair.refresh_token, "expires_in": pair.expires_in}
    return json_response(answer | {"token_type": "Bearer"}, headers=_PRIVATE)


@blueprint.post("/logout")
@unkeyed
@requires("signed-in")
def logout() -> Response:
    """End this session."""
    with system_transaction() as session:
        row = session.get(SignIn, _visitor().caller.session_id)
        if row is not None:
            sessions.end(session, row, session.get_one(User, row.user_id))
    answer = Response(status=204)
    _set_cookie(answer, "", life_s=0)
    return answer


@blueprint.get("/me")
@requires("signed-in")
def me() -> Response:
    """The caller: user, units, companies, and every permission with its scope."""
    visitor, principal = _visitor(), current_principal()
    tree = org.tree()
    with system_transaction() as session:
        user = session.get_one(User, principal.user_id)
        has_second_factor = queries.has_second_factor(session, user.id)
        companies = {tree.company(unit) for unit in user.all_units}
        wanted = user.all_units | companies
        rows = session.scalars(select(org.OrgUnit).where(org.OrgUnit.id.in_(wanted))).all()
    units = {row.id: _unit(row) for row in rows}
    answer = {
        "user": _shown(user) | {"totp_enabled": has_second_factor},
        "units": [units[unit] for unit in sorted(user.all_units) if unit in units],
        "companies": [units[unit] for unit in sorted(companies) if unit in units],
        "company_id": principal.company_id,
        "permissions": {name: _reach(grant) for name, grant in sorted(principal.grants.items())},
        "fields": principal.fields,
        "must_change_password": user.must_change_password,
        "session": {"id": visitor.caller.session_id, "kind": visitor.caller.kind},
    }
    if visitor.caller.kind == "browser":
        answer["csrf_token"] = sessions.csrf_token(visitor.secret, current_runtime().settings.signing_key)
    return json_response(answer, headers=_PRIVATE)


@blueprint.post("/password")
@unkeyed
@requires("signed-in")
@accepts(PasswordBody)
def password(body: dict[str, Any]) -> Response:
    """Change the own password; every other session ends."""
    visitor = _visitor()
    account.change_password(current_principal().user_id, visitor.caller.session_id, **body)
    callers.forget(visitor.secret)
    return Response(status=204)


@blueprint.post("/totp")
@unkeyed
@requires("signed-in")
@accepts(TotpBody)
def totp(body: dict[str, Any]) -> Response:
    """Set up, confirm or give up the second factor."""
    found = account.second_factor(current_principal().user_id, **body)
    return json_response(found, headers=_PRIVATE)


@blueprint.get("/sessions")
@requires("signed-in")
def list_sessions() -> Response:
    """The caller's living sessions, the one used last first."""
    here = _visitor().caller.session_id
    with system_transaction() as session:
        rows = sessions.of_user(session, current_principal().user_id)
        return json_response({"items": [_session(row, here) for row in rows], "next_cursor": None})


@blueprint.delete("/sessions/<uuid:session_id>")
@requires("signed-in")
def end_session(session_id: UUID) -> Response:
    """End one of the caller's sessions."""
    with system_transaction() as session:
        row = session.get(SignIn, session_id)
        if row is None or row.user_id != current_principal().user_id or row.ended_at is not None:
            raise errors.NotFound
        sessions.end(session, row, session.get_one(User, row.user_id), reason="ended_by_user")
    return Response(status=204)


@blueprint.delete("/sessions")
@requires("signed-in")
def end_sessions() -> Response:
    """Sign out everywhere, this session included."""
    with system_transaction() as session:
        sessions.end_all(session, session.get_one(User, current_principal().user_id))
    answer = Response(status=204)
    _set_cookie(answer, "", life_s=0)
    return answer


def _visitor() -> Visitor:
    return g.visitor


def _attempt(body: dict[str, Any]) -> Attempt:
    return Attempt(
        body["username"], body["password"], body.get("totp"), origin.get(), request.headers.get("User-Agent")
    )


def _set_cookie(answer: Response, value: str, life_s: int | None = None) -> None:
    settings = current_app.extensions["runtime"].settings
    answer.set_cookie(
        doorway.cookie_name(request.environ, settings),
        value,
        max_age=life_s,
        path="/",
        secure=doorway.is_secure(request.environ, settings),
        httponly=True,
        samesite="Lax",
    )


def _shown(user: User) -> dict[str, Any]:
    names = ("id", "username", "display_name", "email", "mobile", "unit_id", "unit_ids", "role_ids", "manager_id")
    return {name: getattr(user, name) for name in (*names, "locale", "last_sign_in_at")}


def _unit(row: org.OrgUnit) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("id", "code", "name", "name_en", "kind", "timezone", "currency")}


def _reach(grant: Grant) -> dict[str, Any]:
    return {
        "everything": grant.everything,
        "own": grant.own,
        "units": sorted(grant.units),
        "subtrees": sorted(grant.subtrees),
    }


def _session(row: SignIn, here: UUID) -> dict[str, Any]:
    names = ("id", "kind", "created_at", "seen_at", "expires_at", "ip", "user_agent")
    return {name: getattr(row, name) for name in names} | {"current": row.id == here}
