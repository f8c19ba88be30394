"""The collection of articles: schema, verbs with their events, declaration."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import Schema
from sqlalchemy.orm import Session

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema, Verb, writing
from crm_chassis.http import NothingBody

from ..vocabulary import ARTICLE_STATUSES
from . import actions, rules
from .models import Article

_BODY_LONGEST = 200_000


class ArticleSchema(RecordSchema):
    """What the API shows and takes of an article. The body is HTML or Markdown, without harmful markup."""

    title = fields.text(("标题", "Title"), required=True)
    body = fields.text(("正文", "Body"), required=True, longest=_BODY_LONGEST, crm={"multiline": True, "markup": True})
    excerpt = fields.text(("摘录", "Excerpt"), dump_only=True)
    category = fields.text(("分类", "Category"), longest=80)
    status = fields.choice(("状态", "Status"), ARTICLE_STATUSES, dump_only=True)
    published_at = fields.moment(("发布时间", "Published"), dump_only=True)
    helpful_count = fields.integer(("有帮助", "Found helpful"), dump_only=True)
    unhelpful_count = fields.integer(("无帮助", "Found unhelpful"), dump_only=True)


class RateBody(Schema):
    """Whether the article helped."""

    helpful = fields.boolean(("有帮助", "Helpful"), required=True)


def submit(session: Session, article_id: UUID) -> Article:
    """Ask for a review."""
    article: Article = writing.get_for(session, articles, article_id, "article:update")
    actions.submit(article)
    session.flush()
    return article


def publish(session: Session, article_id: UUID) -> Article:
    """Let every reader see an article."""
    article: Article = writing.get_for(session, articles, article_id, "article:publish")
    actions.publish(article)
    articles.announce(session, article, "published")
    return article


def retire(session: Session, article_id: UUID) -> Article:
    """Take an article from the readers."""
    article: Article = writing.get_for(session, articles, article_id, "article:publish")
    actions.retire(article)
    articles.announce(session, article, "retired")
    return article


def rate(session: Session, article_id: UUID, *, helpful: bool) -> Article:
    """Keep the caller's opinion of an article; who rates at the same time waits, or would count without this one."""
    article: Article = writing.get(session, articles, article_id, lock=True)
    actions.rate(session, article, helpful=helpful)
    return article


def _verb(name: str, permission: str, run: Any, body: Any = NothingBody) -> Verb:
    return Verb(name, permission, when=lambda article: rules.allows(name, article.status), body=body, run=run)


articles = Collection(
    "articles",
    Article,
    ArticleSchema,
    ("知识库文章", "Articles"),
    subject="article",
    create=actions.create,
    update=actions.change,
    verbs=(
        _verb("submit", "article:update", submit),
        _verb("publish", "article:publish", publish),
        _verb("retire", "article:publish", retire),
        _verb("rate", "article:read", rate, RateBody),
    ),
    import_keys=("title",),
)
