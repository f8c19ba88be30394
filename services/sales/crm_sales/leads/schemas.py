"""Leads in the API: the record, and what the verbs take."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, validates_schema
from marshmallow import fields as ma

from crm_chassis import fields
from crm_chassis.collection import RecordSchema
from crm_chassis.language import say

from ..lines.schemas import DocumentLineSchema
from .rules import STATUS


class LeadSchema(RecordSchema):
    """What the API shows and takes of a lead."""

    name = fields.text(("姓名", "Name"), required=True)
    company = fields.text(("公司", "Company"))
    phone = fields.phone(("电话", "Phone"))
    email = fields.email(("邮箱", "E-mail"))
    region_code = fields.text(("地区", "Region"), longest=20)
    industry = fields.text(("行业", "Industry"))
    source = fields.text(("来源", "Source"))
    campaign_id = fields.ref(("市场活动", "Campaign"), "campaign", dump_only=True)
    score = fields.integer(("评分", "Score"), most=100, allow_none=False)
    note = fields.long_text(("备注", "Note"))
    status = fields.choice(("状态", "Status"), STATUS, allow_none=False)
    discarded_reason = fields.text(("放弃原因", "Discarded because"), dump_only=True)
    customer_id = fields.ref(("客户", "Customer"), "customer", dump_only=True)
    contact_id = fields.ref(("联系人", "Contact"), "contact", dump_only=True)
    opportunity_id = fields.ref(("销售机会", "Opportunity"), "opportunity", dump_only=True)
    conversion_error = fields.text(("转化失败原因", "Conversion refused because"), dump_only=True)


class AssignLeadBody(Schema):
    """Who works on it from now on (nobody: back to the public pool), and why."""

    owner_id = fields.ref(("负责人", "Owner"), "user", required=True, allow_none=True)
    reason = fields.text(("原因", "Reason"), longest=500)


class ClaimLeadBody(Schema):
    """Claiming takes no arguments."""


class DiscardLeadBody(Schema):
    """Why nobody will work on it."""

    reason = fields.text(("原因", "Reason"), required=True, longest=500)


class ConvertedCustomer(Schema):
    """The customer a lead becomes; what is left out comes from the lead."""

    name = fields.text(("名称", "Name"), allow_none=False)
    kind = fields.choice(
        ("类型", "Kind"), (("company", "企业", "Company"), ("person", "个人", "Person")), allow_none=False
    )
    phone = fields.phone(("电话", "Phone"))
    mobile = fields.phone(("手机", "Mobile"))
    email = fields.email(("邮箱", "E-mail"))
    region_code = fields.text(("地区", "Region"), longest=20)
    industry = fields.text(("行业", "Industry"))
    source = fields.text(("来源", "Source"))


class ConvertedContact(Schema):
    """The contact a lead becomes; what is left out comes from the lead."""

    name = fields.text(("姓名", "Name"), allow_none=False)
    phone = fields.phone(("电话", "Phone"))
    email = fields.email(("邮箱", "E-mail"))


class ConvertedOpportunity(Schema):
    """The opportunity a lead becomes; named after the lead unless it has a name."""

    name = fields.text(("名称", "Name"), allow_none=False)
    pipeline_id = fields.ref(("销售管道", "Pipeline"), "pipeline", allow_none=False)
    amount = fields.money(("金额", "Amount"))
    expected_close_on = fields.date(("预计成交日", "Expected close"))
    lines = fields.rows(("产品明细", "Products"), DocumentLineSchema)
    next_step = fields.text(("下一步", "Next step"), longest=500)


class ConvertLeadBody(Schema):
    """What the lead becomes: an existing customer or a new one, a contact, an opportunity.

    Without `contact` a company's contact is made from the lead; null makes none. Without `opportunity` none is made.
    """

    customer_id = fields.ref(("客户", "Customer"), "customer", allow_none=False)
    customer = ma.Nested(ConvertedCustomer)
    contact = ma.Nested(ConvertedContact, allow_none=True)
    opportunity = ma.Nested(ConvertedOpportunity, allow_none=True)

    @validates_schema
    def _one_customer(self, values: dict[str, object], **_: object) -> None:
        if "customer_id" in values and "customer" in values:
            raise ValidationError(say("Name an existing customer or describe a new one, not both."), "customer_id")


class LeadCandidateBody(Schema):
    """Values of a lead that is being written."""

    phone = fields.phone(("电话", "Phone"))
    email = fields.email(("邮箱", "E-mail"))
    company = fields.text(("公司", "Company"))
