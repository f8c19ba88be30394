"""What can be found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from ..tables import Base

_STEADY = {"fastupdate": "off"}  # a search must not read through a list of pending entries


class Document(Base):
    """One findable record. title_key and code are normalised, for prefixes; text and terms are for any part of them.

    Telephone numbers are apart, in digits: a caller who may not see numbers must not find anybody by one.
    """

    __tablename__ = "documents"
    __table_args__ = (
        Index("ix_documents_terms", "terms", postgresql_using="gin", postgresql_with=_STEADY),
        Index("ix_documents_phone_terms", "phone_terms", postgresql_using="gin", postgresql_with=_STEADY),
        Index("ix_documents_title_key", "title_key"),
        Index("ix_documents_code", "code"),
        Index("ix_documents_touched", "touched_at"),
        Index("ix_documents_unit", "unit_id", "touched_at"),
        Index("ix_documents_people", "people", postgresql_using="gin"),
    )

    resource: Mapped[str] = mapped_column(String(40), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID | None]
    people: Mapped[list[UUID]]
    title: Mapped[str]
    subtitle: Mapped[str | None]
    title_key: Mapped[str] = mapped_column(String(collation="C"))
    code: Mapped[str | None] = mapped_column(String(collation="C"))
    text: Mapped[str]
    terms: Mapped[Any] = mapped_column(TSVECTOR)
    phones: Mapped[str]
    phone_terms: Mapped[Any] = mapped_column(TSVECTOR)
    touched_at: Mapped[datetime]
