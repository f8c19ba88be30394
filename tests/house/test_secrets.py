"""No secret is kept for an Idempotency-Key: not in the answer, and not as a hash of the body."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema

from crm_chassis.app import _shown_once
from crm_chassis.service import load_service
from crm_chassis.testing import Bench
from crm_contracts.services import SERVICES

_SECRET = re.compile(r"(^|_)(secret|password|token)$")
_ALSO = {"api-keys": {"key"}}
_NOT_A_SECRET = {"must_change_password"}


def is_secret(name: str) -> bool:
    return bool(_SECRET.search(name)) and name not in _NOT_A_SECRET


@pytest.fixture(scope="module", params=SERVICES)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    made = Bench(load_service(request.param))
    yield made
    made.close()


def answering_posts(bench: Bench) -> list[tuple[str, Any]]:
    """Path and view of every POST below /api/v1, the view being the one that would answer."""
    adapter = bench.app.url_map.bind("localhost")
    posts = (rule.rule for rule in bench.app.url_map.iter_rules() if "POST" in (rule.methods or ()))
    paths = [re.sub(r"<uuid:\w+>", "01900000-0000-7000-8000-000000000000", rule) for rule in posts]
    paths = [re.sub(r"<[^>]+>", "x", path) for path in paths if path.startswith("/api/")]
    return [(path, bench.app.view_functions[adapter.match(path, method="POST")[0]]) for path in paths]


def keyed(view: Any) -> bool:
    return view.permission not in {"public", "internal"} and not getattr(view, "unkeyed", False)


def shown_by(view: Any) -> set[str]:
    """The secrets that the view's answer may hold, by its schema."""
    source = getattr(view, "answer", None) or getattr(view, "collection", None)
    if source is None:
        return set()
    schema = source() if isinstance(source, type) and issubclass(source, Schema) else source.loader
    also = _ALSO.get(getattr(source, "name", ""), set())
    return {name for name, field in schema.fields.items() if not field.load_only and (is_secret(name) or name in also)}


def taken_by(view: Any) -> set[str]:
    """The secrets that the view's body may hold."""
    body = getattr(view, "body_schema", None)
    if body is None and getattr(view, "shape", "") == "created":
        body = view.collection.schema
    return {name for name, field in body().fields.items() if not field.dump_only and is_secret(name)} if body else set()


def test_a_secret_in_an_answer_is_not_kept(bench: Bench) -> None:
    kept = {path: shown_by(view) - _shown_once(view) for path, view in answering_posts(bench) if keyed(view)}
    assert {path: names for path, names in kept.items() if names} == {}


def test_a_password_in_a_body_is_not_kept_as_a_hash(bench: Bench) -> None:
    taken = {path: taken_by(view) for path, view in answering_posts(bench) if keyed(view)}
    assert {path: names for path, names in taken.items() if names} == {}


def test_a_service_behind_the_gateway_takes_every_key_because_the_gateway_repeats_keyed_calls(bench: Bench) -> None:
    unkeyed = [path for path, view in answering_posts(bench) if getattr(view, "unkeyed", False)]
    assert bench.service.name == "gateway" or unkeyed == []


def test_the_guard_sees_the_secrets_that_there_are() -> None:
    gateway, notify = Bench(load_service("gateway")), Bench(load_service("notify"))
    shown = {
        path.rpartition("/")[2] for each in (gateway, notify) for path, view in answering_posts(each) if shown_by(view)
    }
    taken = {path.rpartition("/")[2] for path, view in answering_posts(gateway) if taken_by(view)}
    gateway.close()
    notify.close()
    assert shown >= {"api-keys", "webhooks", "rotate-secret"}
    assert taken >= {"users", "password", "totp", "reset-password", "login"}
