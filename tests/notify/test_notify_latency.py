"""From an event's arrival to the row its owner sees."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from notify.world import World


def test_an_event_is_a_notification_well_within_a_second(
    world: World, record_property: Callable[[str, object], None]
) -> None:
    customer = world.customer()
    took = []
    for number in range(200):
        began = time.perf_counter()
        world.order(number=f"SO-{number}", customer_id=customer, owner_id=(world.anna, world.li)[number % 2])
        took.append((time.perf_counter() - began) * 1000)

    p95 = statistics.quantiles(took, n=20)[-1]
    record_property("p50_ms", round(statistics.median(took), 1))
    record_property("p95_ms", round(p95, 1))
    assert p95 < 500, f"event received -> notification committed: p95 {p95:.1f} ms"
