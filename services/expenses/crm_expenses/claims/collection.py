"""Claims as a collection, and the verbs that change their status."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import Schema, pre_load
from marshmallow import fields as ma
from sqlalchemy.orm import Session

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema, Verb
from crm_chassis.collection.writing import get_for
from crm_chassis.identity import current_principal

from . import actions, rules
from .models import Claim

UPDATE, PAY = "claim:update", "claim:pay"
PAYMENT = [("none", "未安排", "None"), ("scheduled", "待付款", "Scheduled"), ("paid", "已付款", "Paid")]
METHODS = [
    ("bank_transfer", "银行转账", "Bank transfer"),
    ("cash", "现金", "Cash"),
    ("company_card", "公司卡", "Company card"),
    ("other", "其他", "Other"),
]
INVOICE_KINDS = [
    ("vat_special", "增值税专用发票", "VAT special invoice"),
    ("vat_ordinary", "增值税普通发票", "VAT ordinary invoice"),
    ("e_invoice", "数电发票", "Digital invoice"),
    ("train", "火车票", "Train ticket"),
    ("flight", "航空行程单", "Flight itinerary"),
    ("taxi", "出租车发票", "Taxi receipt"),
    ("toll", "过路费票据", "Toll receipt"),
    ("fixed", "定额发票", "Fixed-amount receipt"),
    ("foreign", "境外票据", "Foreign invoice"),
    ("other", "其他", "Other"),
]


class SubjectSchema(Schema):
    """What the cost belongs to."""

    type = fields.choice(("类型", "Type"), rules.SUBJECTS, required=True)
    id = fields.ref(("对象", "Record"), "any", required=True)

    def load(self, data: Any, **more: Any) -> Any:
        """Read it whole, also in a merge patch."""
        return super().load(data, **more | {"partial": False})


class ItemSchema(Schema):
    """One expense. ``converted`` and ``over_policy`` are computed; a client may send back what it has read."""

    category_id = fields.ref(("类别", "Category"), "expense_category", required=True)
    on = fields.date(("日期", "Date"), required=True)
    amount = fields.decimal(("金额", "Amount"), required=True, least="0.01")
    currency = fields.text(("币种", "Currency"), longest=3)
    rate = fields.decimal(("汇率", "Rate"), places=6, least="0.000001")
    invoice_no = fields.text(("发票号码", "Invoice number"), longest=60)
    invoice_kind = fields.choice(("发票种类", "Invoice kind"), INVOICE_KINDS)
    region_code = fields.text(("地点", "Place"), longest=6)
    note = fields.text(("说明", "Note"), longest=500)
    converted = fields.decimal(("折算金额", "In the claim's currency"), dump_only=True)
    over_policy = fields.boolean(("超标", "Over policy"), dump_only=True)

    def load(self, data: Any, **more: Any) -> Any:
        """Read a whole item, also in a merge patch: a patch replaces the list, not fields of its rows."""
        return super().load(data, **more | {"partial": False})

    @pre_load
    def drop_computed(self, item: Any, **_more: Any) -> Any:
        """The item without what the server computes."""
        computed = {"converted", "over_policy"}
        return {name: value for name, value in item.items() if name not in computed} if isinstance(item, dict) else item


class ClaimSchema(RecordSchema):
    """What the API shows and takes of a claim."""

    number = fields.text(("编号", "Number"), dump_only=True)
    claimant_id = fields.ref(("报销人", "Claimant"), "user")
    title = fields.text(("标题", "Title"), required=True)
    travel_plan_id = fields.ref(("出差计划", "Travel plan"), "travel_plan")
    about = ma.Nested(
        SubjectSchema,
        allow_none=True,
        metadata={"crm": {"kind": "object", "label": ("归属", "About"), "group": "main"}},
    )
    method = fields.choice(("付款方式", "Method"), METHODS)
    currency = fields.text(("币种", "Currency"), longest=3)
    items = fields.rows(("明细", "Items"), ItemSchema)
    total = fields.money(("合计", "Total"), dump_only=True)
    over_policy = fields.boolean(("超标", "Over policy"), dump_only=True)
    status = fields.choice(("状态", "Status"), rules.STATUSES, dump_only=True)
    payment_status = fields.choice(("付款状态", "Payment status"), PAYMENT, dump_only=True)
    paid_on = fields.date(("付款日期", "Paid on"), dump_only=True)
    paid_at = fields.moment(("付款登记时间", "Payment recorded at"), dump_only=True)
    paid_by = fields.ref(("付款人", "Paid by"), "user", dump_only=True)
    payment_reference = fields.text(("付款凭证号", "Payment reference"), dump_only=True)
    approval_id = fields.ref(("审批", "Approval"), "approval", dump_only=True)
    approval_round = fields.integer(("审批轮次", "Approval round"), dump_only=True)
    decision_comment = fields.long_text(("审批意见", "Decision comment"), dump_only=True)
    customer_id = fields.ref(("客户", "Customer"), "customer", dump_only=True)


class PayBody(Schema):
    """When and how a claim was paid."""

    paid_on = fields.date(("付款日期", "Paid on"))
    reference = fields.text(("付款凭证号", "Payment reference"), longest=100)


def submit(session: Session, claim_id: UUID) -> Claim:
    """Ask for the approval of a claim."""
    claim: Claim = get_for(session, claims, claim_id, UPDATE)
    actions.submit(session, claim)
    claims.announce(session, claim, "submitted")
    return claim


def withdraw(session: Session, claim_id: UUID) -> Claim:
    """Take a submitted claim back."""
    claim: Claim = get_for(session, claims, claim_id, UPDATE)
    actions.withdraw(session, claim)
    claims.announce(session, claim, "withdrawn")
    return claim


def pay(session: Session, claim_id: UUID, **body: Any) -> Claim:
    """Write down that an approved claim was paid, today unless another day is named."""
    claim: Claim = get_for(session, claims, claim_id, PAY)
    payer_id = current_principal().user_id
    actions.pay(claim, paid_on=body.get("paid_on"), paid_by=payer_id, reference=body.get("reference"))
    claims.announce(session, claim, "paid")
    return claim


def _items(claim: Claim) -> list[dict[str, Any]]:
    """The items as they are read and sent back: one in the claim's own currency has no rate."""
    return [item | {"rate": None} if item["currency"] == claim.currency else item for item in claim.items]


def _customer(claim: Claim) -> str | None:
    about = claim.about or {}
    return about.get("id") if about.get("type") == "customer" else None


claims = Collection(
    "claims",
    Claim,
    ClaimSchema,
    ("报销单", "Claims"),
    subject="claim",
    create=actions.create,
    update=actions.change,
    remove=actions.remove,
    locked=lambda claim: rules.why_locked(claim.status),
    computed={"customer_id": _customer, "items": _items},
    filters={"about_id": lambda value: Claim.about["id"].astext == value},
    verbs=[
        Verb("submit", UPDATE, when=lambda c: rules.allows(c.status, c.payment_status, "submit"), run=submit),
        Verb("withdraw", UPDATE, when=lambda c: rules.allows(c.status, c.payment_status, "withdraw"), run=withdraw),
        Verb("pay", PAY, when=lambda c: rules.allows(c.status, c.payment_status, "pay"), body=PayBody, run=pay),
    ],
)
