"""The collection of SLA policies."""

from __future__ import annotations

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema

from ..vocabulary import KINDS, PRIORITIES
from . import actions
from .models import SlaPolicy

_YEAR_MINUTES = 525_600


class SlaPolicySchema(RecordSchema):
    """What the API shows and takes of an SLA policy."""

    name = fields.text(("名称", "Name"), required=True)
    kind = fields.choice(("请求类别", "Request kind"), KINDS)
    priority = fields.choice(("优先级", "Priority"), PRIORITIES)
    level = fields.text(("客户级别", "Customer level"), longest=60)
    response_minutes = fields.integer(
        ("响应时限(分钟)", "Response, minutes"), least=1, most=_YEAR_MINUTES, required=True
    )
    resolve_minutes = fields.integer(
        ("解决时限(分钟)", "Solution, minutes"), least=1, most=_YEAR_MINUTES, required=True
    )
    calendar_id = fields.ref(("工作日历", "Business calendar"), "business_calendar")


sla_policies = Collection(
    "sla-policies",
    SlaPolicy,
    SlaPolicySchema,
    ("服务时限", "SLA policies"),
    create=actions.create,
    update=actions.change,
)
