"""Quotas, whatever becomes of the Redis they are counted in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm_chassis.errors import TooMany
from crm_chassis.settings import Settings
from crm_chassis.testing_servers import Server, start_redis
from crm_gateway.routing.limits import Limits

QUOTA = 5


@pytest.fixture
def counting() -> Iterator[Server]:
    """A Redis that the test may stop."""
    server = start_redis()
    yield server
    server.stop()


@pytest.mark.fault(25)
def test_a_quota_that_is_used_up_stays_used_up_when_redis_goes_away(counting: Server) -> None:
    limits = Limits(Settings(service="gateway", redis_url=counting.url, sign_in_rate=f"{QUOTA}/day"))
    for _ in range(QUOTA):
        limits.of_sign_in("192.0.2.1")
    with pytest.raises(TooMany):
        limits.of_sign_in("192.0.2.1")
    counting.kill()
    for _ in range(QUOTA + 1):
        with pytest.raises(TooMany):
            limits.of_sign_in("192.0.2.1")
    assert limits.of_sign_in("192.0.2.2").left == QUOTA - 1, "others still have theirs"
