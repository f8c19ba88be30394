"""Notifications, and each recipient's mailbox that numbers them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base


class Notification(Record, Base):
    """One thing a user is told. owner_id: the recipient. count: how many facts it stands for, more than 1 in a digest.

    event_id: the event or reminder that caused it. number: grows with every arrival in the recipient's mailbox, and
    in the order of commits, so that ``number > last seen`` never misses one. in_app: false when only a mail was wanted.
    """

    __tablename__ = "notifications"
    __resource__ = "notification"
    __tracked__ = False
    __table_args__ = record_indexes(
        "notifications",
        UniqueConstraint("event_id", "owner_id", "kind"),
        UniqueConstraint("owner_id", "number"),
        Index("ix_notifications_recent", "owner_id", "kind", "created_at"),
        Index("ix_notifications_unread", "owner_id", postgresql_where="read_at IS NULL AND in_app"),
    )

    owner_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(60))
    title: Mapped[str]
    body: Mapped[str]
    link: Mapped[str]
    read_at: Mapped[datetime | None]
    event_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(BigInteger)
    count: Mapped[int] = mapped_column(default=1)
    in_app: Mapped[bool] = mapped_column(default=True)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Mailbox(Base):
    """The last number given to a recipient. Its row lock puts a recipient's notifications in the order of commits."""

    __tablename__ = "mailboxes"

    recipient_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_number: Mapped[int] = mapped_column(BigInteger)
