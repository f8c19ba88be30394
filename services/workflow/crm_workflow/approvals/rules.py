"""How an approval moves through its steps. Pure.

A step is plain JSON: the flow's own words (key, name, mode, rule, approvers, conditions, due_days) and where it stands:
``state`` pending | waiting | approved | rejected | returned | skipped | stopped, ``started_at``, ``due_at``,
``timed_out_at``, ``ended_at`` and ``assignees``. An assignee is ``{"user_id", "delegate_id", "state", "decided_by",
"at", "comment"}`` with state waiting | approved | rejected | returned | spared (others were enough) | transferred |
relieved (lost the right to decide).

Functions answer new steps and leave those given untouched. Times are RFC 3339 text, ids are text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

Step = dict[str, Any]
Assignee = dict[str, Any]

RUNNING = frozenset({"pending", "waiting"})
OUT = frozenset({"transferred", "relieved"})
"""Where somebody else is asked instead of an assignee, whose part counts for nothing."""
DECISIONS = {"approve": "approved", "reject": "rejected", "return": "returned"}
"""Verb -> what it makes of the assignment, and when it ends the approval, of the approval."""

STATUSES = (
    ("running", "审批中", "Running"),
    ("approved", "已同意", "Approved"),
    ("returned", "已退回", "Returned"),
    ("rejected", "已驳回", "Rejected"),
    ("withdrawn", "已撤回", "Withdrawn"),
)
"""The states of an approval: value, zh, en."""


def begin(template: Iterable[Mapping[str, Any]]) -> list[Step]:
    """The steps of a new approval from those of its flow."""
    fresh = {"state": "pending", "started_at": None, "due_at": None, "timed_out_at": None, "ended_at": None}
    return [{**deepcopy(dict(step)), **fresh, "assignees": []} for step in template]


def stages(steps: Sequence[Step]) -> list[list[int]]:
    """The positions of steps that run together, in order: a parallel step joins the one before it."""
    found: list[list[int]] = []
    for position, step in enumerate(steps):
        if step["mode"] == "parallel" and found:
            found[-1].append(position)
        else:
            found.append([position])
    return found


def current(steps: Sequence[Step]) -> list[int]:
    """The positions of the stage that is not done yet, none when all are."""
    running = (stage for stage in stages(steps) if any(steps[at]["state"] in RUNNING for at in stage))
    return next(running, [])


def opened(step: Step, user_ids: Iterable[str], now: datetime) -> Step:
    """The step, waiting for these people beside those it waited for before it was held up."""
    started = deepcopy(step)
    _ask_also(started, user_ids)
    started["state"], started["started_at"] = "waiting", started["started_at"] or _text(now)
    started["timed_out_at"] = None
    started["due_at"] = _text(now + timedelta(days=step["due_days"]))
    return started


def assignee(user_id: str, **more: Any) -> Assignee:
    """Somebody who is asked."""
    empty = {"delegate_id": None, "state": "waiting", "decided_by": None, "at": None, "comment": None}
    return {"user_id": user_id, **empty, **more}


def skipped(step: Step, now: datetime) -> Step:
    """The step, passed over because its conditions do not hold."""
    return {**step, "state": "skipped", "ended_at": _text(now)}


def waiting_for(steps: Iterable[Step]) -> set[str]:
    """Everybody whose decision is awaited now, delegates included."""
    return {user for step in steps for each in _open(step) for user in (each["user_id"], each["delegate_id"]) if user}


def is_asked(steps: Iterable[Step], user_id: str) -> bool:
    """Whether a person is awaited in their own right, not in somebody's place."""
    return any(each["user_id"] == user_id for step in steps for each in _open(step))


def is_unassigned(step: Step) -> bool:
    """Whether a step waits for nobody, because nobody could be found."""
    return step["state"] == "waiting" and not _open(step)


def answered(step: Step) -> set[str]:
    """Whose part in a step is done: they or somebody in their place decided."""
    return {each["user_id"] for each in step["assignees"] if each["state"] in DECISIONS.values()}


def involved(steps: Iterable[Step]) -> set[str]:
    """Everybody who was ever asked."""
    asked = (each for step in steps for each in step["assignees"])
    return {user for each in asked for user in (each["user_id"], each["delegate_id"], each["decided_by"]) if user}


def next_due(steps: Iterable[Step]) -> datetime | None:
    """When the first step that has not timed out does."""
    due = [step["due_at"] for step in steps if step["state"] == "waiting" and not step["timed_out_at"]]
    return min((datetime.fromisoformat(each) for each in due if each), default=None)


def decided(steps: Sequence[Step], user_id: str, decision: str, *, comment: str | None, now: datetime) -> list[Step]:
    """The steps after somebody approved, rejected or returned, in every place where they are awaited."""

    def decide(step: Step) -> None:
        for each in _open(step):
            if user_id in (each["user_id"], each["delegate_id"]):
                each |= {"state": decision, "decided_by": user_id, "at": _text(now), "comment": comment}
        if step["state"] in RUNNING:
            _settle(step, now)

    return _changed(steps, decide)


def _settle(step: Step, now: datetime) -> None:
    """Close a running step when enough was said: a return at once, else by its rule."""
    states = [each["state"] for each in step["assignees"] if each["state"] not in OUT]
    verdict = _verdict(states, step["rule"])
    if verdict is None:
        return
    step["state"], step["ended_at"] = verdict, _text(now)
    for each in step["assignees"]:
        if each["state"] == "waiting":
            each["state"] = "spared"


def _settle_if_open(step: Step, now: datetime) -> None:
    if step["state"] == "waiting":
        _settle(step, now)


