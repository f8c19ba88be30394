"""Named points at which a test can make a process die, as a power cut would.

``CRASH_AT=after_confirm:3`` kills the process with SIGKILL the third time it passes ``crash.point("after_confirm")``.
``CRASH_AT=count`` kills nothing and logs how often each point was passed, so that a test finds the points by
itself. Without the setting a point costs one comparison.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter

import structlog

COUNT = "count"

log = structlog.get_logger()

_lock = threading.Lock()
_target: str = ""
_passes_left = 0
_passed: Counter[str] = Counter()


def arm(crash_at: str) -> None:
    """Choose the point, ``name:n`` (n >= 1), or ``count``; an empty text disarms. Raises ValueError for anything else."""
    global _target, _passes_left
    name, _, count = crash_at.partition(":")
    _target, _passes_left = name, int(count) if name and name != COUNT else 0


def point(name: str) -> None:
    """Die here if this is the armed point and its pass has come."""
    if not _target:
        return
    if name == _target:
        _pass_armed_point()
    elif _target == COUNT:
        _count(name)


def _pass_armed_point() -> None:
    global _passes_left  # noqa: PLW0603  the count belongs to the process
    with _lock:
        _passes_left -= 1
        if _passes_left == 0:
            log.warning("crash_point_reached", point=_target)
            os.kill(os.getpid(), signal.SIGKILL)


def _count(name: str) -> None:
    with _lock:
        _passed[name] += 1
        passes = _passed[name]
    if passes & (passes - 1) == 0:  # 1, 2, 4, 8 …: enough to know the order of magnitude
        log.warning("crash_point", point=name, passes=passes)
