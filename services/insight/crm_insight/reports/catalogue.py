"""The reports there are: what each sums up, what may be computed from that, and how it may be grouped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

Label = tuple[str, str]
Sums = Mapping[str, Decimal]

COUNT, MONEY, NUMBER, PERCENT = "count", "money", "number", "percent"
_PLACES = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of a measure, or of one part of it (``label``).

    made_of: the fields, as ``order.total``, that it tells about; to whom one of them is closed, the sum is closed too.
    """

    measure: str
    label: str | None = None
    made_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """What a report shows. value: from the sums by name; None when there is nothing to compute it from.

    needs: the sums it is computed from. Where one of them is closed, the column is empty.
    """

    key: str
    label: Label
    kind: str
    needs: tuple[str, ...]
    value: Callable[[Sums], Decimal | None]

    def of(self, sums: Sums) -> Decimal | None:
        """The value, None too when a sum that it needs is not there."""
        return self.value(sums) if all(name in sums for name in self.needs) else None


@dataclass(frozen=True, slots=True)
class Report:
    """One report. groups: what ``group_by`` takes, the default first. by_label: groups that are a measure's labels.

    split: groups that have a measure of their own, in place of the first sum's. order: the sum rows are ranked by.
    about: the resource that the groups by label are fields of.
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
    about: str = ""

    def field_of(self, group: str) -> str | None:
        """The field, as ``customer.level``, whose values a group shows; None where nobody is kept from it."""
        return f"{self.about}.{group}" if group in self.by_label else CUSTOMER_FIELDS.get(group)


CUSTOMER_FIELDS: Mapping[str, str] = {
    "level": "customer.level",
    "region": "customer.region_code",
    "region_code": "customer.region_code",
}
"""Group or parameter -> the customer's field that it tells about."""


def _sum(key: str, label: Label, kind: str = COUNT) -> Column:
    return Column(key, label, kind, (key,), lambda sums: sums[key])


def _ratio(key: str, label: Label, kind: str, above: str, below: str, times: int = 1) -> Column:
    def value(sums: Sums) -> Decimal | None:
        return (sums[above] * times / sums[below]).quantize(_PLACES) if sums[below] else None

    return Column(key, label, kind, (above, below), value)


_PLACES_OF_RECORDS = ("unit", "company", "owner", "region", "level", "month")

