"""Users as a collection."""

from __future__ import annotations

from uuid import UUID

from marshmallow import Schema, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import fields, org
from crm_chassis.collection import Collection, RecordSchema, Verb
from crm_chassis.identity import principal_or_none
from crm_chassis.language import say

from ..checked import also
from . import queries, rules, users
from .models import User

LOCALES = (("zh-CN", "简体中文", "Chinese"), ("en", "英文", "English"))


class UserSchema(RecordSchema):
    """A user. ``password`` is taken, never shown; ``role_keys`` names roles by key, as files do."""

    username = also(
        fields.text(("用户名", "User name"), required=True, longest=80),
        validate.Regexp(r"^[\w.@+-]{2,80}\Z", error=say("2 to 80 letters, digits and . @ + - _.")),
    )
    display_name = fields.text(("姓名", "Name"), required=True, longest=120)
    email = fields.email(("邮箱", "E-mail"))
    mobile = fields.phone(("手机", "Mobile"))
    unit_id = fields.ref(("主组织", "Primary unit"), "org_unit", allow_none=False)
    unit_ids = fields.refs(("其他组织", "Further units"), "org_unit")
    role_ids = fields.refs(("角色", "Roles"), "role")
    role_keys = fields.texts(("角色标识", "Role keys"), load_only=True)
    manager_id = fields.ref(("上级", "Manager"), "user")
    locale = fields.choice(("语言", "Language"), LOCALES, allow_none=False)
    active = fields.boolean(("启用", "Active"), dump_only=True)
    last_sign_in_at = fields.moment(("最近登录", "Last sign-in"), dump_only=True)
    must_change_password = fields.boolean(("须改密码", "Must change the password"))
    password = fields.text(
        ("初始密码", "First password"), longest=rules.PASSWORD_MOST, load_only=True, crm={"kind": "password"}
    )


class HandoverBody(Schema):
    """Who takes over."""

    to_user_id = fields.ref(("接手人", "Successor"), "user", required=True)


class ResetBody(Schema):
    """The new password; without one it is made up and answered once."""

    password = fields.text(("新密码", "New password"), longest=rules.PASSWORD_MOST)


def _not_me(user: User) -> bool:
    caller = principal_or_none()
    return caller is None or caller.user_id != user.id


def _unit_codes(session: Session, codes: set[str]) -> dict[str, UUID]:
    rows = session.execute(select(org.OrgUnit.code, org.OrgUnit.id).where(org.OrgUnit.code.in_(codes)))
    return dict(rows.all())


collection = Collection(
    "users",
    User,
    UserSchema,
    ("用户", "Users"),
    create=users.create,
    update=users.update,
    verbs=[
        Verb("deactivate", "user:update", when=lambda user: user.active and _not_me(user), run=None),
        Verb("activate", "user:update", when=lambda user: not user.active),
        Verb("handover", "user:update", body=HandoverBody),
        Verb("reset-password", "user:update", body=ResetBody),
        Verb("reset-second-factor", "user:update", when=_not_me),
    ],
    frozen=frozenset({"delete"}),
    default_sort=("display_name",),
    import_keys=("username",),
    lookups={"unit_id": _unit_codes, "manager_id": queries.ids_by_username},
)
