"""The permissions catalogue: every resource, the service that answers for it, its public path and its actions.

A permission reads ``resource:action``. Roles combine them with scopes; the gateway routes by ``path``.
"""

from __future__ import annotations

from dataclasses import dataclass

SCOPES: tuple[str, ...] = ("self", "unit", "company", "subtree", "units", "all")
"""How far a grant reaches, narrowest first. ``company`` is the subtree of the user's nearest subsidiary; ``units``
are chosen ones, named by the grant."""

READ, CREATE, UPDATE, DELETE = "read", "create", "update", "delete"
_CRUD = (READ, CREATE, UPDATE, DELETE)
_FILES = (*_CRUD, "export", "import")


@dataclass(frozen=True, slots=True)
class Resource:
    """Something permissions are given on. ``path``: the collection below ``/api/v1``, None when it has no page."""

    name: str
    service: str
    path: str | None
    zh: str
    en: str
    actions: tuple[str, ...]


_ALL = (
    # gateway
    Resource("org_unit", "gateway", "org-units", "组织", "Company tree", (*_CRUD, "configure")),
    Resource("user", "gateway", "users", "用户", "Users", _FILES),
    Resource("role", "gateway", "roles", "角色", "Roles", _CRUD),
    Resource("api_key", "gateway", "api-keys", "接口密钥", "API keys", _CRUD),
    Resource("saved_view", "gateway", "saved-views", "保存的视图", "Saved views", _CRUD),
    Resource("audit", "gateway", "audit-entries", "审计日志", "Audit log", (READ, "export")),
    Resource("system", "gateway", "system", "系统", "System", (READ, "configure")),
    # customer
    Resource("customer", "customer", "customers", "客户", "Customers", (*_FILES, "assign", "claim", "configure")),
    Resource("contact", "customer", "contacts", "联系人", "Contacts", (*_FILES, "configure")),
    Resource("interaction", "customer", "interactions", "交往记录", "Interactions", (*_FILES, "configure")),
    Resource("activity", "customer", "activities", "日程", "Activities", (*_FILES, "assign", "configure")),
    Resource("region", "customer", "regions", "行政区域", "Regions", (READ, UPDATE, "configure")),
    Resource("churn_rule", "customer", "churn-rules", "流失规则", "Churn rules", _CRUD),
    Resource("churn_case", "customer", "churn-cases", "流失个案", "Churn cases", (READ, UPDATE, "export", "configure")),
    # sales
    Resource("lead", "sales", "leads", "线索", "Leads", (*_FILES, "assign", "claim", "configure")),
    Resource("pipeline", "sales", "pipelines", "销售管道", "Pipelines", _CRUD),
    Resource("opportunity", "sales", "opportunities", "销售机会", "Opportunities", (*_FILES, "assign", "configure")),
    Resource("competitor", "sales", "competitors", "竞争对手", "Competitors", (*_FILES, "configure")),
    Resource("product", "sales", "products", "产品", "Products", (*_FILES, "configure")),
    Resource("order", "sales", "orders", "订单", "Orders", (*_FILES, "confirm", "deliver", "configure")),
    Resource("receivable", "sales", "receivables", "应收", "Receivables", (READ, "export", "write_off")),
    Resource("payment", "sales", "payments", "收款", "Payments", (READ, CREATE, "refund", "export", "import")),
    # service-desk
    Resource("request", "service-desk", "requests", "服务请求", "Requests", (*_FILES, "assign", "configure")),
    Resource("sla_policy", "service-desk", "sla-policies", "服务时限", "SLA policies", _CRUD),
    Resource("business_calendar", "service-desk", "business-calendars", "工作日历", "Business calendars", _CRUD),
    Resource("article", "service-desk", "articles", "知识库", "Articles", (*_FILES, "publish", "configure")),
    # expenses
    Resource("travel_plan", "expenses", "travel-plans", "出差计划", "Travel plans", (*_FILES, "configure")),
    Resource("claim", "expenses", "claims", "报销单", "Claims", (*_FILES, "pay", "configure")),
    Resource("expense_category", "expenses", "expense-categories", "费用类别", "Expense categories", _CRUD),
    Resource("expense_policy", "expenses", "expense-policies", "费用标准", "Expense policies", _CRUD),
    # workflow
    Resource("approval_flow", "workflow", "approval-flows", "审批流程", "Approval flows", _CRUD),
    Resource("approval", "workflow", "approvals", "审批", "Approvals", (READ, "approve")),
    # notify
    Resource("notification", "notify", "notifications", "通知", "Notifications", (READ, UPDATE)),
    Resource(
        "notification_preference", "notify", "notification-preferences", "通知偏好", "Preferences", (READ, UPDATE)
    ),
    Resource("delivery", "notify", "deliveries", "投递记录", "Deliveries", (READ, UPDATE)),
    Resource("reminder_rule", "notify", "reminder-rules", "提醒规则", "Reminder rules", _CRUD),
    Resource("webhook", "notify", "webhooks", "外发回调", "Webhooks", _CRUD),
    # insight
    Resource("report", "insight", "reports", "报表", "Reports", (READ, "export", "configure")),
    Resource("search", "insight", "search", "搜索", "Search", (READ,)),
    Resource("desktop", "insight", "desktop", "工作台", "Desktop", (READ,)),
)

ACTION_LABELS = {
    "read": ("查看", "Read"),
    "create": ("新建", "Create"),
    "update": ("修改", "Change"),
    "delete": ("删除", "Delete"),
    "export": ("导出", "Export"),
    "import": ("导入", "Import"),
    "assign": ("分配", "Assign"),
    "claim": ("认领", "Claim"),
    "approve": ("审批", "Approve"),
    "configure": ("配置", "Configure"),
    "confirm": ("确认", "Confirm"),
    "deliver": ("交付", "Deliver"),
    "write_off": ("核销", "Write off"),
    "publish": ("发布", "Publish"),
    "pay": ("付款", "Pay"),
    "refund": ("退款", "Refund"),
}
"""What the actions are called, in Chinese and in English."""

RESOURCES: dict[str, Resource] = {resource.name: resource for resource in _ALL}
"""Resource name -> its definition."""

SERVICE_OF_PATH: dict[str, str] = {resource.path: resource.service for resource in _ALL if resource.path}
"""First path segment below ``/api/v1`` -> the service that answers. ``jobs`` are routed by the prefix of their id."""

LISTS = frozenset(SERVICE_OF_PATH) - {"system", "search", "desktop", "reports", "notification-preferences"}
"""The paths at which a list of records stands."""


def permissions_of(service: str) -> list[str]:
    """Every ``resource:action`` of a service, in catalogue order."""
    return [f"{r.name}:{action}" for r in _ALL if r.service == service for action in r.actions]


def permission_label(permission: str) -> tuple[str, str]:
    """What a permission is called in a sentence: in Chinese by its words, in English as roles and tokens write it."""
    name, _, action = permission.partition(":")
    if name not in RESOURCES or action not in ACTION_LABELS:
        return permission, permission
    return f"{RESOURCES[name].zh}·{ACTION_LABELS[action][0]}", permission
