"""What users chose, one row per user and topic."""

from uuid import UUID

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base


class Preference(Record, Base):
    """A user's choice for one topic, or for ``all``. Null in a column means: as ``all`` says, else the default."""

    __tablename__ = "notification_preferences"
    __resource__ = "notification_preference"
    __tracked__ = False
    __table_args__ = record_indexes("notification_preferences", UniqueConstraint("owner_id", "topic"))

    owner_id: Mapped[UUID]
    topic: Mapped[str] = mapped_column(String(40))
    in_app: Mapped[bool | None]
    email: Mapped[bool | None]
    quiet_start: Mapped[str | None] = mapped_column(String(5))
    quiet_end: Mapped[str | None] = mapped_column(String(5))
    timezone: Mapped[str | None] = mapped_column(String(60))