CONTRIBUTION = Report(
    name="contribution",
    label=("客户贡献", "Contribution"),
    sums={
        "orders": Sum("orders"),
        "confirmed": Sum("orders.confirmed", made_of=("order.total",)),
        "returned": Sum("orders.returned", made_of=("order.total", "order.returned_total")),
        "cancelled": Sum("orders.cancelled", made_of=("order.total", "order.cancelled_total")),
        "payments": Sum("payments", made_of=("payment.amount", "payment.refunded")),
        "expenses": Sum("expenses", made_of=("claim.total",)),
    },
    columns=(
        _sum("orders", ("订单数", "Orders")),
        _sum("confirmed", ("确认金额", "Confirmed"), MONEY),
        _sum("returned", ("退货金额", "Returned"), MONEY),
        _sum("cancelled", ("取消金额", "Cancelled"), MONEY),
        Column(
            "net",
            ("净额", "Net"),
            MONEY,
            ("confirmed", "returned", "cancelled"),
            lambda sums: sums["confirmed"] - sums["returned"] - sums["cancelled"],
        ),
        _sum("payments", ("回款", "Payments"), MONEY),
        _sum("expenses", ("费用", "Expenses"), MONEY),
        Column(
            "after_expenses",
            ("扣除费用后", "After expenses"),
            MONEY,
            ("confirmed", "returned", "cancelled", "expenses"),
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
    about="customer",
)

SERVICE = Report(
    name="service",
    label=("客户服务", "Service"),
    sums={
        "requests": Sum("requests"),
        "responses": Sum("requests.responses", made_of=("request.responded_at",)),
        "response_minutes": Sum("requests.response_minutes", made_of=("request.responded_at",)),
        "solutions": Sum("requests.solutions", made_of=("request.answered_at",)),
        "solution_minutes": Sum("requests.solution_minutes", made_of=("request.answered_at",)),
        "rated": Sum("requests.rated", made_of=("request.satisfaction",)),
        "satisfaction_sum": Sum("requests.satisfaction", made_of=("request.satisfaction",)),
        "breaches": Sum("requests.breaches", made_of=("request.breach_count",)),
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
    about="request",
)

CHURN = Report(
    name="churn",
    label=("客户流失", "Churn"),
    sums={
        "cases": Sum("churn"),
        **{
            status: Sum("churn", status, made_of=("churn_case.status",))
            for status in ("warned", "reprieved", "recovered", "lost")
        },
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
    about="churn_case",
)

_STATUS, _AMOUNT = "opportunity.status", "opportunity.amount"

FUNNEL = Report(
    name="funnel",
    label=("销售漏斗", "Funnel"),
    sums={
        "open": Sum("opportunities.open", made_of=(_STATUS,)),
        "open_amount": Sum("opportunities.open_amount", made_of=(_STATUS, _AMOUNT)),
        "weighted": Sum("opportunities.weighted", made_of=(_STATUS, _AMOUNT, "opportunity.probability")),
        "won": Sum("opportunities.won", made_of=(_STATUS,)),
        "won_amount": Sum("opportunities.won_amount", made_of=(_STATUS, _AMOUNT)),
        "lost": Sum("opportunities.lost", made_of=(_STATUS,)),
        "lost_amount": Sum("opportunities.lost_amount", made_of=(_STATUS, _AMOUNT)),
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
            ("won", "lost"),
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
    about="opportunity",
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


Open = Callable[[str], bool]
"""Whether a field, as ``order.total``, may be learnt by the caller."""


def open_sums(report: Report, may_learn: Open) -> dict[str, Sum]:
    """The sums of a report that tell the caller nothing of what is closed to them, by name."""
    return {name: each for name, each in report.sums.items() if all(map(may_learn, each.made_of))}


def open_columns(report: Report, may_learn: Open) -> list[str]:
    """The columns of a report that hold something for the caller, by key."""
    sums = open_sums(report, may_learn)
    return [column.key for column in report.columns if sums.keys() >= set(column.needs)]


def open_groups(report: Report, may_learn: Open) -> list[str]:
    """The groups of a report that show the caller no closed values, the default first."""
    return [name for name in report.groups if (shown := report.field_of(name)) is None or may_learn(shown)]


def open_parameters(may_learn: Open) -> list[str]:
    """The parameters by which the caller can learn nothing of what is closed to them."""
    return [name for name in PARAMETERS if name not in CUSTOMER_FIELDS or may_learn(CUSTOMER_FIELDS[name])]


def catalogue(may_learn: Open) -> list[dict[str, object]]:
    """Every report that shows the caller anything, with the parameters and groups open to them and its columns."""
    parameters = open_parameters(may_learn)
    return [
        _described(report, parameters, open_groups(report, may_learn))
        for report in REPORTS.values()
        if open_sums(report, may_learn)
    ]


def _described(report: Report, parameters: Collection[str], groups: Collection[str]) -> dict[str, object]:
    return {
        "name": report.name,
        "label": _label(report.label),
        "parameters": [
            {"name": name, "type": kind, "label": _label(label)}
            for name, (kind, label) in PARAMETERS.items()
            if name in parameters
        ],
        "groups": [{"value": name, "label": _label(GROUP_LABELS[name])} for name in groups],
        "columns": columns_of(report),
    }


def columns_of(report: Report) -> list[dict[str, object]]:
    """The columns as the API describes them."""
    return [{"key": column.key, "label": _label(column.label), "kind": column.kind} for column in report.columns]


def _label(label: Label) -> dict[str, str]:
    return {"zh": label[0], "en": label[1]}
