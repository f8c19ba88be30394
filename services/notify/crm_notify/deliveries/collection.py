"""The delivery log: what was mailed to whom and how that went, for operators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema, Verb, writing

from . import actions, rules
from .models import Delivery


class DeliverySchema(RecordSchema):
    """What the API shows of a delivery."""

    notification_id = fields.ref(("通知", "Notification"), "notification", dump_only=True)
    kind = fields.text(("种类", "Kind"), dump_only=True)
    channel = fields.choice(("渠道", "Channel"), (("email", "邮件", "E-mail"),), dump_only=True)
    recipient = fields.text(("收件地址", "Recipient"), longest=254, dump_only=True)
    status = fields.choice(("状态", "Status"), rules.STATUSES, dump_only=True)
    attempts = fields.integer(("尝试次数", "Attempts"), dump_only=True)
    next_attempt_at = fields.moment(("下次尝试", "Next attempt"), dump_only=True)
    sent_at = fields.moment(("发送时间", "Sent"), dump_only=True)
    last_error = fields.long_text(("错误", "Error"), dump_only=True)


def retry(session: Session, delivery_id: UUID) -> Delivery:
    """Have a failed or unknown one sent again. Raises NotFound, Forbidden, StateConflict."""
    delivery: Delivery = writing.get_for(session, deliveries, delivery_id, "delivery:update")
    actions.retry(delivery)
    session.flush()
    return delivery


def _went_wrong(delivery: Any) -> bool:
    return delivery.status in rules.WENT_WRONG


deliveries = Collection(
    "deliveries",
    Delivery,
    DeliverySchema,
    ("投递记录", "Deliveries"),
    frozen=frozenset({"create", "update", "delete", "import"}),
    verbs=[Verb("retry", "delivery:update", when=_went_wrong, run=retry)],
)
