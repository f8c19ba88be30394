"""The language of an answer, and sentences that can be said in it.

A sentence is written in English where it is said, ``say("This order is {status}.", status=…)``, and that English is its
key in the catalogues, ``locale/zh_CN/LC_MESSAGES/<package>.po`` beside each package's code. It becomes Chinese only where
it leaves: in a problem document, an import's rejected line, a job's error.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from typing import Literal, NamedTuple, TypeGuard

from babel.messages.pofile import read_po
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

Language = Literal["zh-CN", "en"]
CHINESE: Language = "zh-CN"
ENGLISH: Language = "en"
LANGUAGES = (CHINESE, ENGLISH)

Pair = tuple[str, str]
"""One word in Chinese and in English, as every label is written."""

_asked: ContextVar[Language | None] = ContextVar("crm_language_asked", default=None)
_own: ContextVar[Language | None] = ContextVar("crm_language_own", default=None)


def begin(accept_language: str | None) -> None:
    """Start a request, or end one (None): what its Accept-Language asks for, and nobody's own language yet."""
    _asked.set(_best(accept_language) if accept_language else None)
    _own.set(None)


def prefer(locale: str | None) -> None:
    """Name the own language of whoever the work is for; it holds where the request asks for none."""
    _own.set(of(locale) if locale else None)


def current() -> Language:
    """The language to answer in: the request's Accept-Language, else the caller's own, else English.

    In a background job it is the language of the request that started it.
    """
    return _asked.get() or _own.get() or ENGLISH


def of(locale: str) -> Language:
    """The language of a locale such as ``zh-CN``: Chinese or, for every other, English."""
    return CHINESE if locale.lower().startswith("zh") else ENGLISH


def _best(accept_language: str) -> Language | None:
    # ``*`` is what HTTP libraries say when nobody told them a language.
    named = [(tag, quality) for tag, quality in parse_accept_header(accept_language, LanguageAccept) if tag != "*"]
    found = LanguageAccept(named).best_match([*LANGUAGES, "zh"])
    return of(found) if found else None


def pick(pair: Pair, language: Language | None = None) -> str:
    """The word of a pair in a language, the current one unless named."""
    return pair[0 if (language or current()) == CHINESE else 1]


def word(options: Sequence[tuple[str, str, str]], value: str) -> Pair:
    """What a choice's value is called: options hold (value, zh, en). The value itself when it is none of them."""
    return next(((zh, en) for known, zh, en in options if known == value), (value, value))


class Coded(NamedTuple):
    """A value that a program sends by its code: Chinese names it and adds the code, English says the code as it is."""

    chinese: str
    code: str


class Sentence(str):
    """A sentence in English that knows how it was made, so that it can be said in another language.

    Marshmallow fills the placeholders of its messages with ``format``: that makes a sentence too.
    """

    __slots__ = ("template", "values")

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, values: dict[str, object] | None = None) -> Sentence:
        """A sentence of a template and what stands in its placeholders; without values it is kept as it is."""
        made = super().__new__(cls, _filled(str(template), values, ENGLISH))
        made.template, made.values = template, values or {}
        return made

    def __reduce__(self) -> tuple[type[Sentence], tuple[str, dict[str, object]]]:
        return Sentence, (self.template, self.values)

    def format(self, *_args: object, **values: object) -> Sentence:
        """The sentence with its placeholders filled; itself when they are."""
        return Sentence(self.template, values) if "{" in self else self

    def spoken(self, language: Language | None = None) -> str:
        """The sentence in a language, the current one unless named; in English where no catalogue has it."""
        language = language or current()
        template = self.template if language == ENGLISH else _translations().get(self.template, self.template)
        return _filled(template, self.values, language)


def say(template: str, /, **values: object) -> Sentence:
    """A sentence to be read by a person, in English; ``{name}`` stands for a value.

    A value may be a pair of labels, a code with its label or another sentence, which follow the language, or a list of
    values, which is enumerated in its manner.
    """
    return Sentence(template, values)


def spoken(text: str, language: Language | None = None) -> str:
    """A text in a language, the current one unless named: a sentence said in it, anything else as it is."""
    return (text if isinstance(text, Sentence) else Sentence(text)).spoken(language)


def _filled(template: str, values: dict[str, object] | None, language: Language) -> str:
    if not values:
        return template
    return template.format_map(_Words({name: _word(value, language) for name, value in values.items()}))


class _Words(dict[str, object]):
    """What stands in the placeholders; one that is not named stays as it is written."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def _word(value: object, language: Language) -> object:
    if isinstance(value, Sentence):
        return value.spoken(language)
    if isinstance(value, Coded):
        return value.code if language == ENGLISH or value.chinese == value.code else f"{value.chinese}（{value.code}）"
    if _is_pair(value):
        word = pick(value, language)
        return word if language == CHINESE or word[:2].isupper() else word[:1].lower() + word[1:]
    if isinstance(value, list):
        return ("、" if language == CHINESE else ", ").join(str(_word(item, language)) for item in value)
    return value


def _is_pair(value: object) -> TypeGuard[Pair]:
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(word, str) for word in value)


_packages: list[str] = ["crm_chassis"]


def learn(package: str) -> None:
    """Have the catalogue of a package at hand, beside the chassis' own; a second time changes nothing."""
    if package not in _packages:
        _packages.append(package)
        _translations.cache_clear()


@cache
def _translations() -> dict[str, str]:
    return {english: chinese for package in _packages for english, chinese in catalogue(package).items()}


@cache
def catalogue(package: str) -> dict[str, str]:
    """The Chinese of each English sentence of a package; empty where it has no catalogue, or is no package of its own."""
    if find_spec(package) is None:
        return {}
    path = files(package) / "locale" / "zh_CN" / "LC_MESSAGES" / f"{package}.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file, abort_invalid=True) if entry.id}
