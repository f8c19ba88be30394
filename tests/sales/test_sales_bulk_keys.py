"""A verb that must not happen twice by accident asks for its key in bulk as well."""

from __future__ import annotations

from typing import Any

import pytest

from crm_chassis.ids import uuid7
from crm_chassis.testing import Client


def bulk(client: Client, path: str, action: str, **more: Any) -> Any:
    return client.call("POST", f"/{path}/bulk", {"action": action, "ids": [str(uuid7())]}, **more)


@pytest.mark.parametrize("action", ["confirm", "deliver", "close", "cancel"])
def test_order_verbs_in_bulk_need_an_idempotency_key_as_one_by_one(n1: Client, action: str) -> None:
    one = n1.call("POST", f"/orders/{uuid7()}/{action}", {})
    refused = bulk(n1, "orders", action)

    assert [(each.status_code, each.json["code"]) for each in (one, refused)] == [(400, "key_missing")] * 2
    assert bulk(n1, "orders", action, key="k1").status_code in {200, 422}


@pytest.mark.parametrize(("path", "action"), [("orders", "delete"), ("opportunities", "win"), ("leads", "claim")])
def test_what_needs_no_key_one_by_one_needs_none_in_bulk(n1: Client, path: str, action: str) -> None:
    assert bulk(n1, path, action).status_code in {200, 422}
