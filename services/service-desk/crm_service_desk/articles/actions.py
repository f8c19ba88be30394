"""Writing, publishing and rating articles."""

from __future__ import annotations

from html import unescape
from typing import Any

import nh3
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm_chassis import clock, errors
from crm_chassis.identity import current_principal
from crm_chassis.language import say, word

from ..vocabulary import ARTICLE_STATUSES, VERBS
from . import rules
from .models import Article, ArticleRating

EXCERPT_CHARACTERS = 2000


def create(session: Session, values: dict[str, Any]) -> Article:
    """Begin a draft; markup that could do harm is removed from its body."""
    article = Article(**_cleaned(values), status="draft")
    session.add(article)
    return article


def change(_session: Session, article: Article, values: dict[str, Any]) -> None:
    """Edit an article. What is published may only be edited by who may publish. Raises Forbidden."""
    if article.status == "published" and not current_principal().covers("article:publish", article):
        raise errors.Forbidden(say("A published article is edited by who may publish; ask them, or retire it first."))
    for name, value in _cleaned(values).items():
        setattr(article, name, value)


def submit(article: Article) -> None:
    """Ask for a review. Raises StateConflict."""
    _refuse(article, "submit")
    article.status = "review"


def publish(article: Article) -> None:
    """Let every reader see it. Raises StateConflict."""
    _refuse(article, "publish")
    article.status, article.published_at = "published", clock.now()


def retire(article: Article) -> None:
    """Take it from the readers. Raises StateConflict."""
    _refuse(article, "retire")
    article.status = "retired"


def rate(session: Session, article: Article, *, helpful: bool) -> None:
    """Keep the caller's opinion and count everybody's anew; the article's version stays. Raises StateConflict."""
    _refuse(article, "rate")
    opinion = insert(ArticleRating).values(article_id=article.id, user_id=current_principal().user_id, helpful=helpful)
    session.execute(opinion.on_conflict_do_update(index_elements=["article_id", "user_id"], set_={"helpful": helpful}))
    mine = ArticleRating.article_id == article.id
    counted = select(func.count().filter(ArticleRating.helpful), func.count().filter(~ArticleRating.helpful))
    yes, no = session.execute(counted.where(mine)).one()
    table = Article.__table__
    session.execute(update(table).where(table.c.id == article.id).values(helpful_count=yes, unhelpful_count=no))  # type: ignore[arg-type]
    session.refresh(article, ["helpful_count", "unhelpful_count"])


def _cleaned(values: dict[str, Any]) -> dict[str, Any]:
    if "body" not in values:
        return values
    body = nh3.clean(values["body"])
    text = " ".join(unescape(nh3.clean(body, tags=set())).split())
    return values | {"body": body, "excerpt": text[:EXCERPT_CHARACTERS]}


def _refuse(article: Article, verb: str) -> None:
    if not rules.allows(verb, article.status):
        states = [word(ARTICLE_STATUSES, state) for state in sorted(rules.ALLOWED[verb])]
        raise errors.StateConflict(
            say(
                "This article is {status}; {verb} is for articles that are {states}.",
                status=word(ARTICLE_STATUSES, article.status),
                verb=VERBS[verb],
                states=states,
            )
        )
