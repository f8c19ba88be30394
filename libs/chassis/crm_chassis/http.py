"""What a hand-written route uses: ``@accepts`` reads the body, ``@answers`` writes the record, ``json_response``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import wraps
from typing import Any
from urllib.parse import quote
from uuid import UUID

import orjson
from flask import Blueprint, Response, request
from marshmallow import Schema, ValidationError
from werkzeug.http import dump_options_header

from . import language
from .errors import BadRequest, FieldError, Invalid, UnsupportedType, entry
from .language import Sentence, say

__all__ = [
    "XLSX",
    "Blueprint",
    "NothingBody",
    "accepts",
    "answers",
    "gives",
    "in_language",
    "json_response",
    "load",
    "named",
    "query",
    "shows_once",
    "unkeyed",
]

API = "/api/v1"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def named(name: str) -> str:
    """The Content-Disposition of a download (RFC 6266): its name in UTF-8, and what ASCII can show of it for old clients."""
    plain = re.sub(r"[^ -~]", "_", name)
    return dump_options_header("attachment", {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"})


class NothingBody(Schema):
    """A verb that needs no words."""


def _default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def to_bytes(value: Any) -> bytes:
    """JSON with UUIDs and instants as text (UTC as ``Z``) and decimals as strings."""
    return orjson.dumps(value, default=_default, option=orjson.OPT_UTC_Z)


def in_language(answer: Response) -> Response:
    """The answer, marked as written in the current language and as another one for who reads another."""
    answer.headers["Content-Language"] = language.current()
    answer.vary.add("Accept-Language")
    return answer


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An ``application/json`` answer."""
    return Response(to_bytes(value), status=status, headers=headers, mimetype="application/json")


def pointers(messages: Any, path: str = "") -> list[FieldError]:
    """Marshmallow's nested messages as flat entries with a JSON pointer each."""
    if isinstance(messages, dict):
        return [found for key, value in messages.items() for found in pointers(value, _join(path, key))]
    texts = messages if isinstance(messages, list) else [messages]
    return [
        entry(path or "/", _code(text), text if isinstance(text, Sentence) else Sentence(str(text))) for text in texts
    ]


def _join(path: str, key: Any) -> str:
    return path if key == "_schema" else f"{path}/{key}"


def _code(message: Any) -> str:
    message = str(message)
    if message.startswith("Missing data"):
        return "required"
    return "unknown_field" if message.startswith("Unknown field") else "invalid"


def load(schema: Schema, values: Any, *, partial: bool = False) -> dict[str, Any]:
    """Validate and convert values. Raises Invalid with a pointer for each field that is wrong."""
    try:
        return schema.load(values, partial=partial)
    except ValidationError as error:
        raise Invalid(errors=pointers(error.messages)) from error


def json_body(*, required: bool = True) -> dict[str, Any]:
    """The request's JSON object; an absent one is empty unless ``required``. Raises UnsupportedType, Invalid, BadRequest."""
    raw = request.get_data()
    if not raw:
        if required:
            raise Invalid(say("Send a JSON object as the body."))
        return {}
    if request.mimetype not in {"application/json", "application/merge-patch+json"}:
        raise UnsupportedType(say("Send the body as application/json."))
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest(say("The body is not JSON: {error}.", error=error)) from error
    if not isinstance(body, dict):
        raise Invalid(say("Send a JSON object."), errors=[entry("/", "type", say("not an object"))])
    return body


def accepts(schema: type[Schema]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Validate the JSON body and hand it to the view as ``body``."""
    loader = schema()
    needed = any(field.required for field in loader.fields.values())

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def reading(*args: Any, **kwargs: Any) -> Any:
            return view(*args, body=load(loader, json_body(required=needed)), **kwargs)

        reading.body_schema = schema  # type: ignore[attr-defined]
        return reading

    return mark


def query(schema: type[Schema]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Validate the query string and hand it to the view as ``query``; unknown names are refused (422)."""
    loader = schema()

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def reading(*args: Any, **kwargs: Any) -> Any:
            return view(*args, query=load(loader, request.args.to_dict()), **kwargs)

        reading.query_schema = schema  # type: ignore[attr-defined]
        return reading

    return mark


def answers(view_of: Any, status: int = 200) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Write the view's result: a record of a Collection (with ETag), or whatever a Schema class dumps.

    A view may answer a Response itself (a file, a 202), which is passed on.
    """
    schema = view_of() if isinstance(view_of, type) else None

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def writing(*args: Any, **kwargs: Any) -> Response:
            result = view(*args, **kwargs)
            if isinstance(result, Response):
                return result
            if schema is not None:
                return json_response(schema.dump(result), status)
            return view_of.respond(result, status)

        writing.answer = view_of  # type: ignore[attr-defined]
        writing.answer_status = status  # type: ignore[attr-defined]
        return writing

    return mark


def gives(*media_types: str, status: int = 200) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Name what the view answers itself (a file, a picture, an accepted job), for the API document.

    Beside ``@answers``, above it, these are further types of the same answer.
    """

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        view.media_types = media_types  # type: ignore[attr-defined]
        view.answer_status = status  # type: ignore[attr-defined]
        return view

    return mark


def shows_once(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Name the secrets in the view's answer: a call repeated with its Idempotency-Key gets null in their place."""

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        view.shows_once = names  # type: ignore[attr-defined]
        return view

    return mark


def unkeyed(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let the view take no Idempotency-Key: its body holds a password, of which not even a hash is to be kept.

    For the gateway's own routes only. It repeats a keyed call to a service by itself.
    """
    view.unkeyed = True  # type: ignore[attr-defined]
    return view


def plain(value: Any) -> Any:
    """A value as it stands in JSON: ids and instants as text, decimals as strings."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, (UUID, Decimal)) else value
