"""Pure decisions about customers: what makes two of them the same, and which codes people may choose."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection as Container
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

DICTIONARY: dict[str, list[tuple[str, str, str]]] = {
    "level": [
        ("key", "重点客户", "Key account"),
        ("A", "A 级", "Level A"),
        ("B", "B 级", "Level B"),
        ("C", "C 级", "Level C"),
    ],
    "industry": [
        ("manufacturing", "制造业", "Manufacturing"),
        ("retail", "零售业", "Retail"),
        ("wholesale", "批发业", "Wholesale"),
        ("construction", "建筑业", "Construction"),
        ("real_estate", "房地产业", "Real estate"),
        ("transport", "交通运输、仓储和邮政业", "Transport, storage and post"),
        ("telecom", "信息传输业", "Telecommunications"),
        ("software", "软件和信息技术服务业", "Software and IT services"),
        ("finance", "金融业", "Finance"),
        ("energy", "电力、热力、燃气及水", "Energy and water"),
        ("mining", "采矿业", "Mining"),
        ("agriculture", "农、林、牧、渔业", "Agriculture"),
        ("hospitality", "住宿和餐饮业", "Hotels and restaurants"),
        ("health", "卫生和社会工作", "Health and social work"),
        ("education", "教育", "Education"),
        ("business_services", "租赁和商务服务业", "Business services"),
        ("consumer_services", "居民服务业", "Consumer services"),
        ("culture", "文化、体育和娱乐业", "Culture, sport and entertainment"),
        ("government", "公共管理和社会组织", "Government"),
        ("other", "其他", "Other"),
    ],
    "source": [
        ("referral", "客户介绍", "Referral"),
        ("exhibition", "展会", "Exhibition"),
        ("website", "网站", "Website"),
        ("campaign", "市场活动", "Campaign"),
        ("cold_call", "电话开发", "Cold call"),
        ("visit", "上门拜访", "Visit"),
        ("partner", "合作伙伴", "Partner"),
        ("social", "社交媒体", "Social media"),
        ("tender", "招投标", "Tender"),
        ("import", "数据导入", "Import"),
        ("other", "其他", "Other"),
    ],
    "credit_rating": [(grade, grade, grade) for grade in ("AAA", "AA", "A", "BBB", "BB", "B", "C", "D")],
}
"""Choice fields whose options a unit may replace (``POST /customers/fields`` with kind ``options``), and the options
that hold where none did: (value, zh, en)."""


KEYED = frozenset({"name", "kind", "phone", "mobile", "credit_code", "email", "website"})
"""The fields that duplicates are looked for by."""

_FORMS = (
    "股份有限公司|有限责任公司|集团有限公司|有限公司|股份公司|集团公司|集团|公司"
    "|companylimited|limitedcompany|coltd|corporation|incorporated|limited|company|corp|inc|ltd|llc|gmbh|plc|co"
)
_FORM = re.compile(rf"(?:{_FORMS})+$")
_SHORTEST = 2

_PUBLIC_MAIL = frozenset(
    {
        *("126.com", "139.com", "163.com", "163.net", "188.com", "189.cn", "21cn.com", "263.net", "263.net.cn"),
        *("aliyun.com", "china.com", "eyou.com", "foxmail.com", "hainan.net", "netease.com", "qq.com", "sina.cn"),
        *("sina.com", "sina.com.cn", "sogou.com", "sohu.com", "tom.com", "vip.126.com", "vip.163.com", "vip.188.com"),
        *("vip.qq.com", "vip.sina.com", "vip.sohu.com", "wo.cn", "wo.com.cn", "yeah.net", "x263.net"),
        *("hinet.net", "netvigator.com", "pchome.com.tw", "yahoo.cn", "yahoo.com.cn", "yahoo.com.hk", "yahoo.com.tw"),
        *("aol.com", "gmail.com", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com", "icloud.com"),
        *("live.cn", "live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "outlook.com", "pm.me"),
        *("proton.me", "protonmail.com", "rocketmail.com", "web.de", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com"),
        *("yandex.com", "yandex.ru", "ymail.com", "zoho.com", "daum.net", "hanmail.net", "naver.com"),
    }
)
_SHARED_SITES = frozenset(
    {
        *("1688.com", "detail.1688.com", "shop.1688.com", "alibaba.com", "taobao.com", "item.taobao.com"),
        *("shop.taobao.com", "tmall.com", "detail.tmall.com", "jd.com", "item.jd.com", "mall.jd.com", "shop.jd.com"),
        *("pinduoduo.com", "mobile.yangkeduo.com", "suning.com", "vip.com", "weidian.com", "youzan.com", "amazon.cn"),
        *("amazon.com", "ebay.com", "made-in-china.com", "hc360.com", "dianping.com", "meituan.com", "58.com"),
        *("weibo.com", "mp.weixin.qq.com", "weixin.qq.com", "douyin.com", "kuaishou.com", "xiaohongshu.com"),
        *("bilibili.com", "zhihu.com", "baike.baidu.com", "map.baidu.com", "qcc.com", "tianyancha.com", "aiqicha.com"),
        *("facebook.com", "instagram.com", "linkedin.com", "x.com", "twitter.com", "youtube.com", "github.com"),
    }
)
"""Hosts at which very many have a page of their own. A shop with a name before the host's is one's own."""

LOOKED_AT = {"credit_code": 1_000, "phone": 1_000, "name": 1_000, "email": 100, "person_name": 100, "domain": 100}
"""Kind of key -> how many customers that share a value are looked at.

