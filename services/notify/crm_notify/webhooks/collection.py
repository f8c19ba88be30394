"""Webhooks as a collection, and their calls as the API shows them."""

from __future__ import annotations

from marshmallow import Schema, validate
from marshmallow import fields as ma

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema, Verb

from . import actions
from .models import Webhook

_PATTERN_LONGEST = 120


class WebhookSchema(RecordSchema):
    """What the API shows and takes of a webhook."""

    url = fields.url(("地址", "Address"), required=True)
    description = fields.text(("说明", "Description"))
    events = ma.List(
        ma.String(validate=validate.Length(1, _PATTERN_LONGEST)),
        required=True,
        validate=validate.Length(1, 50),
        metadata={"crm": {"kind": "texts", "label": ("事件", "Events"), "group": "main"}},
    )
    active = fields.boolean(("启用", "Active"))
    secret = fields.text(("密钥", "Secret"), dump_only=True)
    disabled_reason = fields.long_text(("停用原因", "Why it is off"), dump_only=True)
    failing_since = fields.moment(("失败开始", "Failing since"), dump_only=True)


webhooks = Collection(
    "webhooks",
    Webhook,
    WebhookSchema,
    ("外发回调", "Webhooks"),
    create=actions.create,
    update=actions.change,
    computed={"secret": lambda webhook: getattr(webhook, "shown_secret", None)},
    shows_once=("secret",),
    verbs=[Verb("rotate-secret", "webhook:update"), Verb("test", "webhook:update", when=lambda w: w.active)],
    frozen=frozenset({"import"}),
)


class CallView(Schema):
    """One delivery of a webhook."""

    id = ma.UUID()
    webhook_id = ma.UUID()
    event_id = ma.UUID()
    type = ma.String()
    status = ma.String()
    attempts = ma.Integer()
    response_status = ma.Integer(allow_none=True)
    last_error = ma.String(allow_none=True)
    created_at = ma.AwareDateTime(format="iso")
    sent_at = ma.AwareDateTime(format="iso", allow_none=True)
    envelope = ma.Dict()


class CallPage(Schema):
    """A page of a webhook's deliveries."""

    items = ma.List(ma.Nested(CallView))
    next_cursor = ma.String(allow_none=True)


class CallQuery(Schema):
    """Which deliveries of a webhook are asked for."""

    status = ma.String(validate=validate.OneOf(("pending", "sent", "failed")))
    limit = ma.Integer(validate=validate.Range(1, 200), load_default=50)
    cursor = ma.String(validate=validate.Length(min=1), load_default=None)
