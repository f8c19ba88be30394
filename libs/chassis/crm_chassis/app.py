"""The web process of a service: Flask with errors, identity, logs, metrics, health and the service's routes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Response, g, request
from joserfc.jwk import OKPKey
from prometheus_client import generate_latest
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from . import (
    clock,
    collection,
    constraints,
    dead_events,
    deadline,
    errors,
    idempotency,
    identity,
    jobs,
    language,
    logs,
    messaging_metrics,
    metrics,
    openapi,
    outbox_feed,
    standing,
)
from .database import system_transaction
from .http import API, Blueprint, in_language, json_response, to_bytes
from .language import say
from .service import Runtime

log = structlog.get_logger("http")

_NO_ADDRESS = say("There is no such address in this API.")
_NO_METHOD = say("This address does not take that method")


def create_app(runtime: Runtime) -> Flask:
    """The WSGI application of a service, ready to serve."""
    service, settings = runtime.service, runtime.settings
    app = Flask(service.package, static_folder=None)
    app.url_map.strict_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = settings.request_bytes_max
    app.extensions["runtime"] = runtime
    clock.shift(settings.clock_offset_s)
    _guard_views(app)
    internal = (outbox_feed.blueprint(runtime), standing.blueprint(runtime), dead_events.blueprint(runtime))
    for blueprint in (health(runtime), openapi.blueprint(runtime), *internal):
        app.register_blueprint(blueprint)
    app.register_blueprint(jobs.blueprint(), url_prefix=f"{API}/jobs")
    # A slice's own routes come first: /customers/duplicates before /customers/{id}.
    for blueprint in service.blueprints:
        app.register_blueprint(blueprint, url_prefix=f"{API}{blueprint.url_prefix or ''}")
    for declared in service.collections:
        app.register_blueprint(collection.routes(declared), url_prefix=f"{API}/{declared.name}")
    _errors(app)
    app.wsgi_app = _Active(app.wsgi_app, runtime)  # type: ignore[method-assign]
    key = identity.read_key(settings.identity_public_key) if settings.identity_public_key else None
    app.before_request(lambda: _begin(settings.service, key))
    app.after_request(_finish)
    if service.prepare:
        service.prepare(app)
    return app


class _Active:
    """WSGI wrapper: the runtime is active for the length of the request, and its context is clean afterwards."""

    def __init__(self, inner: Callable[..., Any], runtime: Runtime) -> None:
        self.inner = inner
        self.runtime = runtime

    def __call__(self, environ: Any, start_response: Any) -> Any:
        language.begin(environ.get("HTTP_ACCEPT_LANGUAGE"))
        with self.runtime.activate():
            try:
                return self.inner(environ, start_response)
            finally:
                identity.set_principal(None)
                language.begin(None)
                deadline.begin(None)


def _begin(service: str, key: OKPKey | None) -> None:
    g.started = time.perf_counter()
    logs.set_request_id(request.headers.get("X-Request-Id"), request.headers.get("traceparent"))
    deadline.begin(request.headers.get(deadline.HEADER))
    token = request.headers.get(identity.HEADER)
    if token and key is not None:
        identity.set_principal(identity.verify(token, service, key))


def _finish(response: Response) -> Response:
    took = time.perf_counter() - g.get("started", time.perf_counter())
    route = request.url_rule.rule if request.url_rule else "unknown"
    method = metrics.method_label(request.method)
    metrics.REQUESTS.labels(route, method, response.status_code).inc()
    metrics.LATENCY.labels(route, method).observe(took)
    if not route.startswith(("/readyz", "/livez", "/metrics")):
        caller = identity.principal_or_none()
        log.info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            ms=round(took * 1000, 1),
            user=caller.username if caller else None,
        )
    if request_id := logs.request_id():
        response.headers["X-Request-Id"] = request_id
    return response


def _guard_views(app: Flask) -> None:
    """Refuse to start with a route that names no permission, and put POST behind idempotency."""
    original = app.add_url_rule

    def add(rule: str, endpoint: str | None = None, view_func: Any = None, **options: Any) -> None:
        permission = getattr(view_func, "permission", None)
        if view_func is not None and permission is None:
            raise RuntimeError(f"{rule} names no permission: decorate it with @requires(...)")
        if view_func is not None and "POST" in (options.get("methods") or ()):
            view_func = _keyed(view_func)
        original(rule, endpoint, view_func, **options)

    app.add_url_rule = add  # type: ignore[method-assign,assignment]


def _keyed(view: Callable[..., Any]) -> Callable[..., Any]:
    if view.permission in {"public", "internal"} or getattr(view, "unkeyed", False):  # type: ignore[attr-defined]
        return view
    hidden = _shown_once(view)

    def keyed(**arguments: Any) -> Response:
        return idempotency.once(
            lambda: view(**arguments),
            required=view.needs_key,  # type: ignore[attr-defined]
            hidden=hidden,
        )

    keyed.__dict__.update(view.__dict__)
    keyed.__doc__, keyed.__name__, keyed.__module__ = view.__doc__, view.__name__, view.__module__
    return keyed


def _shown_once(view: Any) -> frozenset[str]:
    """The answer's secrets, as the view or the collection it answers a record of names them."""
    named = (view, getattr(view, "answer", None), getattr(view, "collection", None))
    return frozenset(name for each in named for name in getattr(each, "shows_once", ()))


