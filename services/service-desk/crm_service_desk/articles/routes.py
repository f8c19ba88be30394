"""The verbs of an article over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, NothingBody, accepts, answers
from crm_chassis.identity import requires

from . import collection as verbs
from .collection import RateBody, articles

blueprint = Blueprint("article verbs", __name__, url_prefix="/articles")


@blueprint.post("/<uuid:article_id>/submit")
@requires("article:update")
@accepts(NothingBody)
@answers(articles)
def submit(article_id: UUID, body: dict[str, Any]) -> Any:
    """Ask for a review of a draft."""
    with transaction() as session:
        return verbs.submit(session, article_id, **body)


@blueprint.post("/<uuid:article_id>/publish")
@requires("article:publish")
@accepts(NothingBody)
@answers(articles)
def publish(article_id: UUID, body: dict[str, Any]) -> Any:
    """Let every reader see an article."""
    with transaction() as session:
        return verbs.publish(session, article_id, **body)


@blueprint.post("/<uuid:article_id>/retire")
@requires("article:publish")
@accepts(NothingBody)
@answers(articles)
def retire(article_id: UUID, body: dict[str, Any]) -> Any:
    """Take an article from the readers."""
    with transaction() as session:
        return verbs.retire(session, article_id, **body)


@blueprint.post("/<uuid:article_id>/rate")
@requires("article:read")
@accepts(RateBody)
@answers(articles)
def rate(article_id: UUID, body: dict[str, Any]) -> Any:
    """Say whether an article helped; the latest word of a reader counts."""
    with transaction() as session:
        return verbs.rate(session, article_id, **body)
