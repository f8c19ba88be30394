"""The main job from sign-in to churn alert, over HTTP, through every real process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from system import System, eventually

from crm_local.demo.api import Api, ApiError

TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def customer(system: System) -> dict[str, Any]:
    """A customer of N1, owned by its first account manager."""
    body = {"name": "榕树贸易有限公司", "kind": "company", "relation": "customer", "mobile": "13800138000"}
    return system.as_("n1.sales1").post("/customers", body)


@pytest.fixture(scope="module")
def order(system: System, customer: dict[str, Any]) -> dict[str, Any]:
    """A confirmed order of that customer."""
    seller = system.as_("n1.sales1")
    eventually(lambda: _seen_by_sales(seller, customer["id"]))
    lines = [{"name": "唱片", "quantity": "10", "price": "15.00"}]
    body = {"customer_id": customer["id"], "ordered_on": TODAY.isoformat(), "currency": "CNY", "lines": lines}
    made = seller.post("/orders", body)
    return seller.post(f"/orders/{made['id']}/confirm")


def _seen_by_sales(seller: Api, customer_id: str) -> bool:
    """Whether the customer's event has reached the sales service."""
    try:
        seller.post("/opportunities", {"name": "first", "customer_id": customer_id})
    except ApiError as error:
        assert error.status == 422, error
        return False
    return True


def _timeline(api: Api, customer_id: str) -> list[str]:
    return [entry["type"] for entry in api.get(f"/customers/{customer_id}/timeline?limit=200")["items"]]


def _status(api: Api, path: str) -> int:
    try:
        api.get(path)
    except ApiError as error:
        return error.status
    return 200


def test_a_wrong_password_and_no_token_are_refused(system: System) -> None:
    with pytest.raises(ApiError) as refused:
        Api(system.address, "n1.sales1", "wrong-password")
    assert refused.value.status == 401


def test_the_company_sees_the_customer_and_others_do_not(system: System, customer: dict[str, Any]) -> None:
    manager, stranger, ceo = system.as_("n1.manager"), system.as_("e1.manager"), system.as_("ceo")
    path = f"/customers/{customer['id']}"

    eventually(lambda: customer["id"] in {item["id"] for item in manager.get("/customers")["items"]})
    assert ceo.get(path)["name"] == customer["name"]
    assert _status(stranger, path) == 404
    assert _status(stranger, f"{path}/timeline") == 404
    assert stranger.get("/customers?count=true")["total"] == 0
    assert stranger.get("/customers?q=榕树")["items"] == []
    eventually(lambda: manager.get("/search?q=榕树")["items"])
    assert stranger.get("/search?q=榕树")["items"] == []
    exported = stranger.job(stranger.post("/customers/exports", {"format": "csv"}))
    assert exported["counts"]["rows"] == 0


def test_a_confirmed_order_is_everywhere_within_seconds(
    system: System, customer: dict[str, Any], order: dict[str, Any]
) -> None:
    seller, ceo = system.as_("n1.sales1"), system.as_("ceo")
    stranger = system.as_("e1.manager")

    assert order["status"] == "confirmed"
    eventually(lambda: "crm.sales.order.confirmed.v1" in _timeline(seller, customer["id"]))
    kinds = eventually(lambda: [n["kind"] for n in seller.get("/notifications")["items"]])
    assert "order.confirmed" in kinds
    report = f"/reports/contribution?from={TODAY - timedelta(days=1)}&to={TODAY}&group_by=company"
    eventually(lambda: ceo.get(report)["rows"])
    assert stranger.get(report)["rows"] == []
    receivable = seller.get(f"/receivables?order_id={order['id']}")["items"][0]
    assert receivable["amount"] == {"amount": "150.00", "currency": "CNY"}


