"""What is done to approvals. Each action works on a locked approval and answers who is newly asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import clock, ids
from crm_chassis.errors import Forbidden, StateConflict, TooMany, field_error
from crm_chassis.language import Sentence, say, word

from ..conditions import matches
from ..flows import queries as flows
from ..people import queries as people
from . import queries, rules
from .models import Approval

Asked = list[UUID]
"""Who waits now and did not before."""

REMINDED_AGAIN_AFTER = timedelta(days=1)


def open_round(session: Session, approval_id: UUID, asked: dict[str, Any]) -> tuple[Approval, Asked]:
    """Begin the approval a service asks for: choose the flow and ask the people of its first step.

    asked: the request's payload. For a system session.
    """
    unit_id = UUID(asked["unit_id"])
    flow = flows.for_document(session, subject_type=asked["subject_type"], unit_id=unit_id, fields=asked["fields"])
    requester_id = UUID(asked["requester_id"])
    approval = Approval(
        id=approval_id,
        unit_id=unit_id,
        owner_id=requester_id,
        requester_id=requester_id,
        created_by=requester_id,
        subject_type=asked["subject_type"],
        subject_id=UUID(asked["subject_id"]),
        title=asked["title"],
        round=asked["round"],
        fields=asked["fields"],
        flow_id=flow.id if flow else None,
        flow_name=flow.name if flow else None,
        flow_version=flow.version if flow else None,
        steps=rules.begin(flow.steps if flow else flows.DEFAULT_STEPS),
        status="running",
        waiting_ids=[],
        participant_ids=[],
    )
    session.add(approval)
    return approval, advance(session, approval, approval.steps)


def advance(session: Session, approval: Approval, steps: list[rules.Step]) -> Asked:
    """Take these steps as far as they go without anybody deciding, and keep them."""
    now = clock.now()
    while rules.outcome(steps) == "running":
        pending = [at for at in rules.current(steps) if steps[at]["state"] == "pending"]
        if not pending:
            break
        steps = list(steps)
        for at in pending:
            if matches(steps[at].get("conditions") or (), approval.fields):
                steps[at] = rules.opened(steps[at], _people_of(session, approval, steps[at]), now)
            else:
                steps[at] = rules.skipped(steps[at], now)
    outcome = rules.outcome(steps)
    if outcome != "running":
        approval.status, approval.decided_at = outcome, now
        steps = rules.stopped(steps, now)
    return _keep(approval, steps)


def decide(session: Session, approval: Approval, verb: str, *, user_id: UUID, comment: str | None) -> Asked:
    """Approve, reject or return. Raises StateConflict, and Forbidden to whom nobody asked."""
    _refuse_unless_awaited(approval, user_id)
    decision = rules.DECISIONS[verb]
    steps = rules.decided(approval.steps, str(user_id), decision, comment=comment, now=clock.now())
    asked = advance(session, approval, steps)
    if approval.status != "running":
        approval.comment, approval.decided_by = comment, user_id
    return asked


def delegate(session: Session, approval: Approval, *, user_id: UUID, to_user_id: UUID) -> Asked:
    """Let somebody decide in the caller's place; whoever of the two is first counts. Raises as ``decide``, Invalid."""
    _refuse_unless_asked(approval, user_id)
    _check_choice(session, approval, to_user_id)
    return _keep(approval, rules.delegated(approval.steps, str(user_id), str(to_user_id)))


def transfer(session: Session, approval: Approval, *, user_id: UUID, to_user_id: UUID) -> Asked:
    """Ask somebody else instead of the caller. Raises as ``decide``, Invalid."""
    _refuse_unless_asked(approval, user_id)
    _check_choice(session, approval, to_user_id)
    steps = rules.transferred(approval.steps, str(user_id), [str(to_user_id)], clock.now())
    return advance(session, approval, steps)


def add_approver(session: Session, approval: Approval, *, user_id: UUID, to_user_id: UUID, where: str) -> Asked:
    """Ask one more person: before or after the steps that run now, or beside the caller. Raises as ``decide``."""
    _refuse_unless_asked(approval, user_id)
    _check_choice(session, approval, to_user_id)
    if where == "parallel":
        return _keep(approval, rules.joined(approval.steps, str(user_id), str(to_user_id)))
    step = rules.added_step(f"added-{ids.uuid7()}", str(to_user_id), added_by=str(user_id), due_days=flows.DUE_DAYS)
    return advance(session, approval, rules.inserted(approval.steps, step, before=where == "before"))


def withdraw(approval: Approval) -> None:
    """Call the approval off. Raises StateConflict unless it is running."""
    _refuse_unless_running(approval)
    now = clock.now()
    approval.status, approval.decided_at = "withdrawn", now
    _keep(approval, rules.stopped(approval.steps, now))


