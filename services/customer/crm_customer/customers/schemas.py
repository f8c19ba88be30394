"""What the API shows and takes of a customer."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, post_load, validates
from marshmallow import fields as ma
from stdnum.cn import uscc

from crm_chassis import fields
from crm_chassis.collection import RecordSchema
from crm_chassis.fields import Options
from crm_chassis.language import say

from .rules import DICTIONARY

KINDS: Options = [("company", "企业", "Company"), ("person", "个人", "Person")]
RELATIONS: Options = [
    ("prospect", "潜在客户", "Prospect"),
    ("customer", "客户", "Customer"),
    ("partner", "合作伙伴", "Partner"),
    ("distributor", "分销商", "Distributor"),
    ("competitor", "竞争对手", "Competitor"),
]
STATUSES: Options = [
    ("active", "正常", "Active"),
    ("dormant", "休眠", "Dormant"),
    ("closed", "停止往来", "Closed"),
    ("blocked", "黑名单", "Blocked"),
]
RISKS: Options = [("low", "低", "Low"), ("medium", "中", "Medium"), ("high", "高", "High"), ("lost", "已流失", "Lost")]


def _entry(name: str, label: tuple[str, str]) -> ma.Field[Any]:
    options = [{"value": value, "label": (zh, en)} for value, zh, en in DICTIONARY[name]]
    return fields.text(label, longest=60, crm={"kind": "choice", "options": options})


class CustomerSchema(RecordSchema):
    """The fields of a customer."""

    code = fields.text(("客户编号", "Code"), longest=60)
    name = fields.text(("名称", "Name"), required=True)
    short_name = fields.text(("简称", "Short name"), longest=100)
    kind = fields.choice(("类型", "Kind"), KINDS, allow_none=False)
    relation = fields.choice(("关系", "Relation"), RELATIONS, allow_none=False)
    status = fields.choice(("状态", "Status"), STATUSES, allow_none=False)
    level = _entry("level", ("级别", "Level"))
    industry = _entry("industry", ("行业", "Industry"))
    source = _entry("source", ("来源", "Source"))
    region_code = fields.text(("行政区域", "Region"), longest=6, crm={"resource": "region"})
    area_code = fields.text(("区号", "Area code"), longest=10, group="address")
    postcode = fields.text(("邮编", "Postcode"), longest=12, group="address")
    address = fields.text(("地址", "Address"), longest=300, group="address")
    phone = fields.phone(("电话", "Telephone"), group="contact")
    mobile = fields.phone(("手机", "Mobile"), group="contact")
    fax = fields.phone(("传真", "Fax"), group="contact")
    email = fields.email(("电子邮件", "E-mail"), group="contact")
    website = fields.url(("网站", "Website"), group="contact")
    annual_revenue = fields.money(("年营业额", "Annual revenue"), group="business")
    employee_count = fields.integer(("员工人数", "Employees"), group="business")
    credit_code = fields.text(("统一社会信用代码", "Unified social credit code"), longest=18, group="business")
    legal_representative = fields.text(("法定代表人", "Legal representative"), longest=100, group="business")
    registered_capital = fields.money(("注册资本", "Registered capital"), group="business")
    bank_name = fields.text(("开户银行", "Bank"), group="finance")
    bank_account = fields.text(("银行账号", "Bank account"), longest=60, group="finance")
    tax_no = fields.text(("税号", "Tax number"), longest=60, group="finance")
    parent_id = fields.ref(("上级客户", "Parent customer"), "customer", group="business")
    satisfaction = fields.integer(("满意度", "Satisfaction"), least=1, most=5, group="care")
    credit_rating = _entry("credit_rating", ("信用等级", "Credit rating"))
    credit_limit = fields.money(("信用额度", "Credit limit"), group="finance")
    last_contact_at = fields.moment(("最近联系", "Last contact"), group="care", dump_only=True)
    last_order_at = fields.moment(("最近订单", "Last order"), group="care", dump_only=True)
    rfm = fields.text(("RFM 分层", "RFM class"), longest=3, group="care", dump_only=True)
    churn_risk = fields.choice(("流失风险", "Churn risk"), RISKS, group="care", dump_only=True)
    pooled_at = fields.moment(("进入公海时间", "In the pool since"), group="system", dump_only=True)
    allow_duplicate = fields.boolean(("允许疑似重复", "Allow a suspected duplicate"), group="system", load_only=True)

    @validates("credit_code")
    def _credit_code(self, value: str | None, **_: Any) -> None:
        if value and not uscc.is_valid(value):
            raise ValidationError(say("This is not a unified social credit code: its check character does not fit."))

    @post_load
    def _compact(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        if values.get("credit_code"):
            values["credit_code"] = uscc.compact(values["credit_code"])
        return values


class AssignBody(Schema):
    """Who gets the customer, and why."""

    owner_id = fields.ref(("负责人", "Owner"), "user", required=True)
    reason = fields.text(("原因", "Reason"), longest=500)


class ClaimBody(Schema):
    """Claiming needs no words."""


class ReleaseBody(Schema):
    """Why the customer goes back to the pool."""

    reason = fields.text(("原因", "Reason"), required=True, longest=500)


class CandidateBody(Schema):
    """The values typed so far of a customer that may exist already. ``except_id``: the one being edited."""

    name = fields.text(("名称", "Name"))
    kind = fields.choice(("类型", "Kind"), KINDS, allow_none=False)
    phone = fields.phone(("电话", "Telephone"))
    mobile = fields.phone(("手机", "Mobile"))
    credit_code = fields.text(("统一社会信用代码", "Unified social credit code"), longest=18)
    email = fields.email(("电子邮件", "E-mail"))
    website = fields.url(("网站", "Website"))
    unit_id = fields.ref(("组织", "Unit"), "org_unit", allow_none=False)
    except_id = fields.ref(("除外", "Except"), "customer")


class MatchView(Schema):
    """A customer that resembles the candidate and that the caller may see. by: which kinds of value match."""

    id = ma.UUID()
    code = ma.String()
    name = ma.String()
    owner_id = ma.UUID(allow_none=True)
    unit_id = ma.UUID()
    by = ma.List(ma.String())
    strong = ma.Boolean()


class MatchesView(Schema):
    """What was found. elsewhere: ``company`` or ``group`` when there is one the caller may not see, else null."""

    matches = ma.List(ma.Nested(MatchView))
    elsewhere = ma.String(allow_none=True)
    message = ma.String(allow_none=True)


class OwnershipView(Schema):
    """One change of owner or unit."""

    id = ma.UUID()
    at = ma.AwareDateTime(format="iso")
    action = ma.String()
    from_owner_id = ma.UUID(allow_none=True)
    to_owner_id = ma.UUID(allow_none=True)
    from_unit_id = ma.UUID()
    to_unit_id = ma.UUID()
    reason = ma.String(allow_none=True)
    actor_id = ma.UUID(allow_none=True)


class OwnershipsView(Schema):
    """Who owned the customer when, newest first."""

    items = ma.List(ma.Nested(OwnershipView))
