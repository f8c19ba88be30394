"""What happens around the customers: meetings, chances, requests, trips and claims, in smaller numbers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as clock_time
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from .api import Api
from .company import Subsidiary

_ZONE = ZoneInfo("Asia/Shanghai")
_TALKS = (
    ("call", "电话回访", "了解近期需求，客户对新到唱片感兴趣。", "希望每月收到新品目录"),
    ("visit", "上门拜访", "介绍会员方案，参观门店。", "对价格满意，希望缩短交货时间"),
    ("email", "发送报价", "按客户要求发送企业采购报价。", ""),
    ("message", "微信沟通", "确认活动邀请。", "会派两位同事参加"),
)
_LATER_STAGES = {1: "needs", 2: "proposal", 3: "negotiation"}
_CHANCES = ("年度采购框架", "员工福利礼盒", "会员联名合作", "门店陈列合作", "新年团购", "音响设备配套")
_COMPLAINTS = (
    ("complaint", "high", "收到的唱片外壳破损", "包装盒有裂痕，要求更换。"),
    ("consultation", "normal", "咨询企业采购折扣", "一次采购 200 张以上的折扣政策。"),
    ("suggestion", "low", "建议增加黑胶唱片品类", "希望引进更多爵士乐黑胶。"),
    ("consultation", "normal", "查询订单到货时间", "上周下单，尚未收到物流信息。"),
    ("complaint", "urgent", "重复扣款", "同一订单支付了两次。"),
)


@dataclass(frozen=True)
class _Team:
    """The signed-in people of one subsidiary."""

    sales: tuple[Api, Api]
    manager: Api
    lead: Api
    service: Api
    finance: Api


def live(base_url: str, password: str, subsidiary: Subsidiary) -> None:
    """Enter the subsidiary's daily work of the last weeks, unless it is there."""
    chance = Random(f"banyan life {subsidiary.code}")

    def user(name: str) -> Api:
        return Api(base_url, f"{subsidiary.prefix}.{name}", password)

    team = _Team((user("sales1"), user("sales2")), user("manager"), user("lead"), user("service1"), user("finance"))
    if team.manager.get("/opportunities?count=true&limit=1")["total"] == 0:
        _sales(subsidiary, team, chance)
    if team.lead.get("/requests?count=true&limit=1")["total"] == 0:
        _requests(subsidiary, team, chance)
    if team.manager.get("/travel-plans?count=true&limit=1")["total"] == 0:
        _trips(subsidiary, team, chance)


def _customers(api: Api, count: int) -> list[dict[str, Any]]:
    return list(api.get(f"/customers?relation=customer&sort=code&limit={count}")["items"])


def _sales(subsidiary: Subsidiary, team: _Team, chance: Random) -> None:
    now = datetime.now(_ZONE)
    for seller, api in enumerate(team.sales):
        for number, customer in enumerate(_customers(api, 12)):
            key = f"demo-{subsidiary.code}-{seller}-{number}"
            contact = {"customer_id": customer["id"], "name": f"{chance.choice('张王李赵陈')}经理", "title": "采购经理"}
            api.post("/contacts", {**contact, "decision_maker": number % 2 == 0}, key=f"{key}-contact")
            kind, subject, summary, feedback = _TALKS[number % len(_TALKS)]
            interaction = {
                "customer_id": customer["id"],
                "kind": kind,
                "stage": "after_sale" if number % 3 else "pre_sale",
                "occurred_at": (now - timedelta(days=number * 3 + 1)).isoformat(),
                "subject": subject,
                "summary": summary,
                "feedback": feedback or None,
            }
            api.post("/interactions", interaction, key=f"{key}-talk")
            if number < 6:
                _opportunity(api, customer, number, chance, key)
            if number < 4:
                _activity(api, customer, number, now, key)


def _opportunity(api: Api, customer: dict[str, Any], number: int, chance: Random, key: str) -> None:
    body = {
        "name": f"{customer['name']}{_CHANCES[number % len(_CHANCES)]}",
        "customer_id": customer["id"],
        "amount": {"amount": str(chance.randrange(5, 200) * 1000), "currency": "CNY"},
        "expected_close_on": (datetime.now(_ZONE).date() + timedelta(days=20 + 15 * number)).isoformat(),
        "next_step": "约下次会面",
    }
    made = api.post("/opportunities", body, key=f"{key}-chance")
    if number == 1:
        api.post(f"/opportunities/{made['id']}/win", {}, key=f"{key}-win")
    elif number == 2:
        api.post(f"/opportunities/{made['id']}/lose", {"reason": "预算推迟到明年"}, key=f"{key}-lose")
    elif stage := _LATER_STAGES.get(number % 4):
        api.post(f"/opportunities/{made['id']}/advance", {"stage": stage}, key=f"{key}-advance")


