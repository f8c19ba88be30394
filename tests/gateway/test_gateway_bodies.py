"""Bodies that stop early or never stop are the client's fault, and the service behind is not blamed for them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from gateway.upstream_bench import Service, World


class HungUp(io.BytesIO):
    """A client that goes away in the middle of its body."""

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        if not piece:
            raise ConnectionResetError
        return piece


def half_open(world: World) -> Any:
    """The breaker of sales at the moment when its pause has just ended."""
    breaker = world.edge.upstreams["sales"].breaker
    breaker.failures, breaker.openings, breaker.open_until = breaker.threshold, 1, 0.0
    return breaker


def upload(world: World, stream: io.BytesIO, **environ: str) -> Any:
    return world.call("POST", "/orders/1/attachments", input_stream=stream, environ_overrides=environ)


def test_a_trial_call_that_tells_nothing_about_the_service_leaves_the_next_one_to_try(
    world: World, service: Service
) -> None:
    breaker = half_open(world)
    chunked = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    assert upload(world, io.BytesIO(b"x" * 300_000), **chunked).status_code == 413
    assert breaker.probing is False
    assert world.call("GET", "/orders").status_code == 200
    assert breaker.state == "closed"
    assert world.edge.upstreams["sales"].busy == 0


def test_a_call_that_ends_badly_beside_the_trial_does_not_let_a_second_one_in(world: World) -> None:
    upstream = world.edge.upstreams["sales"]
    trial = upstream.slot()

    def begun_before() -> None:
        with upstream.slot():
            half_open(world)
            trial.__enter__()
            raise ValueError("beside")

    with pytest.raises(ValueError, match="beside"):
        begun_before()
    assert upstream.breaker.probing is True


@pytest.mark.parametrize("stream", [io.BytesIO, HungUp])
@pytest.mark.parametrize("length", [100, 100_000])
def test_a_body_that_stops_early_is_no_failure_of_the_service(
    world: World, stream: type[io.BytesIO], length: int
) -> None:
    upstream = world.edge.upstreams["sales"]
    for _ in range(upstream.breaker.threshold):
        refused = upload(world, stream(b"x" * (length - 1)), CONTENT_LENGTH=str(length))
        assert (refused.status_code, refused.json["code"]) == (400, "bad_request")
    assert upstream.breaker.failures == 0
    assert upstream.busy == 0
    assert world.call("GET", "/orders").status_code == 200
