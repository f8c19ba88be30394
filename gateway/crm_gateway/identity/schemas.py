"""Bodies of the sign-in routes."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, validate, validates_schema
from marshmallow import fields as ma

from crm_chassis.language import say

_SECRET = validate.Length(min=1, max=200)
_NAME = validate.Length(min=1, max=80)


class LoginBody(Schema):
    """Name, password and, where it is set up, the code of the authenticator app."""

    username = ma.String(required=True, validate=_NAME)
    password = ma.String(required=True, validate=_SECRET)
    totp = ma.String(allow_none=True, validate=validate.Length(max=12))


class TokenBody(Schema):
    """``password`` with name and password, or ``refresh_token`` with the token."""

    grant_type = ma.String(required=True, validate=validate.OneOf(["password", "refresh_token"]))
    username = ma.String(validate=_NAME)
    password = ma.String(validate=_SECRET)
    totp = ma.String(allow_none=True, validate=validate.Length(max=12))
    refresh_token = ma.String(validate=_SECRET)

    @validates_schema
    def _complete(self, values: dict[str, Any], **_: Any) -> None:
        wanted = ("username", "password") if values["grant_type"] == "password" else ("refresh_token",)
        for name in wanted:
            if name not in values:
                raise ValidationError(say("Missing data for required field."), name)


class PasswordBody(Schema):
    """The present password and the new one."""

    current_password = ma.String(required=True, validate=_SECRET)
    new_password = ma.String(required=True, validate=_SECRET)


class TotpBody(Schema):
    """``enrol`` begins, ``confirm`` with a first code ends, ``disable`` undoes; the password says that it is you."""

    action = ma.String(required=True, validate=validate.OneOf(["enrol", "confirm", "disable"]))
    password = ma.String(validate=_SECRET)
    totp = ma.String(validate=validate.Length(max=12))