def test_an_opportunity_runs_to_its_end(system: System, customer: dict[str, Any], order: dict[str, Any]) -> None:
    seller = system.as_("n1.sales1")
    amount = {"amount": "1000.00", "currency": "CNY"}
    made = seller.post("/opportunities", {"name": "年度采购", "customer_id": customer["id"], "amount": amount})

    won = seller.post(f"/opportunities/{made['id']}/win")

    assert (won["status"], won["probability"]) == ("won", 100)
    with pytest.raises(ApiError) as again:
        seller.post(f"/opportunities/{made['id']}/lose", {"reason": "too late"})
    assert again.value.status == 409
    eventually(lambda: "crm.sales.opportunity.won.v1" in _timeline(seller, customer["id"]))


def test_a_request_is_handled_rated_and_archived(system: System, customer: dict[str, Any]) -> None:
    lead, agent = system.as_("n1.lead"), system.as_("n1.service1")
    agent_id = agent.get("/auth/me")["user"]["id"]
    body = {"kind": "complaint", "priority": "high", "customer_id": customer["id"], "summary": "包装破损"}
    made = eventually(lambda: _created(lead, "/requests", body))
    path = f"/requests/{made['id']}"

    lead.post(f"{path}/assign", {"assignee_id": agent_id})
    agent.post(f"{path}/start")
    agent.post(f"{path}/answer", {"answer": "已补发"})
    back = agent.post(f"{path}/feedback", {"satisfaction": 2, "comment": "太慢"})
    assert back["status"] == "assigned"
    agent.post(f"{path}/start")
    agent.post(f"{path}/answer", {"answer": "已赔付"})
    done = agent.post(f"{path}/feedback", {"satisfaction": 5})
    assert done["status"] == "archived"
    assert made["due_at"] is not None
    waiting = lead.post("/requests", {**body, "summary": "没人接的请求"})
    assert agent.post(f"/requests/{waiting['id']}/start")["assignee_id"] == agent_id
    assert _status(system.as_("e1.lead"), path) == 404


def _created(api: Api, path: str, body: dict[str, Any]) -> Any:
    """The record, once the service knows what the body refers to."""
    try:
        return api.post(path, body)
    except ApiError as error:
        assert error.status == 422, error
        return None


def _plan(api: Api, customer_id: str) -> Any:
    body = {
        "subject": "走访客户",
        "plan": "了解需求",
        "starts_on": TODAY.isoformat(),
        "ends_on": (TODAY + timedelta(days=1)).isoformat(),
        "customer_ids": [customer_id],
        "estimate": {"amount": "800.00", "currency": "CNY"},
    }
    return eventually(lambda: _created(api, "/travel-plans", body))


def _approve(manager: Api, subject_id: str) -> None:
    pending = eventually(
        lambda: next(
            (a for a in manager.get("/approvals?mine=pending")["items"] if a["subject"]["id"] == subject_id), None
        )
    )
    manager.post(f"/approvals/{pending['id']}/approve", {"comment": "同意"})


def _claim(api: Api, invoice: str, plan_id: str | None = None) -> Any:
    category = api.get("/expense-categories")["items"][0]["id"]
    item = {"category_id": category, "on": TODAY.isoformat(), "amount": "86.00", "currency": "CNY"}
    body = {"title": "差旅费", "currency": "CNY", "travel_plan_id": plan_id}
    return api.post("/claims", {**body, "items": [{**item, "invoice_no": invoice, "note": "工作餐"}]})


def test_a_trip_is_approved_recorded_and_claimed_and_no_invoice_pays_twice(
    system: System, customer: dict[str, Any]
) -> None:
    seller, manager, elsewhere = system.as_("n1.sales1"), system.as_("n1.manager"), system.as_("e1.sales1")
    plan = _plan(seller, customer["id"])
    path = f"/travel-plans/{plan['id']}"

    seller.post(f"{path}/submit")
    _approve(manager, plan["id"])
    eventually(lambda: seller.get(path)["status"] == "approved")
    record = {"on": TODAY.isoformat(), "customer_id": customer["id"], "what": "拜访", "result": "试订"}
    seller.post(f"{path}/records", record)
    visits = eventually(lambda: seller.get(f"/interactions?customer_id={customer['id']}&kind=visit")["items"])
    assert visits[0]["travel_plan_id"] == plan["id"]
    eventually(lambda: "crm.customer.interaction.recorded.v1" in _timeline(seller, customer["id"]))

    _claim(elsewhere, "INV-4711")
    with pytest.raises(ApiError) as refused:
        _claim(seller, "inv 4711", plan["id"])
    assert refused.value.status in {409, 422}
    told = str(refused.value.body)
    assert "E1" not in told
    assert "e1" not in told
    claim = _claim(seller, "INV-4712", plan["id"])
    seller.post(f"/claims/{claim['id']}/submit")
    _approve(manager, claim["id"])
    eventually(lambda: seller.get(f"/claims/{claim['id']}")["status"] == "approved")
    paid = system.as_("n1.finance").post(f"/claims/{claim['id']}/pay")
    assert paid["payment_status"] == "paid"


