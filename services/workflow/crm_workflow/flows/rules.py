"""Which flow a document takes, and what is wrong with one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from crm_chassis.language import Sentence, say

from ..conditions import matches

DUE_DAYS = 3
"""How long a step may wait before it counts as timed out, unless it says otherwise."""

DEFAULT_STEPS: list[dict[str, Any]] = [
    {
        "key": "manager",
        "name": "直属主管审批",
        "name_en": "Manager approval",
        "mode": "serial",
        "rule": "all",
        "approvers": [{"kind": "unit_manager"}],
        "conditions": [],
        "due_days": DUE_DAYS,
    }
]
"""What a document goes through for which no flow was published: the requester's manager."""


class Published(NamedTuple):
    """A flow as it was last published."""

    id: UUID
    unit_id: UUID
    version: int
    name: str
    conditions: list[dict[str, Any]]
    steps: list[dict[str, Any]]


def choose(flows: Sequence[Published], path: Sequence[UUID], fields: Mapping[str, Any]) -> Published | None:
    """The flow for a document, None when none fits.

    path: the document's unit, then the units above it. The nearest unit with a fitting flow decides; there the flow
    with the most conditions does, and of equals the one published first.
    """
    fitting = [flow for flow in flows if flow.unit_id in path and matches(flow.conditions, fields)]
    return min(fitting, key=lambda flow: (path.index(flow.unit_id), -len(flow.conditions), flow.id), default=None)


def repeated_keys(steps: Sequence[Mapping[str, Any]]) -> list[int]:
    """The positions of steps whose key an earlier step has already."""
    seen: set[str] = set()
    found = []
    for position, step in enumerate(steps):
        if step["key"] in seen:
            found.append(position)
        seen.add(step["key"])
    return found


def why_no_approver(approver: Mapping[str, Any]) -> tuple[str, Sentence] | None:
    """(field, reason) when an approver is not said completely."""
    kind, value = approver["kind"], approver.get("value")
    if kind == "user" and not value:
        return "value", say("Choose the user who approves.")
    if kind == "role" and not value:
        return "value", say("Choose the role whose holders approve.")
    if kind == "manager_levels" and not approver.get("levels"):
        return "levels", say("Say how many levels up the manager is, from 1.")
    return None


def why_no_condition(condition: Mapping[str, Any]) -> Sentence | None:
    """Why the value of a condition does not fit its operator; None when it does."""
    several = condition["operator"] in {"in", "not_in"}
    value = condition["value"]
    if several and not (isinstance(value, list) and value):
        return say("Give a list of values.")
    members = value if several else [value]
    if not all(isinstance(member, (str, int, float, bool)) for member in members):
        return say("Give a text, a number or true or false.")
    return None
