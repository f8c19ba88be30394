"""What may hang below what in the company tree."""

from __future__ import annotations

from crm_chassis.language import Sentence, say

KINDS = (
    ("group", "集团", "Group"),
    ("region", "大区", "Region"),
    ("subsidiary", "子公司", "Subsidiary"),
    ("department", "部门", "Department"),
    ("team", "小组", "Team"),
)
"""Kinds of unit: (value, zh, en)."""


def misplaced(kind: str, parent_kind: str | None) -> Sentence | None:
    """Why a unit of this kind may not hang below a unit of ``parent_kind`` (None: at the top), or None when it may.

    A company never lies inside a department or team; otherwise any depth and order is fine.
    """
    if parent_kind is None:
        return None if kind == "group" else say("The top of the tree is a group.")
    if kind == "group":
        return say("Only the top of the tree is a group.")
    if parent_kind in {"department", "team"} and kind not in {"department", "team"}:
        return say("Only departments and teams may lie below a department or team.")
    return None
