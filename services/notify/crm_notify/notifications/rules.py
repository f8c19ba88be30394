"""When many become one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

SINGLES_MAX = 20
"""So many of a kind reach one recipient one by one within WINDOW; what comes beyond is counted in a digest."""

GATHERED_MAX = 1
"""The same for what comes in one go, such as the customers of an import."""

WINDOW = timedelta(hours=1)

T = TypeVar("T")


def split(arrivals: Sequence[T], recent: int, most: int = SINGLES_MAX) -> tuple[Sequence[T], Sequence[T]]:
    """The arrivals that are told one by one, and those for the digest.

    recent: singles told within WINDOW before. most: how many those and these may be together.
    """
    room = max(0, most - recent)
    return arrivals[:room], arrivals[room:]