def remind(approval: Approval, *, user_id: UUID) -> Asked:
    """Ask again, at most once a day: answers who is asked now.

    Raises Forbidden to all but the requester, StateConflict, TooMany with Retry-After.
    """
    refuse_unless_requester(approval, user_id)
    _refuse_unless_running(approval)
    now = clock.now()
    if approval.reminded_at and now < (again := approval.reminded_at + REMINDED_AGAIN_AFTER):
        wait = {"Retry-After": str(int((again - now).total_seconds()) + 1)}
        raise TooMany(say("You reminded them within the last day; wait until tomorrow."), headers=wait)
    approval.reminded_at = now
    return list(approval.waiting_ids)


def refuse_unless_requester(approval: Approval, user_id: UUID) -> None:
    """Raises Forbidden to everybody but the requester."""
    if approval.requester_id != user_id:
        raise Forbidden(say("Only the person who asked for this approval can do this."))


def replace(session: Session, approval: Approval, *, user_id: UUID, to_user_id: UUID | None) -> Asked:
    """Ask somebody else instead of a person who left; without a name, their manager."""
    heirs = [to_user_id] if to_user_id and to_user_id != approval.requester_id else []
    chosen = people.deciders(session, heirs) or queries.replacement(session, approval, user_id)
    steps = rules.transferred(approval.steps, str(user_id), [str(each) for each in chosen], clock.now())
    return advance(session, approval, steps)


def mark_timed_out(session: Session, approval: Approval) -> tuple[Asked, Asked]:
    """Mark the steps that wait too long: answers for whom, and their managers, who may see it from now on."""
    steps, late = rules.timed_out(approval.steps, clock.now())
    late_ids = sorted(map(UUID, late))
    managers = [queries.replacement(session, approval, each) for each in late_ids]
    told = list(dict.fromkeys(manager for found in managers for manager in found if manager not in late_ids))
    _keep(approval, steps)
    approval.participant_ids = sorted({*approval.participant_ids, *told})
    return late_ids, told


def assign_again(session: Session, approval: Approval) -> Asked:
    """Look for approvers again where nobody was found. Nothing changes where nobody is found again."""
    now = clock.now()
    steps = []
    for step in approval.steps:
        found = queries.approvers(session, approval, step) if rules.is_unassigned(step) else []
        steps.append(rules.opened(step, map(str, found), now) if found else step)
    return _keep(approval, steps)


def relieve(session: Session, approval: Approval) -> Asked:
    """Ask whom a step would ask if it began now instead of those who lost the right to decide.

    This decides nothing: whose part in the step is done is not among them. Where nobody is found it waits for nobody.
    """
    powerless = {str(each) for each in people.powerless(session, approval.waiting_ids)}
    now = clock.now()
    steps = []
    for step in approval.steps:
        loses = any(rules.is_asked([step], each) for each in powerless)
        found = queries.approvers(session, approval, step) if loses else []
        steps.append(rules.relieved(step, powerless, map(str, found), now))
    return _keep(approval, steps)


def _people_of(session: Session, approval: Approval, step: rules.Step) -> Iterable[str]:
    return () if step["assignees"] else map(str, queries.approvers(session, approval, step))


def _keep(approval: Approval, steps: list[rules.Step]) -> Asked:
    before = set(approval.waiting_ids)
    waiting = {UUID(user_id) for user_id in rules.waiting_for(steps)}
    if steps == approval.steps and waiting == before:
        return []
    approval.steps = steps
    approval.waiting_ids = sorted(waiting)
    approval.participant_ids = sorted({*approval.participant_ids, *map(UUID, rules.involved(steps))})
    approval.due_at = rules.next_due(steps)
    return sorted(waiting - before)


def _refuse_unless_running(approval: Approval) -> None:
    if approval.status != "running":
        raise StateConflict(
            say("This approval is over: it was {status}.", status=word(rules.STATUSES, approval.status))
        )


def _refuse_unless_awaited(approval: Approval, user_id: UUID) -> None:
    _refuse_unless_running(approval)
    if user_id in approval.waiting_ids:
        return
    if str(user_id) in rules.involved(approval.steps):
        raise StateConflict(say("Your part in this approval is done, or its turn has not come."))
    raise Forbidden(say("This approval does not wait for you."))


def _refuse_unless_asked(approval: Approval, user_id: UUID) -> None:
    """The same for those who were asked themselves, not in somebody's place."""
    _refuse_unless_awaited(approval, user_id)
    if not rules.is_asked(approval.steps, str(user_id)):
        raise Forbidden(say("You decide in somebody's place; only they can pass this on."))


def _check_choice(session: Session, approval: Approval, to_user_id: UUID) -> None:
    reasons: list[tuple[Callable[[], bool], str, Sentence]] = [
        (lambda: to_user_id == approval.requester_id, "requester", say("Nobody decides on their own request.")),
        (lambda: to_user_id in approval.waiting_ids, "asked_already", say("This person is asked already.")),
        (
            lambda: not people.deciders(session, [to_user_id]),
            "unknown",
            say("Choose an active user whose roles let them decide."),
        ),
    ]
    for applies, code, message in reasons:
        if applies():
            raise field_error("/user_id", code, message)
