"""The little that texts need of a customer."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from ..tables import Base


class Customer(Base):
    """A copy of a customer's name and owner, fed by the customer service."""

    __tablename__ = "customers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    owner_id: Mapped[UUID | None] = mapped_column(index=True)
    version: Mapped[int]