def test_a_customer_who_stops_buying_raises_an_alert_and_a_new_order_ends_it(system: System) -> None:
    seller, manager = system.as_("n1.sales2"), system.as_("n1.manager")
    quiet = seller.post("/customers", {"name": "沉睡客户有限公司", "kind": "company", "relation": "customer"})
    long_ago = (TODAY - timedelta(days=250)).isoformat()
    _order(seller, quiet["id"], long_ago)
    eventually(lambda: seller.get(f"/customers/{quiet['id']}")["last_order_at"])
    admin = system.as_("admin")

    admin.job(admin.post("/churn-cases/scan", {}))

    case = eventually(lambda: manager.get(f"/churn-cases?customer_id={quiet['id']}")["items"])[0]
    assert case["status"] == "warned"
    assert case["reasons"]
    eventually(lambda: "churn-case.warned" in [n["kind"] for n in seller.get("/notifications")["items"]])
    reprieve = {"measures": "安排回访", "until": (TODAY + timedelta(days=30)).isoformat()}
    assert seller.post(f"/churn-cases/{case['id']}/reprieve", reprieve)["status"] == "reprieved"
    _order(seller, quiet["id"], TODAY.isoformat())
    eventually(lambda: seller.get(f"/churn-cases/{case['id']}")["status"] == "recovered")


def _order(seller: Api, customer_id: str, on: str) -> Any:
    lines = [{"name": "唱片", "quantity": "1", "price": "20.00"}]
    body = {"customer_id": customer_id, "ordered_on": on, "currency": "CNY", "lines": lines}
    made = eventually(lambda: _created(seller, "/orders", body))
    return seller.post(f"/orders/{made['id']}/confirm", key=str(uuid4()))


def test_a_lead_becomes_customer_contact_and_opportunity_or_nothing(system: System) -> None:
    seller = system.as_("n1.sales1")
    lead = seller.post("/leads", {"name": "钱经理", "company": "新芽科技有限公司", "phone": "13900139000"})

    seller.post(f"/leads/{lead['id']}/convert", {"opportunity": {"name": "首单"}})

    converted = eventually(lambda: (found := seller.get(f"/leads/{lead['id']}"))["status"] == "converted" and found, 30)
    customer = seller.get(f"/customers/{converted['customer_id']}")
    assert customer["name"] == "新芽科技有限公司"
    assert seller.get(f"/contacts?customer_id={customer['id']}")["items"][0]["name"] == "钱经理"
    assert seller.get(f"/opportunities?customer_id={customer['id']}")["items"][0]["name"] == "首单"


def test_the_desktop_has_what_waits_for_me(system: System, customer: dict[str, Any]) -> None:
    desktop = system.as_("n1.manager").get("/desktop")

    assert {"activities", "approvals", "funnel", "churn_cases"} <= set(desktop)


def test_the_whole_api_is_one_document(system: System) -> None:
    document = system.as_("n1.sales1").get("/openapi.json")

    assert document["openapi"].startswith("3.1")
    paths = set(document["paths"])
    for path in ("/customers", "/orders", "/requests", "/claims", "/approvals", "/notifications", "/search", "/users"):
        assert any(known.endswith(path) for known in paths), path
