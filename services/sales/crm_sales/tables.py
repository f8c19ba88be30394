"""The declarative base of the sales service's tables, and what several of its records have in common."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from sqlalchemy import Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from crm_chassis.database import SERVICE_TYPES, service_metadata


class Base(DeclarativeBase):
    """What this service's tables derive from."""

    metadata = service_metadata()
    type_annotation_map = SERVICE_TYPES


class OfCustomer:
    """Columns of a record that belongs to a customer.

    merged_from: the customers it belonged to before each merge, oldest first, so that an unmerge restores it exactly.
    """

    customer_id: Mapped[UUID]
    merged_from: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list, server_default="{}")


class Worked:
    """A record somebody works on until its ``status`` is final; ``__open__`` names the states before that."""

    __open__: ClassVar[tuple[str, ...]] = ()