def health(runtime: Runtime) -> Blueprint:
    """``/livez`` (the process answers), ``/readyz`` (its database does, and it is not stopping), ``/metrics``."""
    blueprint = Blueprint("health", __name__)
    messaging = messaging_metrics.registry_of(runtime)

    @blueprint.get("/livez")
    @identity.requires("internal")
    def livez() -> Response:
        return json_response({"status": "ok"})

    @blueprint.get("/readyz")
    @identity.requires("internal")
    def readyz() -> Response:
        if runtime.draining:
            raise errors.Unavailable(say("This process is stopping."), headers={"Retry-After": "1"})
        with system_transaction() as session:
            session.execute(text("SELECT 1"))
        return json_response({"status": "ok", "service": runtime.service.name})

    @blueprint.get("/metrics")
    @identity.requires("internal")
    def exposition() -> Response:
        return Response(generate_latest(metrics.REGISTRY) + generate_latest(messaging), mimetype="text/plain")

    return blueprint


def problem(error: errors.ProblemError) -> Response:
    """The ``application/problem+json`` answer of an error, in the language of whoever asked."""
    answer = Response(
        to_bytes(error.to_dict(logs.request_id())),
        status=error.status,
        headers=error.headers,
        mimetype="application/problem+json",
    )
    return in_language(answer)


def _errors(app: Flask) -> None:
    app.register_error_handler(errors.ProblemError, problem)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(IntegrityError, lambda error: problem(constraints.broken(error)))
    app.register_error_handler(DataError, _data_problem)
    app.register_error_handler(StaleDataError, lambda _error: problem(errors.Stale()))
    for trouble in DATABASE_TROUBLE:
        app.register_error_handler(trouble, database_trouble)
    app.register_error_handler(Exception, _unexpected)


def _http_problem(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return problem(errors.TooLarge(say("Send a smaller request.")))
    if isinstance(error, MethodNotAllowed):
        made = errors.ProblemError(_NO_METHOD, code="method_not_allowed")
        made.title = made.detail
        made.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    else:
        known = {400: errors.BadRequest, 404: errors.NotFound, 415: errors.UnsupportedType}
        made = known.get(error.code or 500, errors.ProblemError)(_NO_ADDRESS if error.code == 404 else None)
    made.status = error.code or 500
    return problem(made)


def _data_problem(error: DataError) -> Response:
    """A value the column cannot hold, such as a number beyond its range."""
    log.warning("value outside its column", exc_info=error)
    return problem(errors.Invalid(say("A value is outside of what its field can hold.")))


DATABASE_TROUBLE = (OperationalError, PoolTimeout)
"""What a database raises that is away, busy or slow."""


def database_trouble(error: Exception) -> Response:
    """The answer to a call that the database kept from being answered: it may be repeated."""
    log.warning("database trouble", exc_info=error)
    return problem(errors.Unavailable(headers={"Retry-After": "2"}))


def _unexpected(error: Exception) -> Response:
    log.error("unexpected error", path=request.path, exc_info=error)
    return problem(errors.ProblemError(say("The error was written down; quote the request id when you report it.")))
