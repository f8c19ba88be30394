"""The declarative base of the expenses service's tables, and the columns of a document that is approved."""

from uuid import UUID

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from crm_chassis.database import SERVICE_TYPES, service_metadata


class Base(DeclarativeBase):
    """What this service's tables derive from."""

    metadata = service_metadata()
    type_annotation_map = SERVICE_TYPES


class UnderApproval:
    """What a document remembers of its approval: each submission is a round with a request of its own.

    status ``submitted`` means the round is running; ``decision_comment`` is what the last decider wrote.
    """

    status: Mapped[str] = mapped_column(default="draft")
    approval_id: Mapped[UUID | None]
    approval_round: Mapped[int] = mapped_column(default=0)
    decision_comment: Mapped[str | None]
