"""What roles add up to, and what goes beyond somebody's reach. Pure: the tree's shape comes in as functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID


class Tree(Protocol):
    """What is asked of the company tree."""

    def ancestors(self, unit_id: UUID) -> list[UUID]:
        """The unit itself and everything above it."""

    def company(self, unit_id: UUID) -> UUID:
        """The nearest company at or above the unit."""

    def is_root(self, unit_id: UUID) -> bool:
        """Whether the unit is the top of the tree."""


@dataclass(frozen=True)
class Reach:
    """How far something reaches: everywhere, or own records, records of units, records below units."""

    everything: bool = False
    own: bool = False
    units: frozenset[UUID] = frozenset()
    subtrees: frozenset[UUID] = frozenset()

    def __or__(self, other: Reach) -> Reach:
        """Both together."""
        return Reach(
            self.everything or other.everything,
            self.own or other.own,
            self.units | other.units,
            self.subtrees | other.subtrees,
        )

    def reduced(self, tree: Tree) -> Reach:
        """The same reach in the fewest units: what lies inside a subtree that is there anyway is dropped."""
        if self.everything or any(tree.is_root(unit) for unit in self.subtrees):
            return Reach(everything=True)
        subtrees = frozenset(u for u in self.subtrees if self.subtrees.isdisjoint(tree.ancestors(u)[1:]))
        units = frozenset(u for u in self.units if subtrees.isdisjoint(tree.ancestors(u)))
        return Reach(False, self.own, units, subtrees)

    def holds(self, other: Reach, tree: Tree) -> bool:
        """Whether everything ``other`` reaches is reached too; somebody's own records count as reached by any reach."""
        if self.everything:
            return True
        if other.everything or not all(self._below(unit, tree) for unit in other.subtrees):
            return False
        return all(unit in self.units or self._below(unit, tree) for unit in other.units)

    def _below(self, unit: UUID, tree: Tree) -> bool:
        return not self.subtrees.isdisjoint(tree.ancestors(unit))


def reach(scope: str, chosen: Iterable[str], units: frozenset[UUID], tree: Tree) -> Reach:
    """How far a grant's scope reaches for a user of ``units``; ``chosen`` are the grant's own units."""
    makers: dict[str, Callable[[], Reach]] = {
        "self": lambda: Reach(own=True),
        "unit": lambda: Reach(units=units),
        "company": lambda: Reach(subtrees=frozenset(tree.company(unit) for unit in units)),
        "subtree": lambda: Reach(subtrees=units),
        "units": lambda: Reach(subtrees=frozenset(map(UUID, chosen))),
        "all": lambda: Reach(everything=True),
    }
    return makers[scope]()


def reaches(
    roles_grants: Iterable[Iterable[Mapping[str, Any]]], units: frozenset[UUID], tree: Tree
) -> dict[str, Reach]:
    """Permission -> how far it reaches for a user of ``units`` with these roles' grants together."""
    found: dict[str, Reach] = {}
    for grants in roles_grants:
        for grant in grants:
            permission = f"{grant['resource']}:{grant['action']}"
            one = reach(grant["scope"], grant.get("unit_ids") or (), units, tree)
            found[permission] = found.get(permission, Reach()) | one
    return {permission: whole.reduced(tree) for permission, whole in found.items()}


def beyond(wanted: Mapping[str, Reach], held: Mapping[str, Reach], tree: Tree) -> list[str]:
    """The wanted permissions that go further than those held, sorted."""
    return sorted(name for name, far in wanted.items() if name not in held or not held[name].holds(far, tree))


_WRITES = ("create", "update", "import")


def closed_fields(
    roles: Iterable[tuple[Iterable[Mapping[str, Any]], Iterable[Mapping[str, Any]]]],
) -> dict[str, dict[str, str]]:
    """Resource -> field -> access, of roles given as (grants, fields).

    Roles widen here too: a field is hidden or masked only when every role that may read the resource closes it, and
    read-only when no role that may write the resource leaves it open.
    """
    readers: dict[str, list[dict[str, str]]] = defaultdict(list)
    writers: dict[str, list[dict[str, str]]] = defaultdict(list)
    for grants, fields in roles:
        closed: dict[str, dict[str, str]] = defaultdict(dict)
        for rule in fields:
            closed[rule["resource"]][rule["field"]] = rule["access"]
        actions: dict[str, set[str]] = defaultdict(set)
        for grant in grants:
            actions[grant["resource"]].add(grant["action"])
        for resource, held in actions.items():
            readers[resource].append(closed[resource])
            if held.intersection(_WRITES):
                writers[resource].append(closed[resource])
    return {resource: found for resource, lists in readers.items() if (found := _access(lists, writers[resource]))}


_OPENNESS = {"hidden": 0, "masked": 1, "readonly": 2}
_OPEN = 3


def _access(readers: list[dict[str, str]], writers: list[dict[str, str]]) -> dict[str, str]:
    found = {}
    for name in {name for closed in readers for name in closed}:
        seen = max(_openness(closed, name) for closed in readers)
        if seen < _OPENNESS["readonly"]:
            found[name] = "hidden" if seen == 0 else "masked"
        elif all(_openness(closed, name) < _OPEN for closed in writers):
            found[name] = "readonly"
    return found


def _openness(closed: Mapping[str, str], name: str) -> int:
    """How open a role leaves a field; one that closes ``custom`` closes every custom field with it."""
    whole = name.partition(".")[0]
    return min(_OPENNESS.get(closed.get(each, ""), _OPEN) for each in (name, whole))
