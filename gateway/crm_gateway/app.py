"""The gateway: identity, the company tree, and the way to every other service."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from flask import Flask, g, request

from crm_chassis import identity, openapi
from crm_chassis.schedules import Schedule
from crm_chassis.service import Service

from .audit.collection import audit_entries
from .audit.consumers import HANDLERS
from .audit.routes import blueprint as audit_routes
from .bootstrap import bootstrap
from .identity import lockout, sessions
from .identity.api_keys import api_keys
from .identity.routes import blueprint as auth_routes
from .identity.user_collection import collection as users
from .identity.user_routes import blueprint as user_routes
from .org.collection import org_units
from .org.routes import blueprint as org_routes
from .roles.collection import roles
from .roles.routes import blueprint as permission_routes
from .routing.dead_events import blueprint as dead_event_routes
from .routing.edge import VISITOR, Edge
from .routing.health import blueprint as system_routes
from .routing.health import outward
from .routing.openapi import Described
from .routing.pages import add_console
from .routing.pages import api as page_routes
from .routing.upstreams import upstreams
from .tables import Base
from .views.collection import saved_views

if TYPE_CHECKING:
    from crm_chassis.service import Runtime


def prepare(app: Flask) -> None:
    """Put the edge around the application, and tell the application who the edge found calling."""
    runtime: Runtime = app.extensions["runtime"]
    behind = upstreams(runtime.settings.peers)
    described = Described(behind, lambda: openapi.document(app, runtime), version("crm-gateway"))
    edge = Edge(app.wsgi_app, runtime, behind, described)
    app.extensions |= {"edge": edge, "described": described}
    app.before_request(outward(runtime))
    app.before_request(_meet)
    add_console(app)
    app.wsgi_app = edge  # type: ignore[method-assign]


def _meet() -> None:
    visitor = request.environ.get(VISITOR)
    if visitor is not None:
        g.visitor = visitor
        identity.set_principal(visitor.known.principal)


service = Service(
    name="gateway",
    base=Base,
    blueprints=[
        *(auth_routes, user_routes, org_routes, permission_routes, audit_routes),
        *(system_routes, dead_event_routes, page_routes),
    ],
    collections=[org_units, users, roles, api_keys, saved_views, audit_entries],
    handlers=HANDLERS,
    schedules=[
        Schedule("sessions.forget_old", 3600, sessions.forget_old),
        Schedule("lockout.forget_old", 3600, lockout.forget_old),
    ],
    prepare=prepare,
    after_migrate=bootstrap,
)
