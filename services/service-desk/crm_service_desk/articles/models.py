"""Articles and how helpful readers found them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base


class Article(Record, Base):
    """A piece of knowledge. ``excerpt`` is the body's first text without markup, for search and lists."""

    __tablename__ = "articles"
    __resource__ = "article"
    __search__ = ("title", "excerpt")
    __table_args__ = record_indexes("articles", Index("ix_articles_status", "status", "category"))

    title: Mapped[str]
    body: Mapped[str]
    excerpt: Mapped[str]
    category: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="draft")
    published_at: Mapped[datetime | None]
    helpful_count: Mapped[int] = mapped_column(default=0)
    unhelpful_count: Mapped[int] = mapped_column(default=0)


class ArticleRating(Base):
    """What one reader thought of one article; the latest word counts."""

    __tablename__ = "article_ratings"

    article_id: Mapped[UUID] = mapped_column(ForeignKey("articles.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    helpful: Mapped[bool]