def _activity(api: Api, customer: dict[str, Any], number: int, now: datetime, key: str) -> None:
    at = datetime.combine(now.date() + timedelta(days=number - 1), clock_time(10, 0), _ZONE)
    body = {
        "subject": f"拜访{customer['name']}" if number % 2 else f"致电{customer['name']}",
        "kind": "visit" if number % 2 else "call",
        "customer_id": customer["id"],
        "starts_at": at.isoformat(),
        "due_at": (at + timedelta(hours=1)).isoformat(),
        "priority": "high" if number == 0 else "normal",
    }
    api.post("/activities", body, key=f"{key}-activity")


def _requests(subsidiary: Subsidiary, team: _Team, chance: Random) -> None:
    agent = team.service.get("/auth/me")["user"]["id"]
    for number, customer in enumerate(_customers(team.service, 15)):
        kind, priority, summary, description = _COMPLAINTS[number % len(_COMPLAINTS)]
        key = f"demo-{subsidiary.code}-request-{number}"
        body = {
            "kind": kind,
            "priority": priority,
            "channel": chance.choice(("phone", "email", "portal")),
            "customer_id": customer["id"],
            "summary": summary,
            "description": description,
        }
        path = f"/requests/{team.lead.post('/requests', body, key=key)['id']}"
        steps: list[tuple[Api, str, dict[str, Any]]] = [
            (team.lead, "assign", {"assignee_id": agent}),
            (team.service, "start", {}),
            (team.service, "answer", {"answer": "已联系客户处理，感谢反馈。"}),
            (team.service, "feedback", {"satisfaction": chance.choice((3, 4, 4, 5, 5)), "comment": "处理及时"}),
        ]
        for step, (who, verb, values) in enumerate(steps[: number % 5]):
            who.post(f"{path}/{verb}", values, key=f"{key}-{step}")


def _trips(subsidiary: Subsidiary, team: _Team, chance: Random) -> None:
    today = datetime.now(_ZONE).date()
    meals = _category(team)
    for seller, api in enumerate(team.sales):
        customers = _customers(api, 3)
        for number in range(3):
            starts = today - timedelta(days=5 + number * 9)
            key = f"demo-{subsidiary.code}-trip-{seller}-{number}"
            plan = {
                "subject": "走访重点客户",
                "plan": "了解四季度采购计划，收集服务意见。",
                "destination_region_code": subsidiary.districts[2],
                "starts_on": starts.isoformat(),
                "ends_on": (starts + timedelta(days=2)).isoformat(),
                "customer_ids": [customer["id"] for customer in customers],
                "estimate": {"amount": "3000.00", "currency": "CNY"},
            }
            made = api.post("/travel-plans", plan, key=key)
            if number == 0:
                continue
            api.post(f"/travel-plans/{made['id']}/submit", {}, key=f"{key}-submit")
            if number == 1:
                continue
            _approve(team.manager, made["id"], key)
            _until_approved(api, f"/travel-plans/{made['id']}")
            record = {
                "on": starts.isoformat(),
                "customer_id": customers[0]["id"],
                "what": "拜访采购负责人，介绍新品。",
                "result": "客户同意试订 50 张",
            }
            api.post(f"/travel-plans/{made['id']}/records", record, key=f"{key}-record")
            invoice = f"{subsidiary.code}{seller}{number}{chance.randrange(10**6):06d}"
            claim = {
                "title": "走访客户差旅费",
                "travel_plan_id": made["id"],
                "currency": "CNY",
                "items": [
                    {
                        "category_id": meals,
                        "on": starts.isoformat(),
                        "amount": "86.00",
                        "currency": "CNY",
                        "invoice_no": invoice,
                        "note": "客户工作餐",
                    }
                ],
            }
            filed = api.post("/claims", claim, key=f"{key}-claim")
            api.post(f"/claims/{filed['id']}/submit", {}, key=f"{key}-claim-submit")


def _category(team: _Team) -> str:
    found = team.sales[0].get("/expense-categories?limit=200")["items"]
    return str(next((item for item in found if item.get("code") == "meals"), found[0])["id"])


def _approve(manager: Api, subject_id: str, key: str) -> None:
    """Approve as the manager once the approval has arrived."""
    approval = _wait(lambda: next((a for a in _pending(manager) if a["subject"]["id"] == subject_id), None))
    manager.post(f"/approvals/{approval['id']}/approve", {"comment": "同意"}, key=f"{key}-approve")


def _pending(manager: Api) -> list[dict[str, Any]]:
    return list(manager.get("/approvals?mine=pending&limit=200")["items"])


def _until_approved(api: Api, path: str) -> None:
    _wait(lambda: api.get(path)["status"] == "approved")


def _wait(found: Callable[[], Any], within_s: float = 60.0) -> Any:
    deadline = time.monotonic() + within_s
    while not (result := found()):
        if time.monotonic() > deadline:
            raise TimeoutError("an approval did not arrive within a minute: see `crm status`")
        time.sleep(0.3)
    return result
