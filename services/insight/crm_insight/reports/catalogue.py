"""The reports there are: what each sums up, what may be computed from that, and how it may be grouped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

Label = tuple[str, str]
Sums = Mapping[str, Decimal]

COUNT, MONEY, NUMBER, PERCENT = "count", "money", "number", "percent"
_PLACES = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of a measure, or of one part of it (``label``)."""

    measure: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """What a report shows. value: from the sums by name; None when there is nothing to compute it from."""

    key: str
    label: Label
    kind: str
    value: Callable[[Sums], Decimal | None]


@dataclass(frozen=True, slots=True)
class Report:
    """One report. groups: what ``group_by`` takes, the default first. by_label: groups that are a measure's labels.

    split: groups that have a measure of their own, in place of the first sum's. order: the sum rows are ranked by.
    """

    name: str
    label: Label
    sums: Mapping[str, Sum]
    columns: tuple[Column, ...]
    groups: tuple[str, ...]
    order: str
    by_label: frozenset[str] = frozenset()
    split: Mapping[str, str] = field(default_factory=dict)
    has_money: bool = True


def _sum(key: str, label: Label, kind: str = COUNT) -> Column:
    return Column(key, label, kind, lambda sums: sums[key])


def _ratio(key: str, label: Label, kind: str, above: str, below: str, times: int = 1) -> Column:
    def value(sums: Sums) -> Decimal | None:
        return (sums[above] * times / sums[below]).quantize(_PLACES) if sums[below] else None

    return Column(key, label, kind, value)


_PLACES_OF_RECORDS = ("unit", "company", "owner", "region", "level", "month")

CONTRIBUTION = Report(
    name="contribution",
    label=("客户贡献", "Contribution"),
    sums={
        "orders": Sum("orders"),
        "confirmed": Sum("orders.confirmed"),
        "returned": Sum("orders.returned"),
        "cancelled": Sum("orders.cancelled"),
        "payments": Sum("payments"),
        "expenses": Sum("expenses"),
    },
    columns=(
        _sum("orders", ("订单数", "Orders")),
        _sum("confirmed", ("确认金额", "Confirmed"), MONEY),
        _sum("returned", ("退货金额", "Returned"), MONEY),
        _sum("cancelled", ("取消金额", "Cancelled"), MONEY),
        Column("net", ("净额", "Net"), MONEY, lambda sums: sums["confirmed"] - sums["returned"] - sums["cancelled"]),
        _sum("payments", ("回款", "Payments"), MONEY),
        _sum("expenses", ("费用", "Expenses"), MONEY),
        Column(
            "after_expenses",
            ("扣除费用后", "After expenses"),
            MONEY,
            lambda sums: sums["confirmed"] - sums["returned"] - sums["cancelled"] - sums["expenses"],
        ),
    ),
    groups=("company", "customer", *(name for name in _PLACES_OF_RECORDS if name != "company")),
    order="confirmed",
)

COMPOSITION = Report(
    name="composition",
    label=("客户构成", "Composition"),
    sums={"customers": Sum("customers")},
    columns=(_sum("customers", ("客户数", "Customers")),),
    groups=("kind", "relation", "status", "industry", *_PLACES_OF_RECORDS),
    order="customers",
    by_label=frozenset({"kind", "relation", "status", "industry"}),
    split={name: f"customers.{name}" for name in ("kind", "relation", "status", "industry")},
    has_money=False,
)

SERVICE = Report(
    name="service",
    label=("客户服务", "Service"),
    sums={
        "requests": Sum("requests"),
        "responses": Sum("requests.responses"),
        "response_minutes": Sum("requests.response_minutes"),
        "solutions": Sum("requests.solutions"),
        "solution_minutes": Sum("requests.solution_minutes"),
        "rated": Sum("requests.rated"),
        "satisfaction_sum": Sum("requests.satisfaction"),
        "breaches": Sum("requests.breaches"),
    },
    columns=(
        _sum("requests", ("请求数", "Requests")),
        _sum("solutions", ("已答复", "Answered")),
        _ratio("response", ("平均响应(分钟)", "Average response, minutes"), NUMBER, "response_minutes", "responses"),
        _ratio("solution", ("平均解决(分钟)", "Average solution, minutes"), NUMBER, "solution_minutes", "solutions"),
        _sum("rated", ("评价数", "Rated")),
        _ratio("satisfaction", ("平均满意度", "Average satisfaction"), NUMBER, "satisfaction_sum", "rated"),
        _sum("breaches", ("超时次数", "SLA breaches")),
    ),
    groups=("company", "kind", "customer", *(name for name in _PLACES_OF_RECORDS if name != "company")),
    order="requests",
    by_label=frozenset({"kind"}),
    has_money=False,
)

