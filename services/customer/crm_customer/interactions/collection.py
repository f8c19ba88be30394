"""The interactions' collection; a new one is announced as ``interaction.recorded``."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema

from ..customers.models import Customer
from ..customers.queries import by_code
from . import actions
from .models import Interaction

KINDS: fields.Options = [
    ("visit", "拜访", "Visit"),
    ("call", "电话", "Call"),
    ("email", "邮件", "E-mail"),
    ("message", "消息", "Message"),
    ("fax", "传真", "Fax"),
    ("meeting", "会议", "Meeting"),
]
STAGES: fields.Options = [
    ("pre_sale", "售前", "Before the sale"),
    ("after_sale", "售后", "After the sale"),
    ("return_visit", "回访", "Return visit"),
]


class InteractionSchema(RecordSchema):
    """What the API shows and takes of an interaction. Its unit is the customer's."""

    unit_id = fields.ref(("组织", "Unit"), "org_unit", group="system", dump_only=True)
    customer_id = fields.ref(("客户", "Customer"), "customer", required=True)
    contact_id = fields.ref(("联系人", "Contact"), "contact")
    kind = fields.choice(("方式", "Kind"), KINDS, required=True)
    stage = fields.choice(("阶段", "Stage"), STAGES)
    occurred_at = fields.moment(("时间", "When"), allow_none=False)
    subject = fields.text(("主题", "Subject"), required=True)
    summary = fields.long_text(("内容", "What was said"))
    feedback = fields.long_text(("客户反馈", "The customer's feedback"))
    action_taken = fields.long_text(("已采取措施", "Action taken"))
    next_step = fields.long_text(("下一步", "Next step"))
    next_at = fields.moment(("下次时间", "Next on"))
    travel_plan_id = fields.ref(("出差计划", "Travel plan"), "travel_plan", group="system")


def record(session: Session, customer: Customer, values: dict[str, Any]) -> Interaction:
    """Record and announce an interaction with the customer; values are checked columns."""
    return _announced(session, actions.record(session, customer, values))


def _create(session: Session, values: dict[str, Any]) -> Interaction:
    return _announced(session, actions.create(session, values))


def _announced(session: Session, interaction: Interaction) -> Interaction:
    interactions.announce(session, interaction, "recorded")
    return interaction


interactions = Collection(
    "interactions",
    Interaction,
    InteractionSchema,
    ("交往记录", "Interactions"),
    subject="interaction",
    create=_create,
    update=actions.change,
    remove=actions.remove,
    revive=actions.revive,
    default_sort=("-occurred_at",),
    lookups={"customer_id": by_code},
)
