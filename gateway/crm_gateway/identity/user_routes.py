"""Creating users, and what is done with them besides changing fields."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from crm_chassis.collection import writing
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, accepts, answers, json_body, json_response, unkeyed
from crm_chassis.identity import requires

from . import passwords, users
from .models import User
from .user_collection import HandoverBody, ResetBody, UserSchema, collection

blueprint = Blueprint("user verbs", __name__, url_prefix="/users")


@blueprint.post("")
@unkeyed
@requires("user:create")
def create() -> Response:
    """Create a user. Without a password one is made up, to be changed at the first sign-in, and answered this once."""
    body = json_body()
    made = None if body.get("password") else passwords.generated()
    if made:
        body |= {"password": made, "must_change_password": True}
    with transaction() as session:
        user = writing.create(session, collection, body)
        answer = collection.shown(user) | ({"password": made} if made else {})
        headers = {"ETag": f'"{user.version}"', "Location": f"/api/v1/users/{user.id}"}
        return json_response(answer, 201, headers)


create.body_schema, create.answer, create.answer_status = UserSchema, collection, 201  # type: ignore[attr-defined]


@blueprint.post("/<uuid:user_id>/deactivate")
@requires("user:update")
@answers(collection)
def deactivate(user_id: UUID) -> User:
    """Let a user sign in no more; every session ends now."""
    with transaction() as session:
        return users.deactivate(session, writing.get_for(session, collection, user_id, "user:update"))


@blueprint.post("/<uuid:user_id>/activate")
@requires("user:update")
@answers(collection)
def activate(user_id: UUID) -> User:
    """Let a deactivated user sign in again."""
    with transaction() as session:
        return users.activate(session, writing.get_for(session, collection, user_id, "user:update"))


@blueprint.post("/<uuid:user_id>/handover")
@requires("user:update")
@accepts(HandoverBody)
@answers(collection)
def handover(user_id: UUID, body: dict[str, Any]) -> User:
    """Give everything open that a user owns, in every service, to another user."""
    with transaction() as session:
        return users.hand_over(session, writing.get_for(session, collection, user_id, "user:update"), **body)


@blueprint.post("/<uuid:user_id>/reset-password")
@unkeyed
@requires("user:update")
@accepts(ResetBody)
def reset_password(user_id: UUID, body: dict[str, Any]) -> Response:
    """Give a user a new password, to be changed at the next sign-in; one that is made up is answered this once."""
    with transaction() as session:
        user = writing.get_for(session, collection, user_id, "user:update")
        made = users.reset_password(session, user, password=body.get("password"))
        answer = collection.shown(user) | ({"password": made} if made else {})
        return json_response(answer, headers={"ETag": f'"{user.version}"', "Cache-Control": "no-store"})


@blueprint.post("/<uuid:user_id>/reset-second-factor")
@requires("user:update")
@answers(collection)
def reset_second_factor(user_id: UUID) -> User:
    """Take a user's second factor away, after a lost phone; every session ends now, and the user sets up a new one."""
    with transaction() as session:
        return users.reset_second_factor(session, writing.get_for(session, collection, user_id, "user:update"))
