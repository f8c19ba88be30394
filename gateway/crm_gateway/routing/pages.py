"""What a browser gets: the console when it is installed, the page to read and try the API, and the API's document."""

from __future__ import annotations

import gzip
import importlib
import mimetypes
from functools import lru_cache
from pathlib import Path

from flask import Blueprint as FlaskBlueprint
from flask import Flask, Response, current_app, redirect, request
from werkzeug.routing import PathConverter
from werkzeug.security import safe_join

from crm_chassis import errors
from crm_chassis.http import Blueprint, gives, json_response
from crm_chassis.identity import requires
from crm_chassis.language import say

from .rules import API

STATIC = Path(__file__).parent / "static"
_PAGES = {"docs": "docs.html", "docs/docs.js": "docs.js", "docs/docs.css": "docs.css"}
_STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_CONSOLE = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Element Plus and the charts place things with style attributes; scripts come from us alone."""

NO_CONSOLE = "none"
_IMMUTABLE, _ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
_PACKED = ("text/", "application/javascript", "application/json", "image/svg+xml")
_PACK_FROM = 1024

api = Blueprint("pages", __name__, url_prefix="")


@api.get("/openapi.json")
@requires("public")
def openapi_document() -> Response:
    """The OpenAPI 3.1 document of the whole system."""
    answer = json_response(current_app.extensions["described"].document())
    answer.headers["Cache-Control"] = _ASK_AGAIN
    return answer


@api.get("/docs")
@requires("public")
@gives("text/html")
def docs() -> Response:
    """A page to read the API and try it."""
    return _docs("docs")


@api.get("/docs/<name>")
@requires("public")
@gives("text/javascript", "text/css")
def docs_file(name: str) -> Response:
    """The page's script and style."""
    return _docs(f"docs/{name}")


def _docs(name: str) -> Response:
    if name not in _PAGES:
        raise errors.NotFound
    return _file(STATIC / _PAGES[name], _ASK_AGAIN, _STRICT)


class _PagePath(PathConverter):
    """Any path but the API's, where another method of a known address is 405 and not a page."""

    regex = "(?!api/)[^/].*?"


def add_console(app: Flask) -> None:
    """Serve the built console at ``/``; without one, ``/`` leads to the page about the API.

    It is looked for in ``web_root``, else in the installed ``crm_web``; ``none`` serves no console.
    """
    console = FlaskBlueprint("console", __name__)
    wanted = app.extensions["runtime"].settings.web_root

    @requires("public")
    def page(path: str = "") -> Response:
        root = wanted or _installed()
        if not root or root == NO_CONSOLE:
            if path:
                raise errors.NotFound
            return redirect(f"{API}docs", 302)  # type: ignore[return-value]
        return _console(root, path)

    console.add_url_rule("/", "index", page, methods=["GET"])
    app.url_map.converters["page"] = _PagePath
    console.add_url_rule("/<page:path>", "page", page, methods=["GET"])
    app.register_blueprint(console)


def _installed() -> str | None:
    """Where the console's package has its built files; asked anew, because a checkout may build them later."""
    try:
        package = importlib.import_module("crm_web")
    except ModuleNotFoundError:
        return None
    found: Path | None = package.root()
    return str(found) if found else None


def _console(root: str, path: str) -> Response:
    """A file of the console; every other address is one of its pages, which the index draws."""
    found = safe_join(root, path) if path else None
    if found and Path(found).is_file():
        hashed = path.startswith("assets/")
        return _file(Path(found), _IMMUTABLE if hashed else _ASK_AGAIN, _CONSOLE)
    if path.startswith("assets/"):
        raise errors.NotFound(say("This file belongs to another release of the console; load the page again."))
    return _file(Path(root) / "index.html", _ASK_AGAIN, _CONSOLE)


def _file(path: Path, cache: str, policy: str) -> Response:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    stat = path.stat()
    packed = "gzip" in request.headers.get("Accept-Encoding", "") and kind.startswith(_PACKED)
    packed = packed and stat.st_size >= _PACK_FROM
    content = _content(str(path), stat.st_mtime_ns, packed)
    headers = {"Cache-Control": cache, "Content-Security-Policy": policy, "Vary": "Accept-Encoding"}
    if packed:
        headers["Content-Encoding"] = "gzip"
    answer = Response(content, mimetype=kind, headers=headers)
    answer.set_etag(f"{stat.st_mtime_ns:x}-{stat.st_size:x}{'-gz' if packed else ''}")
    return answer.make_conditional(request)  # type: ignore[return-value]


@lru_cache(maxsize=512)
def _content(path: str, _changed_ns: int, packed: bool) -> bytes:
    content = Path(path).read_bytes()
    return gzip.compress(content, 6) if packed else content
