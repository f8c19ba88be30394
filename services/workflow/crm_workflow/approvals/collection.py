"""Approvals as a collection, and what people do with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from marshmallow import Schema
from marshmallow import fields as ma
from sqlalchemy import ColumnElement, and_, not_
from sqlalchemy.orm import Session

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema, Verb
from crm_chassis.collection.listing import problem
from crm_chassis.collection.writing import get, get_for
from crm_chassis.identity import current_principal, principal_or_none
from crm_chassis.language import say

from . import actions, rules
from .models import Approval

READ, APPROVE = "approval:read", "approval:approve"
MINE = [
    ("pending", "待我审批", "Waiting for me"),
    ("requested", "我发起的", "Asked by me"),
    ("taken", "我参与的", "With me"),
]


class ApprovalSchema(RecordSchema):
    """What the API shows of an approval."""

    subject = ma.Raw(
        dump_only=True, metadata={"crm": {"kind": "object", "label": ("单据", "Document"), "group": "main"}}
    )
    subject_type = fields.text(("单据类型", "Document type"), dump_only=True)
    subject_id = fields.ref(("单据标识", "Document id"), "any", dump_only=True)
    title = fields.text(("标题", "Title"), dump_only=True)
    requester_id = fields.ref(("申请人", "Requester"), "user", dump_only=True)
    round = fields.integer(("轮次", "Round"), dump_only=True)
    flow_id = fields.ref(("流程", "Flow"), "approval_flow", dump_only=True)
    flow_name = fields.text(("流程名称", "Flow name"), dump_only=True)
    flow_version = fields.integer(("流程版本", "Flow version"), dump_only=True)
    status = fields.choice(("状态", "Status"), rules.STATUSES, dump_only=True)
    steps = ma.Raw(dump_only=True, metadata={"crm": {"kind": "rows", "label": ("步骤", "Steps"), "group": "main"}})
    mine = fields.choice(("与我的关系", "Mine"), MINE, dump_only=True)
    waiting_ids = fields.refs(("待审批人", "Waiting for"), "user", dump_only=True)
    due_at = fields.moment(("截止时间", "Due"), dump_only=True)
    comment = fields.long_text(("审批意见", "Comment"), dump_only=True)
    decided_by = fields.ref(("审批人", "Decided by"), "user", dump_only=True)
    decided_at = fields.moment(("审批时间", "Decided at"), dump_only=True)
    reminded_at = fields.moment(("催办时间", "Reminded at"), dump_only=True)


class CommentBody(Schema):
    """What an approver may say."""

    comment = fields.long_text(("意见", "Comment"))


class ReasonBody(Schema):
    """What an approver has to say."""

    comment = fields.long_text(("意见", "Comment"), required=True)


class UserBody(Schema):
    """Whom else to ask."""

    user_id = fields.ref(("用户", "User"), "user", required=True)


class AddedBody(UserBody):
    """Whom else to ask, and when."""

    where = fields.choice(
        ("位置", "Where"),
        [("before", "之前", "Before"), ("after", "之后", "After"), ("parallel", "同时", "Beside")],
        required=True,
    )


def announce_outcome(session: Session, approval: Approval, version: int, asked: actions.Asked) -> None:
    """Publish what an action led to since a version: the decision, who is newly asked, or that it waits for fewer.

    Nothing when the approval still has that version.
    """
    if approval.status in {"approved", "rejected", "returned"}:
        approvals.announce(session, approval, "decided")
    elif asked:
        approvals.announce(session, approval, "assigned", assignee_ids=asked)
    else:
        approvals.announce_since(session, approval, version, "changed")


_ASKING: dict[str, Callable[..., actions.Asked]] = {
    "delegate": actions.delegate,
    "transfer": actions.transfer,
    "add-approver": actions.add_approver,
}


def decide(session: Session, approval_id: UUID, verb: str, comment: str | None = None) -> Approval:
    """Approve, reject or return as the caller. Raises NotFound, Forbidden, StateConflict."""
    approval: Approval = get_for(session, approvals, approval_id, APPROVE)
    version = approval.version
    asked = actions.decide(session, approval, verb, user_id=current_principal().user_id, comment=comment)
    announce_outcome(session, approval, version, asked)
    return approval


def ask_another(session: Session, approval_id: UUID, verb: str, user_id: UUID, **how: str) -> Approval:
    """Delegate, transfer, or add an approver, as the caller. Raises NotFound, Forbidden, StateConflict, Invalid."""
    approval: Approval = get_for(session, approvals, approval_id, APPROVE)
    version = approval.version
    asked = _ASKING[verb](session, approval, user_id=current_principal().user_id, to_user_id=user_id, **how)
    announce_outcome(session, approval, version, asked)
    return approval


def withdraw(session: Session, approval_id: UUID) -> Approval:
    """Call an approval off as its requester; the document's service hears of it."""
    approval: Approval = get(session, approvals, approval_id, lock=True)
    actions.refuse_unless_requester(approval, current_principal().user_id)
    actions.withdraw(approval)
    approvals.announce(session, approval, "withdrawn")
    return approval


def remind(session: Session, approval_id: UUID) -> Approval:
    """Ask those again who have not decided, as the requester."""
    approval: Approval = get(session, approvals, approval_id, lock=True)
    asked = actions.remind(approval, user_id=current_principal().user_id)
    approvals.announce(session, approval, "assigned", assignee_ids=asked, reminder=True)
    return approval


def _mine(approval: Approval) -> str | None:
    principal = principal_or_none()
    if principal is None:
        return None
    if principal.user_id in approval.waiting_ids:
        return "pending"
    if principal.user_id == approval.requester_id:
        return "requested"
    return "taken" if principal.user_id in approval.participant_ids else None


def _with_me(value: str) -> ColumnElement[bool]:
    user_id = current_principal().user_id
    waits = Approval.waiting_ids.contains([user_id])
    found: dict[str, ColumnElement[bool]] = {
        "pending": waits,
        "requested": Approval.requester_id == user_id,
        "taken": and_(Approval.participant_ids.contains([user_id]), not_(waits)),
    }
    if value not in found:
        raise problem("mine", say("Write one of {values}.", values=list(found)))
    return found[value]


def _subject(approval: Approval) -> dict[str, Any]:
    return {"type": approval.subject_type, "id": approval.subject_id, "title": approval.title}


def _waits_for_me(approval: Approval) -> bool:
    return _mine(approval) == "pending"


def _is_mine(approval: Approval) -> bool:
    principal = principal_or_none()
    return approval.status == "running" and principal is not None and principal.user_id == approval.requester_id


approvals = Collection(
    "approvals",
    Approval,
    ApprovalSchema,
    ("审批", "Approvals"),
    subject="approval",
    computed={"subject": _subject, "mine": _mine, "fields": lambda approval: approval.fields},
    filters={"mine": _with_me},
    frozen=frozenset({"create", "update", "delete", "import"}),
    verbs=[
        *(
            Verb(name, APPROVE, when=_waits_for_me)
            for name in ("approve", "reject", "return", "delegate", "transfer", "add-approver")
        ),
        *(Verb(name, READ, when=_is_mine) for name in ("withdraw", "remind")),
    ],
)
