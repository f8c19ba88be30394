"""The stages of a pipeline. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_chassis.language import Coded, Sentence, say

CONDITIONS: tuple[tuple[str, str, str], ...] = (
    ("amount", "金额已填", "Amount is known"),
    ("expected_close_on", "预计成交日已填", "Expected close date is known"),
    ("contact_id", "联系人已填", "Contact is known"),
    ("next_step", "下一步已填", "Next step is agreed"),
    ("competitor_ids", "竞争对手已填", "Competitors are known"),
    ("lines", "产品明细已填", "Products are listed"),
)
"""What may be demanded before a chance leaves a stage: fields of the opportunity that must be filled in."""

DEFAULT: tuple[dict[str, Any], ...] = (
    {"key": "qualify", "name": "初步接洽", "name_en": "Qualify", "probability": 10, "exit_conditions": []},
    {"key": "needs", "name": "需求确认", "name_en": "Needs", "probability": 25, "exit_conditions": []},
    {"key": "proposal", "name": "方案报价", "name_en": "Proposal", "probability": 50, "exit_conditions": []},
    {"key": "negotiation", "name": "商务谈判", "name_en": "Negotiation", "probability": 75, "exit_conditions": []},
)
"""The stages of the pipeline a group begins with."""

STATUS = (("open", "进行中", "Open"), ("won", "赢单", "Won"), ("lost", "输单", "Lost"))
"""The states of an opportunity: value, zh, en."""
FIELDS = {
    "amount": ("金额", "Amount"),
    "expected_close_on": ("预计成交日", "Expected close"),
    "contact_id": ("联系人", "Contact"),
    "next_step": ("下一步", "Next step"),
    "competitor_ids": ("竞争对手", "Competitors"),
    "lines": ("产品明细", "Lines"),
}
"""What the demanded fields are called in a sentence."""


def problems(stages: Sequence[Mapping[str, Any]]) -> list[tuple[str, Sentence]]:
    """(pointer, message) for what a list of stages has wrong beyond the form of each: a key that comes twice."""
    seen: set[str] = set()
    found = []
    for index, stage in enumerate(stages):
        if stage["key"] in seen:
            found.append((f"/stages/{index}/key", say("Another stage has this key already.")))
        seen.add(stage["key"])
    return found


def find(stages: Sequence[Mapping[str, Any]], key: str) -> Mapping[str, Any] | None:
    """The stage with the key, None when the pipeline has none."""
    return next((stage for stage in stages if stage["key"] == key), None)


def word(stage: Mapping[str, Any]) -> Coded:
    """What a stage is called in a sentence."""
    return Coded(stage["name"], stage["key"])


def position(stages: Sequence[Mapping[str, Any]], key: str) -> int:
    """Where a stage stands, from 0; a key that is no longer in the pipeline stands before all others (-1)."""
    return next((index for index, stage in enumerate(stages) if stage["key"] == key), -1)


def unmet(stages: Sequence[Mapping[str, Any]], here: str, there: str | None, record: Any) -> list[str]:
    """The exit conditions that hold a record back on the way forward from ``here`` to ``there`` (None: to winning).

    Every stage that is left or jumped over counts; going back asks for nothing.
    """
    start = max(position(stages, here), 0)
    end = len(stages) if there is None else position(stages, there)
    wanted = [name for stage in stages[start:end] for name in stage.get("exit_conditions", ())]
    return [name for name in dict.fromkeys(wanted) if getattr(record, name) in (None, "", [])]
