"""Named points at which a test can make a process die, as a power cut would.

``CRASH_AT=after_confirm:3`` kills the process with SIGKILL the third time it passes ``crash.point("after_confirm")``.
Without the setting a point costs one comparison.
"""

from __future__ import annotations

import os
import signal
import threading

_lock = threading.Lock()
_target: str = ""
_passes_left = 0


def arm(crash_at: str) -> None:
    """Choose the point, ``name:n`` (n >= 1); an empty text disarms. Raises ValueError for anything else."""
    global _target, _passes_left
    name, _, count = crash_at.partition(":")
    _target, _passes_left = name, int(count) if name else 0


def point(name: str) -> None:
    """Die here if this is the armed point and its pass has come."""
    if _target and name == _target:
        _pass_armed_point()


def _pass_armed_point() -> None:
    global _passes_left  # noqa: PLW0603  the count belongs to the process
    with _lock:
        _passes_left -= 1
        if _passes_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
