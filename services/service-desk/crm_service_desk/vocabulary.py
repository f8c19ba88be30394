"""The choices that requests and policies share: value, zh, en."""

from __future__ import annotations

KINDS = (
    ("consultation", "咨询", "Consultation"),
    ("suggestion", "建议", "Suggestion"),
    ("complaint", "投诉", "Complaint"),
    ("repair", "报修", "Repair"),
    ("return", "退换货", "Return"),
    ("other", "其他", "Other"),
)
CHANNELS = (
    ("phone", "电话", "Phone"),
    ("email", "电子邮件", "E-mail"),
    ("message", "即时消息", "Message"),
    ("portal", "自助门户", "Portal"),
    ("visit", "到访", "Visit"),
    ("api", "系统接口", "API"),
    ("other", "其他", "Other"),
)
PRIORITIES = (
    ("low", "低", "Low"),
    ("normal", "普通", "Normal"),
    ("high", "高", "High"),
    ("urgent", "紧急", "Urgent"),
)
STATUSES = (
    ("created", "已创建", "Created"),
    ("assigned", "已分派", "Assigned"),
    ("in_progress", "处理中", "In progress"),
    ("on_hold", "已挂起", "On hold"),
    ("answered", "已答复", "Answered"),
    ("archived", "已归档", "Archived"),
)
ARTICLE_STATUSES = (
    ("draft", "草稿", "Draft"),
    ("review", "待审核", "In review"),
    ("published", "已发布", "Published"),
    ("retired", "已下线", "Retired"),
)
VERBS = {
    "assign": ("分派", "assign"),
    "start": ("开始处理", "start"),
    "hold": ("挂起", "hold"),
    "resume": ("恢复", "resume"),
    "answer": ("答复", "answer"),
    "feedback": ("反馈", "feedback"),
    "archive": ("归档", "archive"),
    "reopen": ("重新打开", "reopen"),
    "escalate": ("升级", "escalate"),
    "submit": ("提交审核", "submit"),
    "publish": ("发布", "publish"),
    "retire": ("下线", "retire"),
    "rate": ("评价", "rate"),
}
"""What is done to requests and articles, as a sentence says it: zh, en."""
