"""How a notification looks from outside.

The collection is not mounted: its generated routes go by the caller's grants, and a notification is its recipient's
alone, however far an administrator's grants reach. ``routes`` uses its listing and its dump.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema
from marshmallow import fields as ma

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema
from crm_chassis.collection.listing import problem
from crm_chassis.language import say

from ..texts.kinds import KINDS
from .models import Notification

_KINDS = [(kind.key, *kind.label) for kind in KINDS.values()]


class NotificationSchema(RecordSchema):
    """What the API shows of a notification."""

    kind = fields.choice(("种类", "Kind"), _KINDS, dump_only=True)
    title = fields.text(("标题", "Title"), dump_only=True)
    body = fields.long_text(("内容", "Text"), dump_only=True)
    link = fields.text(("链接", "Link"), dump_only=True)
    read_at = fields.moment(("阅读时间", "Read"), dump_only=True)
    count = fields.integer(("条数", "Count"), dump_only=True)
    number = fields.integer(("序号", "Number"), dump_only=True)


class NotificationView(NotificationSchema):
    """What an answer shows of a notification."""

    can = ma.List(ma.String())


class NotificationPage(Schema):
    """A page of notifications."""

    items = ma.List(ma.Nested(NotificationView))
    next_cursor = ma.String(allow_none=True)


class UnreadView(Schema):
    """How many are unread."""

    unread = ma.Integer()


class ReadAllView(Schema):
    """How many were marked as read."""

    read = ma.Integer()


def _unread(raw: str) -> Any:
    if raw not in {"true", "false"}:
        raise problem("unread", say("Write true or false."))
    return Notification.read_at.is_(None) if raw == "true" else Notification.read_at.is_not(None)


notifications = Collection(
    "notifications",
    Notification,
    NotificationSchema,
    ("通知", "Notifications"),
    frozen=frozenset({"create", "update", "delete", "import"}),
    filters={"unread": _unread},
)
