"""An approval as a picture: nodes and edges first, then the drawing. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise, product
from typing import Any

from . import rules

STATES = {
    "requested": ("已发起", "Requested"),
    "pending": ("未开始", "Not started"),
    "waiting": ("审批中", "Waiting"),
    "running": ("审批中", "Running"),
    "approved": ("已同意", "Approved"),
    "rejected": ("已驳回", "Rejected"),
    "returned": ("已退回", "Returned"),
    "withdrawn": ("已撤回", "Withdrawn"),
    "skipped": ("已跳过", "Skipped"),
    "stopped": ("已终止", "Stopped"),
    "spared": ("无需处理", "Not needed"),
    "transferred": ("已转办", "Passed on"),
    "relieved": ("已无权审批", "Lost the right"),
}
"""State -> (zh, en)."""

_COLOURS = {
    "approved": "#2e7d32",
    "waiting": "#1565c0",
    "running": "#1565c0",
    "rejected": "#b71c1c",
    "returned": "#9a5b00",
}
_GREY = "#5f6368"
_WIDTH, _GAP, _MARGIN, _LINE = 260, 40, 24, 18

Graph = dict[str, list[dict[str, Any]]]


def graph(
    steps: Sequence[rules.Step], *, status: str, requester_id: str, requested_at: str, names: Mapping[str, str]
) -> Graph:
    """Nodes (start, a node for each step, end) with who stands where, and the edges between them.

    names: user id -> name, for those that are known. Nodes of one ``row`` run together.
    """
    asked = {"user_id": requester_id, "name": names.get(requester_id), "state": "requested", "at": requested_at}
    rows = [[_node("start", ("发起", "Request"), "requested", people=[asked])]]
    rows += [[_step(steps[at], names) for at in stage] for stage in rules.stages(steps)]
    rows.append([_node("end", ("结果", "Outcome"), status)])
    return {
        "nodes": [node | {"row": row} for row, nodes in enumerate(rows) for node in nodes],
        "edges": [
            {"from": above["id"], "to": below["id"]}
            for upper, lower in pairwise(rows)
            for above, below in product(upper, lower)
        ],
    }


def _node(node_id: str, name: tuple[str, str], state: str, **more: Any) -> dict[str, Any]:
    zh, en = STATES[state]
    return {
        "id": node_id,
        "kind": node_id if node_id in {"start", "end"} else "step",
        "name": {"zh": name[0], "en": name[1]},
        "state": state,
        "state_name": {"zh": zh, "en": en},
        "people": [],
        **more,
    }


def _step(step: rules.Step, names: Mapping[str, str]) -> dict[str, Any]:
    times = {name: step[name] for name in ("started_at", "due_at", "ended_at", "timed_out_at")}
    return _node(
        f"step:{step['key']}",
        (step["name"], step.get("name_en") or step["name"]),
        step["state"],
        rule=step["rule"],
        people=[_person(each, names) for each in step["assignees"]],
        **times,
    )


def _person(each: rules.Assignee, names: Mapping[str, str]) -> dict[str, Any]:
    by = each["decided_by"] or each["user_id"]
    zh, en = STATES[each["state"]]
    return {
        "user_id": each["user_id"],
        "name": names.get(each["user_id"]),
        "decided_by": each["decided_by"],
        "decided_by_name": names.get(by) if each["decided_by"] else None,
        "delegate_name": names.get(each["delegate_id"]) if each["delegate_id"] else None,
        "state": each["state"],
        "state_name": {"zh": zh, "en": en},
        "at": each["at"],
        "comment": each["comment"],
    }


def svg(drawn: Graph, title: str) -> str:
    """The graph as an SVG image, top down. What it shows is also text, in Chinese and English, for screen readers."""
    rows: dict[int, list[dict[str, Any]]] = {}
    for node in drawn["nodes"]:
        rows.setdefault(node["row"], []).append(node)
    widest = max(len(nodes) for nodes in rows.values())
    width = 2 * _MARGIN + widest * _WIDTH + (widest - 1) * _GAP
    boxes: dict[str, tuple[float, float, float]] = {}
    top = float(_MARGIN)
    for nodes in rows.values():
        used = len(nodes) * _WIDTH + (len(nodes) - 1) * _GAP
        for at, node in enumerate(nodes):
            boxes[node["id"]] = ((width - used) / 2 + at * (_WIDTH + _GAP), top, _height(node))
        top += max(_height(node) for node in nodes) + _GAP
    height = top - _GAP + _MARGIN
    parts = [_line(boxes[edge["from"]], boxes[edge["to"]]) for edge in drawn["edges"]]
    parts += [_box(node, *boxes[node["id"]]) for node in drawn["nodes"]]
    about = " → ".join(_in_words(node) for node in drawn["nodes"])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title about" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'font-family="system-ui, sans-serif" font-size="13">'
        f'<title id="title">{escape(f"审批流程 Approval: {title}")}</title><desc id="about">{escape(about)}</desc>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(parts)}</svg>'
    )


def _height(node: Mapping[str, Any]) -> float:
    return 52 + _LINE * len(node["people"])


def _line(above: tuple[float, float, float], below: tuple[float, float, float]) -> str:
    x1, y1 = above[0] + _WIDTH / 2, above[1] + above[2]
    x2, y2 = below[0] + _WIDTH / 2, below[1]
    middle = (y1 + y2) / 2
    return f'<path d="M{x1:g} {y1:g}V{middle:g}H{x2:g}V{y2:g}" fill="none" stroke="#9aa0a6" stroke-width="1.5"/>'


def _box(node: Mapping[str, Any], x: float, y: float, height: float) -> str:
    colour = _COLOURS.get(node["state"], _GREY)
    lines = [_text(x, y + 20, _short(_both(node["name"])), "#202124", bold=True)]
    lines.append(_text(x, y + 38, _both(node["state_name"]), colour))
    for at, person in enumerate(node["people"]):
        lines.append(_text(x, y + 38 + _LINE * (at + 1), _short(_told(person)), "#3c4043"))
    return (
        f'<g><title>{escape(_in_words(node))}</title><rect x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{height:g}" '
        f'rx="{26 if node["kind"] != "step" else 8}" fill="#ffffff" stroke="{colour}" stroke-width="2"/>'
        f"{''.join(lines)}</g>"
    )


def _text(x: float, y: float, words: str, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    middle = x + _WIDTH / 2
    return f'<text x="{middle:g}" y="{y:g}" text-anchor="middle" fill="{colour}"{weight}>{escape(words)}</text>'


def _both(label: Mapping[str, str]) -> str:
    return label["zh"] if label["zh"] == label["en"] else f"{label['zh']} · {label['en']}"


def _told(person: Mapping[str, Any]) -> str:
    asked = [name for name in (person["name"], person.get("delegate_name")) if name]
    name = person.get("decided_by_name") or " / ".join(asked) or "—"
    when = f" {person['at'][:10]}" if person["at"] else ""
    return f"{name}: {STATES[person['state']][0]} {STATES[person['state']][1]}{when}"


def _in_words(node: Mapping[str, Any]) -> str:
    people = "; ".join(_told(person) for person in node["people"])
    return f"{_both(node['name'])} ({_both(node['state_name'])})" + (f": {people}" if people else "")


def _short(words: str) -> str:
    longest = 36
    return words if len(words) <= longest else words[: longest - 1] + "…"
