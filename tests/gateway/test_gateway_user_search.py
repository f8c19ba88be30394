"""Looking for colleagues: by name for everybody, by their numbers only for who may see those."""

from __future__ import annotations

import pytest
from gateway.gateway_bench import GatewayBench, Person


@pytest.fixture
def agent(admin: Person) -> Person:
    """A service agent, to whom the ready-made role hides the addresses and numbers of colleagues."""
    unit = admin.unit("N1")
    admin.user("zhang.san", unit, display_name="张三", email="three@banyan.example", mobile="13800138000")
    return admin.colleague("agent", unit, "service_agent")


def names(person: Person, query: str) -> list[str]:
    answer = person.get("/users", query_string={"q": query})
    assert answer.status_code == 200, answer.text
    return [user["username"] for user in answer.json["items"]]


@pytest.mark.parametrize("query", ["138", "1380", "13800138000", "three@banyan", "张三 138"])
def test_a_number_or_address_that_is_hidden_finds_nobody(
    gateway: GatewayBench, admin: Person, agent: Person, query: str
) -> None:
    assert names(admin, query) == ["zhang.san"]
    assert names(agent, query) == []


@pytest.mark.parametrize("query", ["张三", "张", "zs", "zhang.san", "ZHANG", "san"])
def test_a_name_finds_its_user_for_everybody(gateway: GatewayBench, admin: Person, agent: Person, query: str) -> None:
    assert names(admin, query) == names(agent, query) == ["zhang.san"]