def _verdict(states: Sequence[str], rule: str) -> str | None:
    if "returned" in states:
        return "returned"
    if rule == "any" and "approved" in states:
        return "approved"
    if "rejected" in states and (rule == "all" or "waiting" not in states):
        return "rejected"
    return "approved" if states and set(states) == {"approved"} else None


def outcome(steps: Iterable[Step]) -> str:
    """``running``, or how the approval ended: one rejected or returned step ends all of it."""
    states = {step["state"] for step in steps}
    for verdict in ("returned", "rejected"):
        if verdict in states:
            return verdict
    return "running" if states & RUNNING else "approved"


def stopped(steps: Sequence[Step], now: datetime) -> list[Step]:
    """The steps of an approval that is over: nobody is awaited any more."""

    def stop(step: Step) -> None:
        for each in _asked(step):
            each["state"] = "spared"
        if step["state"] in RUNNING:
            step["state"], step["ended_at"] = "stopped", _text(now)

    return _changed(steps, stop)


def delegated(steps: Sequence[Step], user_id: str, to_user_id: str) -> list[Step]:
    """Let somebody decide in a person's place; the person still may, and whoever is first counts."""
    return _changed(steps, lambda step: _each_of(step, user_id, lambda each: each.update(delegate_id=to_user_id)))


def transferred(steps: Sequence[Step], user_id: str, to_user_ids: Sequence[str], now: datetime) -> list[Step]:
    """Ask others instead of a person, who is out of it.

    Somebody who was asked in that step already is not asked twice: their answer, when there is one, may settle it.
    """

    def transfer(step: Step) -> None:
        moved = [each for each in _asked(step) if each["user_id"] == user_id]
        for each in moved:
            each |= {"state": "transferred", "at": _text(now)}
        if moved and to_user_ids:
            _ask_also(step, to_user_ids, transferred_from=user_id)
            _settle_if_open(step, now)
        for each in _asked(step):
            if each["delegate_id"] == user_id:
                each["delegate_id"] = None

    return _changed(steps, transfer)


def relieved(step: Step, powerless: Collection[str], user_ids: Iterable[str], now: datetime) -> Step:
    """The step without those who lost the right to decide, asking these people beside those it still waits for."""
    left = deepcopy(step)
    for each in _open(left):
        if each["user_id"] in powerless:
            each |= {"state": "relieved", "at": _text(now)}
        elif each["delegate_id"] in powerless:
            each["delegate_id"] = None
    _ask_also(left, user_ids)
    return left


def _ask_also(step: Step, user_ids: Iterable[str], **more: Any) -> None:
    asked = {each["user_id"]: each for each in step["assignees"]}
    for user_id in user_ids:
        known = asked.get(user_id)
        if known is None:
            step["assignees"].append(assignee(user_id, **more))
        elif known["state"] in OUT:
            known |= assignee(user_id, **more)


def joined(steps: Sequence[Step], user_id: str, new_user_id: str) -> list[Step]:
    """Ask one more person in the steps where somebody is awaited."""

    def join(step: Step) -> None:
        if any(each["user_id"] == user_id for each in _open(step)):
            _ask_also(step, [new_user_id], added_by=user_id)

    return _changed(steps, join)


def inserted(steps: Sequence[Step], step: Step, *, before: bool) -> list[Step]:
    """Put a step of its own before or after the stage that is running; before it, that stage is held up."""
    stage = current(steps)
    if not before:
        return [*deepcopy(list(steps[: stage[-1] + 1])), step, *deepcopy(list(steps[stage[-1] + 1 :]))]
    held = [
        {**deepcopy(each), "state": "pending"} if at in stage and each["state"] == "waiting" else deepcopy(each)
        for at, each in enumerate(steps)
    ]
    held[stage[0]]["mode"] = "serial"
    return [*held[: stage[0]], step, *held[stage[0] :]]


def added_step(key: str, user_id: str, *, added_by: str, due_days: int) -> Step:
    """A step for one person whom an approver wants to be asked too."""
    words = {
        "key": key,
        "name": "加签",
        "name_en": "Added approver",
        "mode": "serial",
        "rule": "all",
        "approvers": [{"kind": "user", "value": user_id}],
        "conditions": [],
        "due_days": due_days,
    }
    return begin([words])[0] | {"added_by": added_by}


def timed_out(steps: Sequence[Step], now: datetime) -> tuple[list[Step], set[str]]:
    """The steps with those marked that have waited too long, and whom they wait for."""
    late: set[str] = set()

    def mark(step: Step) -> None:
        overdue = step["due_at"] and datetime.fromisoformat(step["due_at"]) <= now
        if step["state"] == "waiting" and overdue and not step["timed_out_at"]:
            step["timed_out_at"] = _text(now)
            late.update(waiting_for([step]))

    return _changed(steps, mark), late


def _open(step: Step) -> list[Assignee]:
    return [each for each in step["assignees"] if each["state"] == "waiting"] if step["state"] == "waiting" else []


def _asked(step: Step) -> list[Assignee]:
    """Who has not answered yet, also where the step is held up by one put before it."""
    return [each for each in step["assignees"] if each["state"] == "waiting"] if step["state"] in RUNNING else []


def _each_of(step: Step, user_id: str, change: Callable[[Assignee], None]) -> None:
    for each in _open(step):
        if each["user_id"] == user_id:
            change(each)


def _changed(steps: Sequence[Step], change: Callable[[Step], None]) -> list[Step]:
    made = deepcopy(list(steps))
    for step in made:
        change(step)
    return made


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
