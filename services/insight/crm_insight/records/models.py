"""Known records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ..tables import Base


class KnownRecord(Base):
    """A record of another service as its newest event told it: what everything else here can be rebuilt from.

    owner_id: who answers for it. people: everybody who sees it under scope ``self``. entries: what it adds to the
    figures, as it was posted. customer_id: the customer it is about; a customer's own id.
    """

    __tablename__ = "records"
    __table_args__ = (
        Index("ix_records_people", "people", postgresql_using="gin"),
        Index("ix_records_owner", "owner_id", "resource"),
    )

    resource: Mapped[str] = mapped_column(String(40), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    unit_id: Mapped[UUID | None]
    owner_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    people: Mapped[list[UUID]]
    state: Mapped[dict[str, Any]]
    entries: Mapped[list[Any]] = mapped_column(JSONB)