What convinces is followed far, because most who share it may be other companies' customers, or deleted.
"""


def name_key(name: str) -> str:
    """A name with width, case, space, punctuation and the legal form taken away.

    ``上海榕树（集团）有限公司`` and ``上海 榕树集团`` have the same key. A name that is nothing but a legal form stays
    whole.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    letters = "".join(character for character in folded if character.isalnum())
    bare = _FORM.sub("", letters)
    return bare if len(bare) >= _SHORTEST else letters or folded.strip()


def domain_of(*, email: str | None, website: str | None) -> set[str]:
    """The internet domains of a company, from its site and its mail; those that everybody may use say nothing."""
    host = urlsplit(website or "").hostname or ""
    found = {host.removeprefix("www."), (email or "").rpartition("@")[2].lower()}
    return {domain for domain in found if domain} - _PUBLIC_MAIL - _SHARED_SITES


def keys_of(values: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The ``(kind, value)`` pairs by which a customer with these values would be found again.

    Kinds: credit_code, name (of a company), person_name, phone (either number), email, domain.
    """
    name_kind = "person_name" if values.get("kind") == "person" else "name"
    found = {(name_kind, name_key(values["name"]))} if values.get("name") else set()
    found |= {("phone", values[name]) for name in ("phone", "mobile") if values.get(name)}
    if values.get("credit_code"):
        found.add(("credit_code", values["credit_code"]))
    if values.get("email"):
        found.add(("email", values["email"].lower()))
    found |= {("domain", domain) for domain in domain_of(email=values.get("email"), website=values.get("website"))}
    return {(kind, value[:300]) for kind, value in found}


def is_strong(kinds: Container[str], *, same_company: bool) -> bool:
    """Whether matching in these kinds of keys means it is most likely the same customer.

    A credit code names one company in the country. A company's name or a telephone number convinces within one
    company of the group; a person's name, an e-mail address and a domain are shared too often.
    """
    return "credit_code" in kinds or (same_company and ("name" in kinds or "phone" in kinds))


_WEIGHTS = {kind: place for place, kind in enumerate(LOOKED_AT)}


def likeness(kinds: Iterable[str], *, same_company: bool) -> tuple[bool, bool, list[int]]:
    """The order of matches, most alike first: the strong ones, those of the company, the better kinds, more kinds."""
    found = set(kinds)
    places = [*sorted(_WEIGHTS[kind] for kind in found), len(_WEIGHTS)]
    return not is_strong(found, same_company=same_company), not same_company, places


def looks_issued(code: str, company_codes: Container[str]) -> bool:
    """Whether a code has the form the system issues (``N1-000123``), which people must leave to it."""
    prefix, dash, number = code.rpartition("-")
    return bool(dash) and number.isdigit() and prefix in company_codes


def keeps_unit(customer_path: Container[Any], owner_unit: Any) -> bool:
    """Whether a customer stays in its unit under a new owner: when the owner's unit is at or above it.

    customer_path: the customer's unit and all above it. A manager who takes a customer does not lift it out of the
    team that works on it; an owner from elsewhere takes it along.
    """
    return owner_unit in customer_path


def in_use(name: str, replaced: Mapping[str, set[str]]) -> set[str]:
    """The values a dictionary field may have: a unit's own options, or those everybody has."""
    return replaced.get(name, {value for value, _zh, _en in DICTIONARY[name]})
