"""Whatever a caller reads is a sentence that can be said in Chinese as well as in English."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from crm_chassis import errors, language
from crm_contracts.services import SERVICES, package_of

ROOT = Path(__file__).parents[2]
HOMES = {"crm_chassis": ROOT / "libs/chassis/crm_chassis"} | {
    package_of(name): ROOT / ("gateway" if name == "gateway" else f"services/{name}") / package_of(name)
    for name in SERVICES
}

BILINGUAL = {"crm_notify/texts/kinds.py", "crm_notify/deliveries/mail.py"}
"""These hold both languages side by side."""

NOT_FOR_CALLERS = {
    # The API document, for developers
    "crm_chassis/openapi.py",
    "crm_chassis/openapi_shapes.py",
    "crm_gateway/routing/openapi.py",
    # The command line, and what tests are built with
    "crm_chassis/__main__.py",
    "crm_chassis/testing_servers.py",
}
TECHNICAL = {
    # What a remote server did, as the log of deliveries quotes it beside errors of other people's software
    "The sender stopped before the mail server had answered.",
    "The receiver answered 410 Gone.",
    "The secret cannot be read any more: rotate it, then switch the webhook on again.",
    "The address lies inside the house.",
}
_EXEMPT = BILINGUAL | NOT_FOR_CALLERS
_SAYS = "say"
_NOT_SAID = {
    "_documented",  # the API document
    *("CheckConstraint", "Index", "text"),  # SQL
    *("RuntimeError", "ValueError", "TypeError", "InvalidSetting", "OutboxError", "ScopeMissing"),  # for programmers
    *("debug", "info", "warning", "error", "exception"),  # the log
}
_TO_CALLERS = {name for name, kind in vars(errors).items() if isinstance(kind, type)} | {
    "entry",
    "field_error",
    "problem",
    "LineRefused",
    "LineUnfit",
    "ValidationError",
    "Sentence",
}
_VALIDATORS = {"Regexp", "OneOf", "Length", "Range", "Equal", "NoneOf", "ContainsOnly", "ContainsNoneOf"}
_READS_AS_SENTENCE = re.compile(r"[A-Z\"{`].*[a-z].* .*\.\Z", re.DOTALL)


@pytest.fixture(params=HOMES)
def package(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@cache
def said(package: str) -> dict[str, str]:
    """Each sentence that the code of a package says, and where."""
    rules = [("**.py", "python")]
    found = extract_from_dir(HOMES[package], rules, keywords={_SAYS: None})
    return {str(text): f"{package}/{file}:{line}" for file, line, text, _comments, _context in found}


def test_every_sentence_has_its_chinese_and_every_chinese_its_sentence(package: str) -> None:
    known = language.catalogue(package)

    assert {text: where for text, where in said(package).items() if not known.get(text)} == {}, "run make messages"
    assert set(known) - set(said(package)) == set(), "nobody says this any more: run make messages"


def test_both_languages_fill_the_same_placeholders(package: str) -> None:
    for english, chinese in language.catalogue(package).items():
        assert _placeholders(chinese) == _placeholders(english), english


def test_every_placeholder_is_given_its_value(package: str) -> None:
    for path in sorted(HOMES[package].rglob("*.py")):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            # Without values the sentence is a form: marshmallow, or the rule that takes it, fills it in.
            if _name(call) == _SAYS and call.keywords:
                assert _placeholders(ast.literal_eval(call.args[0])) == {each.arg for each in call.keywords}, (
                    f"{path}:{call.lineno}"
                )


def test_the_chinese_is_written_as_chinese(package: str) -> None:
    for english, chinese in language.catalogue(package).items():
        assert re.search(r"[一-鿿]|\A\{\w+\}：\{\w+\}\Z", chinese), english
        assert not re.search(r"[一-鿿][,;:?!.](?!\w)", chinese), f"half-width punctuation: {chinese}"
        assert chinese.endswith("。") == english.endswith(".") or "{reason}" in chinese, chinese


def test_one_sentence_has_one_chinese() -> None:
    seen: dict[str, str] = {}
    for package in HOMES:
        for english, chinese in language.catalogue(package).items():
            assert seen.setdefault(english, chinese) == chinese, english


def test_what_a_caller_reads_is_said(package: str) -> None:
    plain = [
        f"{package}/{path.relative_to(HOMES[package])}:{line} {text}"
        for path in sorted(HOMES[package].rglob("*.py"))
        if "migration" not in str(path) and f"{package}/{path.relative_to(HOMES[package])}" not in _EXEMPT
        for line, text in unsaid(ast.parse(path.read_text()))
    ]

    assert plain == [], "give it to language.say, with {placeholders} for what varies"


@pytest.mark.parametrize(
    "code",
    [
        'raise errors.Forbidden("not yours")',
        'raise StateConflict(f"This is {status}.")',
        'raise StateConflict("one way" if first else "another way")',
        'raise field_error("/name", "odd", "not so")',
        'rule = validate.Regexp("x", error="not so")',
        'found = [{"pointer": "/", "code": "odd", "message": f"not {this}"}]',
        'def why(): return "Choose another one."',
        'raise errors.Invalid(say(f"This is {status}."))',
    ],
)
def test_a_sentence_that_is_not_said_is_found(code: str) -> None:
    assert list(unsaid(ast.parse(code))) != []


@pytest.mark.parametrize(
    "code",
    [
        'raise errors.Forbidden(say("This is {status}.", status=status))',
        'raise field_error("/name", "too_long", say("Shorten it."))',
        'def why():\n    """What it says."""\n    return None',
        'raise RuntimeError("This is for programmers.")',
    ],
)
def test_what_is_said_or_for_nobody_is_left_alone(code: str) -> None:
    assert list(unsaid(ast.parse(code))) == []


def unsaid(node: ast.AST, *, given: bool = False) -> Iterator[tuple[int, str]]:
    """(line, text) of what is given to a caller, or reads as a sentence, and is not said."""
    text = _text(node)
    if text is None:
        for part, to_caller in _parts(node, given):
            yield from unsaid(part, given=to_caller)
    elif (given and " " in text) or (_READS_AS_SENTENCE.match(text) and text not in TECHNICAL):
        yield node.lineno, text  # type: ignore[attr-defined]


def _text(node: ast.AST) -> str | None:
    """The text of a literal or an f-string; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return ast.unparse(node)[2:-1] if isinstance(node, ast.JoinedStr) else None


def _parts(node: ast.AST, given: bool) -> Iterator[tuple[ast.AST, bool]]:
    """What to look into, and whether it is given to a caller."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.keyword(arg="description" | "metadata"):
            return  # a docstring; a word in the API document
        case ast.Call() if _name(node) in _NOT_SAID:
            return
        case ast.Call() if _name(node) == _SAYS:
            yield from ((each, True) for each in node.args if not isinstance(each, ast.Constant))
        case ast.Call() if _name(node) in _TO_CALLERS:
            yield from ((each, True) for each in node.args)
            yield from ((each.value, each.arg == "detail") for each in node.keywords)
        case ast.Call() if _name(node) in _VALIDATORS:
            yield from ((each.value, each.arg == "error") for each in node.keywords)
        case ast.Dict():
            for key, value in zip(node.keys, node.values, strict=True):
                yield value, isinstance(key, ast.Constant) and key.value == "message"
        case ast.IfExp():
            yield from [(node.test, False), (node.body, given), (node.orelse, given)]
        case ast.BoolOp():
            yield from ((each, given) for each in node.values)
        case _:
            yield from ((child, False) for child in ast.iter_child_nodes(node))


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _placeholders(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}