CHURN = Report(
    name="churn",
    label=("客户流失", "Churn"),
    sums={
        "cases": Sum("churn"),
        **{status: Sum("churn", status) for status in ("warned", "reprieved", "recovered", "lost")},
    },
    columns=(
        _sum("cases", ("个案数", "Cases")),
        _sum("warned", ("已预警", "Warned")),
        _sum("reprieved", ("缓期挽留", "Reprieved")),
        _sum("recovered", ("已挽回", "Recovered")),
        _sum("lost", ("已流失", "Lost")),
        _ratio("lost_rate", ("流失率", "Share lost"), PERCENT, "lost", "cases", 100),
    ),
    groups=("status", *_PLACES_OF_RECORDS),
    order="cases",
    by_label=frozenset({"status"}),
    has_money=False,
)

FUNNEL = Report(
    name="funnel",
    label=("销售漏斗", "Funnel"),
    sums={
        "open": Sum("opportunities.open"),
        "open_amount": Sum("opportunities.open_amount"),
        "weighted": Sum("opportunities.weighted"),
        "won": Sum("opportunities.won"),
        "won_amount": Sum("opportunities.won_amount"),
        "lost": Sum("opportunities.lost"),
        "lost_amount": Sum("opportunities.lost_amount"),
    },
    columns=(
        _sum("open", ("进行中", "Open")),
        _sum("open_amount", ("进行中金额", "Open amount"), MONEY),
        _sum("weighted", ("加权金额", "Weighted amount"), MONEY),
        _sum("won", ("赢单数", "Won")),
        _sum("won_amount", ("赢单金额", "Won amount"), MONEY),
        _sum("lost", ("输单数", "Lost")),
        _sum("lost_amount", ("输单金额", "Lost amount"), MONEY),
        Column(
            "win_rate",
            ("赢单率", "Win rate"),
            PERCENT,
            lambda sums: (
                (sums["won"] * 100 / (sums["won"] + sums["lost"])).quantize(_PLACES)
                if sums["won"] + sums["lost"]
                else None
            ),
        ),
    ),
    groups=("stage", "customer", *_PLACES_OF_RECORDS),
    order="open_amount",
    by_label=frozenset({"stage"}),
)

REPORTS = {report.name: report for report in (CONTRIBUTION, COMPOSITION, SERVICE, CHURN, FUNNEL)}
"""Name -> report, in the order of the catalogue."""

GROUP_LABELS: Mapping[str, Label] = {
    "unit": ("组织", "Unit"),
    "company": ("公司", "Company"),
    "owner": ("负责人", "Owner"),
    "region": ("区域", "Region"),
    "level": ("客户级别", "Customer level"),
    "month": ("月份", "Month"),
    "customer": ("客户", "Customer"),
    "kind": ("类别", "Kind"),
    "relation": ("关系", "Relation"),
    "status": ("状态", "Status"),
    "industry": ("行业", "Industry"),
    "stage": ("阶段", "Stage"),
}

PARAMETERS: Mapping[str, tuple[str, Label]] = {
    "from": ("date", ("起始月(含)", "First month")),
    "to": ("date", ("截止月(含)", "Last month")),
    "unit_id": ("ref", ("组织及下级", "Unit and below")),
    "owner_id": ("ref", ("负责人", "Owner")),
    "region_code": ("text", ("区域及下级", "Region and below")),
    "level": ("text", ("客户级别", "Customer level")),
    "currency": ("text", ("币种", "Currency")),
    "group_by": ("choice", ("分组", "Group by")),
    "limit": ("integer", ("行数", "Rows")),
}


def catalogue() -> list[dict[str, object]]:
    """Every report with its parameters, groups and columns, for the console."""
    return [_described(report) for report in REPORTS.values()]


def _described(report: Report) -> dict[str, object]:
    return {
        "name": report.name,
        "label": _label(report.label),
        "parameters": [
            {"name": name, "type": kind, "label": _label(label)} for name, (kind, label) in PARAMETERS.items()
        ],
        "groups": [{"value": name, "label": _label(GROUP_LABELS[name])} for name in report.groups],
        "columns": columns_of(report),
    }


def columns_of(report: Report) -> list[dict[str, object]]:
    """The columns as the API describes them."""
    return [{"key": column.key, "label": _label(column.label), "kind": column.kind} for column in report.columns]


def _label(label: Label) -> dict[str, str]:
    return {"zh": label[0], "en": label[1]}
