"""Plausible Chinese customers, the same ones at every load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from .company import Subsidiary

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国文博雅宁思远子涵梓萱浩然欣怡晨曦若琳俊熙嘉怡"
_BRANDS = "恒泰锦绣宏远鼎盛瑞丰华星东方金桥海纳新元百川博雅天成万象嘉禾同德永安源通凯达润泽中汇联创启明汇丰"
_TRADES = (
    ("贸易有限公司", "wholesale"),
    ("科技有限公司", "software"),
    ("文化传媒有限公司", "culture"),
    ("商贸有限公司", "retail"),
    ("机电设备有限公司", "manufacturing"),
    ("物流有限公司", "transport"),
    ("医疗器械有限公司", "health"),
    ("教育咨询有限公司", "education"),
)
_MOBILE_PREFIXES = ("130", "135", "136", "138", "139", "150", "158", "186", "188")


@dataclass(frozen=True)
class Person:
    """An invented customer: a company (three in four) or a person."""

    name: str
    kind: str
    mobile: str
    phone: str
    trade: str


class Names:
    """An endless supply of customers with names and numbers of their own, fixed by the subsidiary."""

    def __init__(self, subsidiary: Subsidiary) -> None:
        self._subsidiary = subsidiary
        self._random = Random(f"banyan demo {subsidiary.code}")
        self._taken: set[str] = set()

    def customer(self, number: int) -> Person:
        """The next customer. number: makes its telephone numbers unique in the group."""
        chance = self._random
        is_company = chance.random() < 0.75
        trade, kind = chance.choice(_TRADES) if is_company else ("", "")
        name = self._unique(lambda: self.company_name(trade) if is_company else self.person_name())
        mobile = f"{_MOBILE_PREFIXES[number % len(_MOBILE_PREFIXES)]}{10_000_000 + number * 7919 % 90_000_000:08d}"
        digits = 8 if len(self._subsidiary.area_code) == 3 or self._subsidiary.code == "E2" else 7
        phone = f"{self._subsidiary.area_code}-{60_000_000 + number * 10_007 % 30_000_000:0{digits}d}"
        return Person(name, "company" if is_company else "person", mobile, phone if is_company else "", kind)

    def company_name(self, trade: str) -> str:
        """A company's full name: city, two characters, trade."""
        start = self._random.randrange(0, len(_BRANDS) - 1)
        second = self._random.choice(_BRANDS)
        return f"{self._subsidiary.city}{_BRANDS[start]}{second}{self._random.choice(_BRANDS)}{trade}"

    def person_name(self) -> str:
        """A surname and a given name of one or two characters."""
        given = "".join(self._random.sample(_GIVEN, self._random.choice((1, 2, 2))))
        return self._random.choice(_SURNAMES) + given

    def _unique(self, make: Callable[[], str]) -> str:
        while (name := make()) in self._taken:
            pass
        self._taken.add(name)
        return name
