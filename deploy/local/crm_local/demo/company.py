"""The tree and the people of 蓝梦集团."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm_chassis import clock

from .api import Api


@dataclass(frozen=True)
class Subsidiary:
    """One subsidiary. prefix: of its users' names. remainder: which customers of the history are its own (id mod 4)."""

    code: str
    region: str
    name: str
    name_en: str
    city: str
    area_code: str
    districts: tuple[str, ...]
    remainder: int

    @property
    def prefix(self) -> str:
        """``n1`` of N1."""
        return self.code.lower()


SUBSIDIARIES = (
    Subsidiary(
        "N1",
        "N",
        "蓝梦北京公司",
        "Blue Dream Beijing",
        "北京",
        "010",
        ("110101", "110102", "110105", "110106", "110108"),
        0,
    ),
    Subsidiary(
        "N2",
        "N",
        "蓝梦天津公司",
        "Blue Dream Tianjin",
        "天津",
        "022",
        ("120101", "120102", "120103", "120104", "120110"),
        1,
    ),
    Subsidiary(
        "E1",
        "E",
        "蓝梦上海公司",
        "Blue Dream Shanghai",
        "上海",
        "021",
        ("310101", "310104", "310105", "310106", "310115"),
        2,
    ),
    Subsidiary(
        "E2",
        "E",
        "蓝梦杭州公司",
        "Blue Dream Hangzhou",
        "杭州",
        "0571",
        ("330102", "330105", "330106", "330108", "330110"),
        3,
    ),
)
_REGIONS = (("N", "华北区", "North China"), ("E", "华东区", "East China"))
_DEPARTMENTS = (("S", "销售部", "Sales"), ("C", "客服部", "Service"), ("F", "财务部", "Finance"))
_PEOPLE = (  # suffix of the name, department, role, display name in each subsidiary's order
    ("admin", "", "subsidiary_admin", ("周立新", "吴海燕", "郑国栋", "王秀兰")),
    ("manager", "S", "sales_manager", ("李建国", "赵志强", "陈国华", "孙丽萍")),
    ("sales1", "S", "account_manager", ("张伟", "刘洋", "黄磊", "徐静")),
    ("sales2", "S", "account_manager", ("王芳", "陈晨", "周敏", "胡军")),
    ("lead", "C", "service_lead", ("杨帆", "高峰", "林娜", "何勇")),
    ("service1", "C", "service_agent", ("马丽", "罗刚", "梁雪", "宋涛")),
    ("finance", "F", "finance", ("谢敏", "韩梅", "唐静", "冯晓")),
)

USERS: tuple[str, ...] = (
    "admin",
    "ceo",
    *(f"{subsidiary.prefix}.{suffix}" for subsidiary in SUBSIDIARIES for suffix, *_ in _PEOPLE),
)


def build_company(admin: Api, password: str) -> dict[str, str]:
    """Create what is missing of tree and people; answers unit code -> id."""
    units = {unit["code"]: unit["id"] for unit in admin.pages("/org-units")}
    if "BD" not in units:
        root = next(unit for unit in admin.pages("/org-units") if unit["parent_id"] is None)
        admin.patch(f"/org-units/{root['id']}", {"code": "BD", "name": "蓝梦集团", "name_en": "Blue Dream Group"})
        units["BD"] = root["id"]
    for code, name, name_en in _REGIONS:
        _unit(admin, units, code, "BD", "region", name, name_en)
    for subsidiary in SUBSIDIARIES:
        _unit(admin, units, subsidiary.code, subsidiary.region, "subsidiary", subsidiary.name, subsidiary.name_en)
        for letter, name, name_en in _DEPARTMENTS:
            _unit(admin, units, f"{subsidiary.code}{letter}", subsidiary.code, "department", name, name_en)
    _people(admin, units, password)
    return units


def _unit(admin: Api, units: dict[str, str], code: str, parent: str, kind: str, name: str, name_en: str) -> None:
    if code not in units:
        body = {"code": code, "name": name, "name_en": name_en, "kind": kind, "parent_id": units[parent]}
        units[code] = admin.post("/org-units", body)["id"]


def _people(admin: Api, units: dict[str, str], password: str) -> None:
    roles = {role["key"]: role["id"] for role in admin.pages("/roles")}
    known = {user["username"]: user for user in admin.pages("/users")}

    def person(username: str, name: str, unit: str, role: str, manager: str | None) -> str:
        if username not in known:
            body: dict[str, Any] = {
                "username": username,
                "display_name": name,
                "email": f"{username}@bluedream.example",
                "unit_id": units[unit],
                "role_ids": [roles[role]],
                "manager_id": manager,
                "password": password,
                "must_change_password": False,
            }
            known[username] = admin.post("/users", body)
        return str(known[username]["id"])

    ceo = person("ceo", "沈蓝", "BD", "executive", None)
    _manage(admin, units["BD"], ceo)
    for index, subsidiary in enumerate(SUBSIDIARIES):
        head = f"{subsidiary.prefix}.manager"
        manager: str | None = None
        for suffix, letter, role, names in sorted(_PEOPLE, key=lambda row: row[0] != "manager"):
            username = f"{subsidiary.prefix}.{suffix}"
            above = ceo if username == head else manager
            made = person(username, names[index], f"{subsidiary.code}{letter}", role, above)
            manager = made if username == head else manager
            if suffix == "lead":
                _manage(admin, units[f"{subsidiary.code}C"], made)
        for unit in (subsidiary.code, f"{subsidiary.code}S"):
            _manage(admin, units[unit], str(manager))


def _manage(admin: Api, unit_id: str, user_id: str) -> None:
    if admin.get(f"/org-units/{unit_id}")["manager_id"] is None:
        admin.patch(f"/org-units/{unit_id}", {"manager_id": user_id})


def keep_office_hours(admin: Api) -> None:
    """Fill the group's calendar with the public holidays of this year and the next; what can wait counts by it."""
    for week in list(admin.pages("/business-calendars")):
        if not week["special_days"]:
            years = (clock.today().year, clock.today().year + 1)
            found = [admin.get(f"/business-calendars/public-holidays?country=CN&year={year}") for year in years]
            days = [day for each in found for day in each["items"]]
            admin.patch(f"/business-calendars/{week['id']}", {"special_days": days})
        for policy in list(admin.pages("/sla-policies")):
            if policy["priority"] in ("normal", "low") and policy["calendar_id"] is None:
                admin.patch(f"/sla-policies/{policy['id']}", {"calendar_id": week["id"]})
