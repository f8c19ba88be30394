"""How a service stands: what waits in it and who in it lives. The one answer for metrics, health page and launcher."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response
from sqlalchemy.orm import Session

from . import inbox, jobs, outbox
from .database import system_transaction
from .http import Blueprint, json_response
from .identity import requires
from .internal_key import demand_internal_key

if TYPE_CHECKING:
    from .service import Runtime

PATH = "/internal/lag"


def lag(session: Session) -> dict[str, Any]:
    """What waits in a service: of its outbox, its inbox and its jobs (``jobs_waiting``)."""
    return {"outbox": outbox.lag(session), "inbox": inbox.lag(session), **jobs.lag(session)}


def blueprint(runtime: Runtime) -> Blueprint:
    """``GET /internal/lag``, for callers that hold the internal key."""
    made = Blueprint("standing", __name__)

    @made.get(PATH)
    @requires("internal")
    def waiting() -> Response:
        """What waits in this service."""
        demand_internal_key(runtime.settings)
        with system_transaction() as session:
            return json_response(lag(session))

    return made
