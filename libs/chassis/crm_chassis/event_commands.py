"""The commands about events that an operator gives: ``dead-letters`` and ``replay``.

``crm`` gives them on one machine, ``python -m crm_chassis`` in any container: they differ in where a service's settings come
from, which is what ``Opener`` stands for. Every process reads its arguments through here, so what only the commands need
is imported by them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from crm_contracts.services import SERVICES

if TYPE_CHECKING:
    from .service import Runtime

Opener = Callable[[str], AbstractContextManager["Runtime"]]
"""A service's name -> its runtime, active within the block."""

Tell = Callable[[str], Any]

_ACTIONS = ("list", "show", "replay", "drop")
_LETTER = "{service}  {source}  {event_id}  {type}  after {attempts}: {error}"


class CannotDo(Exception):
    """What was asked for cannot be done; the message says why and what to do."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``replay`` and ``dead-letters`` to a command line's commands."""
    replay = commands.add_parser("replay", help="handle the events of a source again, to rebuild what was lost")
    replay.add_argument("service", choices=SERVICES, help="who handles them again")
    replay.add_argument("--source", choices=SERVICES, required=True, help="whose events")
    replay.add_argument(
        "--after", type=int, metavar="POS", required=True, help="after this position (0: as far back as they are kept)"
    )
    letters = commands.add_parser("dead-letters", help="events that were given up: list, show, replay or drop them")
    letters.add_argument("action", nargs="?", choices=_ACTIONS, default="list")
    letters.add_argument("service", nargs="?", choices=SERVICES)
    letters.add_argument(
        "event", nargs="?", type=UUID, metavar="EVENT", help="for show and drop; replay takes all without it"
    )


def replay(options: argparse.Namespace, opened: Opener, tell: Tell) -> None:
    """Carry out ``replay``."""
    from . import dead_events

    with opened(options.service):
        dead_events.replay_source(options.source, options.after)
    tell(f"events of {options.source} after {options.after} will be handled again by {options.service}")


def dead_letters(
    options: argparse.Namespace, opened: Opener, tell: Tell, *, services: Sequence[str] = SERVICES
) -> None:
    """Carry out ``dead-letters``; ``list`` without a service lists those of ``services``. Raises CannotDo."""
    action, service, event = options.action, options.service, options.event
    if action == "list":
        for each in (service,) if service else services:
            _list(each, opened, tell)
        return
    if not service or (action != "replay" and not event):
        raise CannotDo(f"say which: dead-letters {action} SERVICE EVENT")
    from .dead_events import UnknownEvent

    with opened(service):
        try:
            _one(action, service, event, tell)
        except UnknownEvent:
            raise CannotDo(f"{service} has no event {event} to {action}: see `dead-letters list {service}`") from None


def _list(service: str, opened: Opener, tell: Tell) -> None:
    from . import dead_events
    from .database import system_transaction

    with opened(service), system_transaction() as session:
        for letter in dead_events.listed(session):
            tell(_LETTER.format(service=service, **letter))


def _one(action: str, service: str, event: UUID | None, tell: Tell) -> None:
    from . import dead_events
    from .database import system_transaction

    if event is None:
        tell(f"{dead_events.replay_all()} dead events will be handled again")
        return
    with system_transaction() as session:
        match action:
            case "show":
                tell(json.dumps(dead_events.shown(session, event), indent=1, ensure_ascii=False))
            case "drop":
                dead_events.drop(session, event)
                tell(f"event {event} will not be handled; `dead-letters replay {service} {event}` takes that back")
            case _:
                dead_events.replay(session, event)
                tell(f"event {event} will be handled again")
