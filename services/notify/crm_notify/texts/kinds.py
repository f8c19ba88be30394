"""Every kind of notification: its topic, its words in Chinese and English, where it leads.

``title``, ``body`` and ``link`` are Jinja templates over the values of the notification: the fields of the event that
caused it, and ``customer``, the name of its customer.
"""

from __future__ import annotations

from dataclasses import dataclass

Words = tuple[str, str]
"""The same in (zh, en)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. label: what it is called in preferences and digests.

    email: whether it is mailed unless the user says otherwise. repeatable: whether a mail that may or may not have
    left is sent again; if not, it waits for a person.
    """

    key: str
    topic: str
    label: Words
    title: Words
    body: Words
    link: str
    email: bool = False
    repeatable: bool = True


_ALL = (
    Kind(
        "customer.assigned",
        "customers",
        ("客户分配", "Customer assigned"),
        ("客户“{{ name }}”已分配给您", "Customer {{ name }} is now yours"),
        ("客户编号 {{ code }}。请尽快联系客户。", "Customer code {{ code }}. Get in touch soon."),
        "/customers/{{ id }}",
        email=True,
    ),
    Kind(
        "contact.birthday",
        "customers",
        ("联系人生日", "Birthday of a contact"),
        ("今天是{{ name }}的生日", "Today is {{ name }}'s birthday"),
        ("{{ customer }}的联系人{{ name }}今天过生日。", "{{ name }} of {{ customer }} has a birthday today."),
        "/customers/{{ customer_id }}",
    ),
    Kind(
        "lead.assigned",
        "sales",
        ("线索分配", "Lead assigned"),
        ("线索“{{ name }}”已分配给您", "Lead {{ name }} is now yours"),
        ("{{ company or name }}等待您的跟进。", "{{ company or name }} waits for your call."),
        "/leads/{{ id }}",
        email=True,
    ),
    Kind(
        "opportunity.assigned",
        "sales",
        ("商机分配", "Opportunity assigned"),
        ("商机“{{ name }}”已分配给您", "Opportunity {{ name }} is now yours"),
        (
            "客户：{{ customer }}；金额：{{ amount | money }}。",
            "Customer: {{ customer }}. Amount: {{ amount | money }}.",
        ),
        "/opportunities/{{ id }}",
        email=True,
    ),
    Kind(
        "opportunity.won",
        "sales",
        ("商机赢单", "Opportunity won"),
        ("赢单：{{ name }}", "Won: {{ name }}"),
        ("{{ customer }}，金额 {{ amount | money }}。", "{{ customer }}, {{ amount | money }}."),
        "/opportunities/{{ id }}",
    ),
    Kind(
        "opportunity.lost",
        "sales",
        ("商机丢单", "Opportunity lost"),
        ("丢单：{{ name }}", "Lost: {{ name }}"),
        (
            "{{ customer }}，金额 {{ amount | money }}{% if lost_reason %}。原因：{{ lost_reason }}{% endif %}。",
            "{{ customer }}, {{ amount | money }}{% if lost_reason %}. Reason: {{ lost_reason }}{% endif %}.",
        ),
        "/opportunities/{{ id }}",
    ),
    Kind(
        "opportunity.stalled",
        "sales",
        ("商机停滞", "Opportunity stalled"),
        ("商机“{{ name }}”很久没有进展", "Opportunity {{ name }} has not moved for long"),
        (
            "{{ customer }}，金额 {{ amount | money }}。请记录下一步，或关闭商机。",
            "{{ customer }}, {{ amount | money }}. Write down the next step, or close it.",
        ),
        "/opportunities/{{ id }}",
        email=True,
    ),
    Kind(
        "order.confirmed",
        "orders",
        ("订单确认", "Order confirmed"),
        ("订单 {{ number }} 已确认", "Order {{ number }} is confirmed"),
        ("{{ customer }}，金额 {{ total | money }}。", "{{ customer }}, {{ total | money }}."),
        "/orders/{{ id }}",
    ),
    Kind(
        "order.delivered",
        "orders",
        ("订单交付", "Order delivered"),
        ("订单 {{ number }} 已交付", "Order {{ number }} is delivered"),
        ("{{ customer }}，金额 {{ total | money }}。", "{{ customer }}, {{ total | money }}."),
        "/orders/{{ id }}",
    ),
    Kind(
        "order.part-delivered",
        "orders",
        ("订单部分交付", "Order delivered in part"),
        ("订单 {{ number }} 已部分交付", "Part of order {{ number }} is delivered"),
        ("{{ customer }}，其余待交付。", "{{ customer }}. The rest is still to come."),
        "/orders/{{ id }}",
    ),
    Kind(
        "order.cancelled",
        "orders",
        ("订单取消", "Order cancelled"),
        ("订单 {{ number }} 已取消", "Order {{ number }} is cancelled"),
        ("{{ customer }}，金额 {{ total | money }}。", "{{ customer }}, {{ total | money }}."),
        "/orders/{{ id }}",
        email=True,
    ),
    Kind(
        "receivable.due",
        "orders",
        ("应收将到期", "Receivable due soon"),
        ("{{ customer }}的应收将于 {{ due_on }} 到期", "{{ customer }} is due to pay on {{ due_on }}"),
        ("待收 {{ (outstanding or amount) | money }}。", "Still to come: {{ (outstanding or amount) | money }}."),
        "/receivables/{{ id }}",
    ),
    Kind(
        "receivable.overdue",
        "orders",
        ("应收逾期", "Receivable overdue"),
        ("{{ customer }}的应收已逾期", "{{ customer }} is overdue"),
        (
            "待收 {{ (outstanding or amount) | money }}，到期日 {{ due_on }}。",
            "{{ (outstanding or amount) | money }} was due on {{ due_on }}.",
        ),
        "/receivables/{{ id }}",
        email=True,
    ),
    Kind(
        "churn-case.warned",
        "churn",
        ("流失预警", "Churn alert"),
        ("客户“{{ customer_name }}”可能流失", "You may be losing {{ customer_name }}"),
        (
            "原因：{{ reasons | reasons }}。请采取措施，或确认流失。",
            "Why: {{ reasons | reasons }}. Take measures, or confirm the loss.",
        ),
        "/churn-cases/{{ id }}",
        email=True,
    ),
    Kind(
        "churn-case.escalated",
        "churn",
        ("流失预警升级", "Churn alert escalated"),
        (
            "客户“{{ customer_name }}”的流失预警无人处理",
            "Nobody has acted on the churn alert about {{ customer_name }}",
        ),
        (
            "负责人：{{ owner_name or '无' }}；预警时间：{{ warned_at | when }}；原因：{{ reasons | reasons }}。",
            "Owner: {{ owner_name or 'nobody' }}. Warned at {{ warned_at | when }}. Why: {{ reasons | reasons }}.",
        ),
        "/churn-cases/{{ id }}",
        email=True,
    ),
    Kind(
        "request.assigned",
        "service",
        ("服务请求分配", "Request assigned"),
        ("服务请求 {{ number }} 已分配给您", "Request {{ number }} is now yours"),
        (
            "{{ summary }}{% if due_at %}。请在 {{ due_at | when }} 前处理{% endif %}。",
            "{{ summary }}{% if due_at %}. Due {{ due_at | when }}{% endif %}.",
        ),
        "/requests/{{ id }}",
        email=True,
    ),
    Kind(
        "request.escalated",
        "service",
        ("服务请求升级", "Request escalated"),
        ("服务请求 {{ number }} 已升级给您", "Request {{ number }} was escalated to you"),
        (
            "{{ summary }}{% if due_at %}。请在 {{ due_at | when }} 前处理{% endif %}。",
            "{{ summary }}{% if due_at %}. Due {{ due_at | when }}{% endif %}.",
        ),
        "/requests/{{ id }}",
        email=True,
    ),
    Kind(
        "request.answered",
        "service",
        ("服务请求已答复", "Request answered"),
        ("服务请求 {{ number }} 已答复", "Request {{ number }} is answered"),
        ("{{ summary }}", "{{ summary }}"),
        "/requests/{{ id }}",
    ),
    Kind(
        "request.rated-low",
        "service",
        ("客户不满意", "Customer not satisfied"),
        ("服务请求 {{ number }} 得到低评分", "Request {{ number }} was rated low"),
        (
            "评分 {{ satisfaction }}/5：{{ summary }}{% if comment %}。客户说：{{ comment }}{% endif %}",
            "{{ satisfaction }} of 5: {{ summary }}{% if comment %}. The customer says: {{ comment }}{% endif %}",
        ),
        "/requests/{{ id }}",
        email=True,
    ),
    Kind(
        "sla.warned",
        "service",
        ("服务时限将到", "SLA at risk"),
        ("服务请求 {{ number }} 即将超时", "Request {{ number }} is about to miss its target"),
        ("{{ summary }}。时限：{{ due_at | when }}。", "{{ summary }}. Due {{ due_at | when }}."),
        "/requests/{{ id }}",
        email=True,
    ),
    Kind(
        "sla.breached",
        "service",
        ("服务超时", "SLA breached"),
        ("服务请求 {{ number }} 已超时", "Request {{ number }} has missed its target"),
        ("{{ summary }}。时限：{{ due_at | when }}。", "{{ summary }}. It was due {{ due_at | when }}."),
        "/requests/{{ id }}",
        email=True,
    ),
    Kind(
        "approval.assigned",
        "approvals",
        ("待我审批", "Approval asked of me"),
        ("请审批：{{ title }}", "Please decide: {{ title }}"),
        (
            "第 {{ round }} 轮{% if due_at %}，请在 {{ due_at | when }} 前处理{% endif %}。",
            "Round {{ round }}{% if due_at %}, by {{ due_at | when }}{% endif %}.",
        ),
        "/approvals/{{ id }}",
        email=True,
    ),
    Kind(
        "approval.waiting",
        "approvals",
        ("审批等待中", "Approval waiting"),
        ("审批仍在等待您：{{ title }}", "Still waiting for you: {{ title }}"),
        ("提交后仍未处理。", "It has not been decided yet."),
        "/approvals/{{ id }}",
        email=True,
    ),
    Kind(
        "approval.decided",
        "approvals",
        ("审批结果", "Approval decided"),
        ("{{ title }}：{{ status | outcome }}", "{{ title }}: {{ status | outcome }}"),
        (
            "{% if comment %}审批意见：{{ comment }}{% else %}没有审批意见。{% endif %}",
            "{% if comment %}Comment: {{ comment }}{% else %}No comment was given.{% endif %}",
        ),
        "/approvals/{{ id }}",
        email=True,
    ),
    Kind(
        "approval.timed-out",
        "approvals",
        ("审批超时", "Approval timed out"),
        ("审批超时：{{ title }}", "Nobody decided in time: {{ title }}"),
        ("请提醒审批人，或撤回后重新提交。", "Remind the approver, or withdraw and submit again."),
        "/approvals/{{ id }}",
    ),
    Kind(
        "approval.late",
        "approvals",
        ("我的审批超时", "Approval overdue"),
        ("您的审批已超时：{{ title }}", "Your decision is late: {{ title }}"),
        ("请尽快处理，或转给他人审批。", "Decide soon, or let somebody else decide."),
        "/approvals/{{ id }}",
        email=True,
    ),
    Kind(
        "approval.escalated",
        "approvals",
        ("下属审批超时", "Approval escalated"),
        ("下属的审批已超时：{{ title }}", "A team member has not decided in time: {{ title }}"),
        (
            "请提醒审批人：{{ late_names | join('、') }}。",
            "Remind whoever is to decide: {{ late_names | join(', ') }}.",
        ),
        "/approvals/{{ id }}",
        email=True,
    ),
    Kind(
        "travel-plan.approved",
        "expenses",
        ("出差计划通过", "Travel plan approved"),
        ("出差计划 {{ number }} 已批准", "Travel plan {{ number }} is approved"),
        ("{{ subject }}，{{ starts_on }} 至 {{ ends_on }}。", "{{ subject }}, {{ starts_on }} to {{ ends_on }}."),
        "/travel-plans/{{ id }}",
    ),
    Kind(
        "claim.paid",
        "expenses",
        ("报销到账", "Claim paid"),
        ("报销单 {{ number }} 已付款", "Claim {{ number }} is paid"),
        ("{{ title }}，{{ total | money }}。", "{{ title }}, {{ total | money }}."),
        "/claims/{{ id }}",
        email=True,
        repeatable=False,
    ),
    Kind(
        "activity.assigned",
        "activities",
        ("日程分配", "Activity assigned"),
        ("新日程：{{ subject }}", "New activity: {{ subject }}"),
        (
            "{% if customer %}客户：{{ customer }}。{% endif %}{% if due_at %}截止：{{ due_at | when }}。{% endif %}",
            "{% if customer %}Customer: {{ customer }}. {% endif %}{% if due_at %}Due {{ due_at | when }}.{% endif %}",
        ),
        "/activities/{{ id }}",
    ),
    Kind(
        "activity.due",
        "activities",
        ("日程提醒", "Activity due"),
        ("即将开始：{{ subject }}", "Coming up: {{ subject }}"),
        (
            "{% if customer %}客户：{{ customer }}。{% endif %}时间：{{ (starts_at or due_at) | when }}。",
            "{% if customer %}Customer: {{ customer }}. {% endif %}At {{ (starts_at or due_at) | when }}.",
        ),
        "/activities/{{ id }}",
    ),
    Kind(
        "activity.overdue",
        "activities",
        ("日程逾期", "Activity overdue"),
        ("日程已逾期：{{ subject }}", "Overdue: {{ subject }}"),
        (
            "{% if customer %}客户：{{ customer }}。{% endif %}截止时间：{{ due_at | when }}。",
            "{% if customer %}Customer: {{ customer }}. {% endif %}It was due {{ due_at | when }}.",
        ),
        "/activities/{{ id }}",
        email=True,
    ),
    Kind(
        "user.inactive",
        "account",
        ("长期未登录", "Not signed in for long"),
        ("您已经 {{ days }} 天没有登录", "You have not signed in for {{ days }} days"),
        ("登录后查看等待您的客户和任务。", "Sign in to see the customers and tasks that wait for you."),
        "/",
        email=True,
    ),
    Kind(
        "user.inactive-report",
        "account",
        ("下属长期未登录", "A team member has not signed in"),
        ("{{ display_name }}已经 {{ days }} 天没有登录", "{{ display_name }} has not signed in for {{ days }} days"),
        ("请确认其客户是否需要移交。", "Check whether their customers need another owner."),
        "/users/{{ id }}",
    ),
    Kind(
        "user.handed-over",
        "account",
        ("工作移交", "Work handed over"),
        ("{{ from_name }}的工作已移交给您", "The work of {{ from_name }} is now yours"),
        ("请查看您名下的客户、商机和任务。", "Look through your customers, opportunities and tasks."),
        "/",
        email=True,
    ),
    Kind(
        "webhook.disabled",
        "account",
        ("外发回调停用", "Webhook disabled"),
        ("外发回调已停用：{{ url }}", "A webhook was disabled: {{ url }}"),
        ("{{ reason }}", "{{ reason }}"),
        "/webhooks/{{ id }}",
        email=True,
    ),
)

KINDS: dict[str, Kind] = {kind.key: kind for kind in _ALL}
"""Key -> kind."""
