"""No broker: the relay numbers the events and the sweepers of the other services read them from the feed."""

from __future__ import annotations

from collections.abc import Sequence

from .. import crash
from . import Delivery, Numbered


class PollBus:
    """A transport that has delivered as soon as an event has its ``pos``."""

    def declare(self) -> None:
        """There is nothing to make."""

    def publish(self, batch: Sequence[Numbered]) -> Delivery:
        """Confirm everything: the feed serves it already."""
        for _ in batch:
            crash.point("before_publish")
        return Delivery(confirmed={envelope.id for envelope, _ in batch})

    def close(self) -> None:
        """There is no connection."""
