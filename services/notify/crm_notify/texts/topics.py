"""The topics a user chooses channels for; every kind of notification belongs to one."""

from __future__ import annotations

TOPICS: dict[str, tuple[str, str]] = {
    "customers": ("客户", "Customers"),
    "sales": ("线索与商机", "Leads and opportunities"),
    "orders": ("订单与应收", "Orders and receivables"),
    "churn": ("流失预警", "Churn alerts"),
    "service": ("服务请求", "Service requests"),
    "approvals": ("审批", "Approvals"),
    "expenses": ("差旅与报销", "Trips and claims"),
    "activities": ("日程", "Activities"),
    "account": ("账号与系统", "Account and system"),
}
"""Topic -> its name in zh and en."""
