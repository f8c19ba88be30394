"""Which facts a timeline shows, and how it words them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from string import Formatter
from typing import Any

from crm_chassis.language import Language, pick


@dataclass(frozen=True)
class Fact:
    """How one type of event reads. resource: what one must be allowed to read. zh, en: templates over the payload.

    by_status: status -> other templates (zh, en) for a record that is left in it.
    """

    resource: str
    path: str
    zh: str
    en: str
    by_status: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def fields(self) -> frozenset[str]:
        """The payload's fields that the title is made of, and the status."""
        templates = (self.zh, self.en, *chain.from_iterable(self.by_status.values()))
        names = {name for template in templates for _, name, _, _ in Formatter().parse(template) if name}
        return frozenset(names | {"status"})


def _facts(service: str, subject: str, resource: str, path: str, **titles: tuple[str, str]) -> dict[str, Fact]:
    return {
        f"crm.{service}.{subject}.{fact.replace('_', '-')}.v1": Fact(resource, path, zh, en)
        for fact, (zh, en) in titles.items()
    }


FACTS: dict[str, Fact] = {
    **_facts(
        "customer",
        "customer",
        "customer",
        "customers",
        created=("建立客户档案", "Customer created"),
        assigned=("分配给 {owner_name}", "Assigned to {owner_name}"),
        pooled=("退回公海：{reason}", "Put into the pool: {reason}"),
    ),
    **_facts("customer", "contact", "contact", "contacts", created=("新增联系人 {name}", "Contact {name} added")),
    **_facts(
        "customer", "interaction", "interaction", "interactions", recorded=("{kind}：{subject}", "{kind}: {subject}")
    ),
    **_facts(
        "customer",
        "activity",
        "activity",
        "activities",
        done=("完成事务 {subject}", "Activity {subject} done"),
        overdue=("事务 {subject} 已逾期", "Activity {subject} overdue"),
    ),
    **_facts(
        "customer",
        "churn-case",
        "churn_case",
        "churn-cases",
        warned=("流失预警", "Churn warning"),
        reprieved=("流失个案缓期至 {reprieved_until}", "Churn case reprieved until {reprieved_until}"),
        lost=("确认流失：{lost_reason}", "Confirmed lost: {lost_reason}"),
        recovered=("客户已挽回", "Customer recovered"),
    ),
    **_facts(
        "sales",
        "opportunity",
        "opportunity",
        "opportunities",
        created=("新建商机 {name}", "Opportunity {name} created"),
        advanced=("商机 {name} 换了阶段，赢率 {probability}%", "Opportunity {name} changed stage, now {probability}%"),
        stalled=("商机 {name} 停滞", "Opportunity {name} stalled"),
        won=("商机 {name} 赢单，{amount}", "Opportunity {name} won, {amount}"),
        lost=("商机 {name} 输单：{lost_reason}", "Opportunity {name} lost: {lost_reason}"),
        reopened=("商机 {name} 重新打开", "Opportunity {name} reopened"),
    ),
    **_facts(
        "sales",
        "order",
        "order",
        "orders",
        confirmed=("订单 {number} 已确认，{total}", "Order {number} confirmed, {total}"),
        delivered=("订单 {number} 已交付", "Order {number} delivered"),
        returned=("订单 {number} 有退货", "Goods of order {number} returned"),
        closed=("订单 {number} 已关闭", "Order {number} closed"),
        cancelled=("订单 {number} 已取消", "Order {number} cancelled"),
    ),
    **_facts(
        "sales",
        "receivable",
        "receivable",
        "receivables",
        overdue=("应收 {amount} 逾期，应于 {due_on} 付款", "Receivable of {amount} overdue since {due_on}"),
        paid=("应收 {amount} 已收清", "Receivable of {amount} paid"),
        written_off=("应收 {amount} 已核销", "Receivable of {amount} written off"),
    ),
    **_facts(
        "sales",
        "payment",
        "payment",
        "payments",
        received=("收到付款 {amount}", "Payment of {amount} received"),
        refunded=("已退款 {refund}：{reason}", "{refund} refunded: {reason}"),
    ),
    **_facts(
        "service-desk",
        "request",
        "request",
        "requests",
        created=("服务请求 {number}：{summary}", "Request {number}: {summary}"),
        answered=("服务请求 {number} 已答复", "Request {number} answered"),
        rated=("服务请求 {number} 评分 {satisfaction}", "Request {number} rated {satisfaction}"),
        reopened=("服务请求 {number} 重新打开", "Request {number} reopened"),
        archived=("服务请求 {number} 已归档", "Request {number} archived"),
    ),
    **_facts(
        "service-desk",
        "sla",
        "request",
        "requests",
        breached=("服务请求 {number} 超过时限", "Request {number} breached its service level"),
    ),
    **_facts(
        "expenses",
        "travel-plan",
        "travel_plan",
        "travel-plans",
        approved=("出差计划 {number} 已批准：{subject}", "Trip {number} approved: {subject}"),
        started=("出差 {number} 开始：{subject}", "Trip {number} started: {subject}"),
        finished=("出差 {number} 结束：{subject}", "Trip {number} finished: {subject}"),
        cancelled=("出差计划 {number} 已取消", "Trip {number} cancelled"),
    ),
    **_facts(
        "expenses",
        "claim",
        "claim",
        "claims",
        approved=("费用报销 {number} 已批准，{total}", "Claim {number} approved, {total}"),
        paid=("费用报销 {number} 已支付，{total}", "Claim {number} paid, {total}"),
    ),
}
"""Event type -> how it reads; what is not here is not on the timeline."""

_DELIVERED = "crm.sales.order.delivered.v1"
_PART = {"confirmed": ("订单 {number} 已部分交付", "Order {number} delivered in part")}
FACTS[_DELIVERED] = replace(FACTS[_DELIVERED], by_status=_PART)

WORDS: dict[str, tuple[str, str]] = {
    "visit": ("拜访", "Visit"),
    "call": ("电话", "Call"),
    "email": ("邮件", "E-mail"),
    "message": ("消息", "Message"),
    "fax": ("传真", "Fax"),
    "meeting": ("会议", "Meeting"),
}
"""Coded values of ``kind`` in both languages."""

KINDS = tuple(dict.fromkeys(fact.resource for fact in FACTS.values()))
"""What ``kinds`` may name: the resources that appear on a timeline."""

UNKNOWN = "…"


def open_details(details: Mapping[str, Any], closed: Collection[str]) -> dict[str, Any]:
    """The details without the fields that the caller may not see."""
    return {name: value for name, value in details.items() if name not in closed}


def title(fact: Fact, details: Mapping[str, Any], language: Language) -> str:
    """The entry's headline; what is missing or hidden reads ``…``."""
    template = pick(fact.by_status.get(details.get("status", ""), (fact.zh, fact.en)), language)
    return template.format_map({name: _word(name, details.get(name), language) for name in fact.fields})


def _word(name: str, value: Any, language: Language) -> str:
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, Mapping):
        return f"{value.get('amount', UNKNOWN)} {value.get('currency', '')}".strip()
    if name == "kind" and value in WORDS:
        return pick(WORDS[value], language)
    return str(value)
