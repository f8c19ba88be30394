"""Putting values into the words of a kind, in the reader's language and time zone. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Template, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from crm_chassis.language import LANGUAGES, of

from .kinds import KINDS, Kind

TITLE_LONGEST, BODY_LONGEST = 200, 2000
DIGEST_TITLES = 10

_OUTCOMES = {
    "approved": ("已批准", "approved"),
    "rejected": ("已驳回", "rejected"),
    "returned": ("已退回", "returned for correction"),
    "withdrawn": ("已撤回", "withdrawn"),
}
_DIGEST_TITLE = ("{} 条新的“{}”", "{} more: {}")
_DIGEST_BODY = ("最近的：", "The latest: ")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A notification's words, and the console's path that it leads to."""

    title: str
    body: str
    link: str


def language_of(locale: str) -> int:
    """0 for Chinese, 1 for English and every language without words of its own: an index into ``(zh, en)``."""
    return LANGUAGES.index(of(locale))


def render(kind: Kind, values: Mapping[str, Any], *, locale: str, timezone: str) -> Rendered:
    """The words of one notification. Values that are missing read as nothing."""
    language = language_of(locale)
    context = {**values, "_language": language, "_timezone": timezone}
    title = " ".join(_template(kind.title[language]).render(context).split())
    body = _template(kind.body[language]).render(context).strip()
    return Rendered(title[:TITLE_LONGEST], body[:BODY_LONGEST], _template(kind.link).render(context)[:300])


def render_digest(kind: Kind, count: int, titles: Sequence[str], *, locale: str) -> Rendered:
    """The words of a digest: how many of a kind came, and the latest of them."""
    language = language_of(locale)
    separator = "；" if language == 0 else "; "
    body = _DIGEST_BODY[language] + separator.join(titles[:DIGEST_TITLES])
    section = "/" + kind.link.split("/")[1]
    return Rendered(_DIGEST_TITLE[language].format(count, kind.label[language]), body[:BODY_LONGEST], section)


def _money(value: Any) -> str:
    """``CNY 1,234.50`` from ``{"amount", "currency"}``; a dash for nothing."""
    if not isinstance(value, Mapping):
        return "-"
    try:
        return f"{value.get('currency', '')} {Decimal(str(value.get('amount'))):,.2f}".strip()
    except InvalidOperation:
        return "-"


@pass_context
def _when(context: Context, value: Any) -> str:
    """An instant (RFC 3339) as the reader's clock shows it, to the minute."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return "-"
    return moment.astimezone(ZoneInfo(context["_timezone"])).strftime("%Y-%m-%d %H:%M")


@pass_context
def _reasons(context: Context, value: Any) -> str:
    """Why a churn case was opened. Each reason is a text, or texts by language: ``{"zh", "en"}``."""
    language = context["_language"]
    found = [_reason(reason, language) for reason in value or ()] if isinstance(value, Sequence) else []
    return ("；" if language == 0 else "; ").join(filter(None, found)) or "-"


def _reason(reason: Any, language: int) -> str:
    if not isinstance(reason, Mapping):
        return str(reason)
    words = reason.get("label") or reason.get("text") or reason
    if isinstance(words, Mapping):
        words = words.get(("zh", "en")[language]) or reason.get("code", "")
    elif isinstance(words, Sequence) and not isinstance(words, str):
        words = words[language] if len(words) > language else ""
    return str(words).replace("_", " ")


@pass_context
def _outcome(context: Context, value: Any) -> str:
    return _OUTCOMES.get(value, (str(value), str(value)))[context["_language"]]


_environment = ImmutableSandboxedEnvironment(autoescape=False)
_environment.filters.update(money=_money, when=_when, reasons=_reasons, outcome=_outcome)


@lru_cache(maxsize=4 * len(KINDS))
def _template(source: str) -> Template:
    return _environment.from_string(source)
