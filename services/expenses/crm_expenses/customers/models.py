"""The copy of a customer, and which rows were re-pointed when two customers became one."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Scoped, SoftDeleted

from ..tables import Base


class Customer(Scoped, SoftDeleted, Base):
    """A customer as far as trips need it."""

    __tablename__ = "customers"
    __resource__ = "customer"
    __pooled__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(index=True)
    owner_id: Mapped[UUID | None] = mapped_column(index=True)
    name: Mapped[str | None]
    merged_into_id: Mapped[UUID | None]
    version: Mapped[int]


class Repointed(Base):
    """One row that named a customer before it was merged away, so that an unmerge restores exactly those.

    place: the kind of row. joined: the row named both customers, so the merge took one of the two out.
    """

    __tablename__ = "repointed_rows"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(String(40), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    joined: Mapped[bool] = mapped_column(default=False)
