"""API keys: a machine acts as the key's owner, within the permissions the key names."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy.orm import Session

from crm_chassis import clock, errors, fields
from crm_chassis.collection import Collection, RecordSchema
from crm_chassis.identity import current_principal
from crm_chassis.language import say
from crm_contracts.permissions import permission_label

from .. import freshness
from ..audit.actions import record as write_audit
from . import rules
from .callers import KEY_MARK
from .models import ApiKey

_SHOWN = 9


class ApiKeySchema(RecordSchema):
    """An API key. ``key`` is there in the answer to its creation only."""

    name = fields.text(("名称", "Name"), required=True, longest=120)
    prefix = fields.text(("前缀", "Begins with"), dump_only=True)
    key = fields.text(("密钥", "Key"), dump_only=True)
    scopes = fields.texts(("权限", "Permissions"), longest=500, required=True)
    expires_at = fields.moment(("到期时间", "Expires"))
    last_used_at = fields.moment(("最近使用", "Last used"), dump_only=True)
    active = fields.boolean(("启用", "Active"))


def create(session: Session, values: dict[str, Any]) -> ApiKey:
    """Make a key for the caller. Raises Forbidden for permissions the caller lacks, Invalid for a day gone by."""
    caller = current_principal()
    _check(values)
    if values.get("owner_id") != caller.user_id:
        raise errors.field_error("/owner_id", "out_of_scope", say("A key acts as whoever makes it."))
    secret = KEY_MARK + secrets.token_urlsafe(32)
    key = ApiKey(**{"active": True, **values}, prefix=secret[:_SHOWN], digest=rules.digest(secret))
    session.add(key)
    session.flush()
    key.__dict__["secret"] = secret  # on this record in hand only: it is no column and is never read back
    _audit(session, key, "created")
    return key


def update(session: Session, key: ApiKey, values: dict[str, Any]) -> None:
    """Change a key. Raises Forbidden for permissions the caller lacks; its owner stays."""
    _check(values)
    if values.get("owner_id", key.owner_id) != key.owner_id:
        raise errors.field_error("/owner_id", "fixed", say("A key acts as whoever made it."))
    for name, value in values.items():
        setattr(key, name, value)
    drop = freshness.change_credentials if key.active else freshness.end_credentials
    drop(session, [key.digest])
    _audit(session, key, "changed")


def remove(session: Session, key: ApiKey) -> None:
    """Withdraw a key at once."""
    freshness.end_credentials(session, [key.digest])
    _audit(session, key, "deleted")


def _check(values: dict[str, Any]) -> None:
    missing = sorted(set(values.get("scopes", ())) - set(current_principal().grants))
    if missing:
        raise errors.Forbidden(
            say(
                "You do not hold {permissions} yourself.", permissions=[permission_label(each) for each in missing[:5]]
            ),
            code="beyond_reach",
        )
    if values.get("expires_at") and values["expires_at"] <= clock.now():
        raise errors.field_error("/expires_at", "past", say("Choose a time to come."))


def _audit(session: Session, key: ApiKey, fact: str) -> None:
    write_audit(
        session,
        f"api_key.{fact}",
        unit_id=key.unit_id,
        subject_type="api_key",
        subject_id=key.id,
        subject_name=key.name,
        prefix=key.prefix,
        scopes=key.scopes,
    )


api_keys = Collection(
    "api-keys",
    ApiKey,
    ApiKeySchema,
    ("接口密钥", "API keys"),
    create=create,
    update=update,
    remove=remove,
    computed={"key": lambda key: key.__dict__.get("secret")},
    shows_once=("key",),
    frozen=frozenset({"import"}),
)
