"""The people we know at a customer."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..customers.models import Customer
from ..tables import Base


class Contact(Record, Base):
    """A person at a customer. Unit and owner are always the customer's."""

    __tablename__ = "contacts"
    __resource__ = "contact"
    __search__ = ("name", "phone", "mobile", "email")
    __through__ = ("customer_id", Customer)
    __table_args__ = record_indexes("contacts", Index("ix_contacts_customer", "customer_id", "created_at", "id"))

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    name: Mapped[str] = mapped_column(String(200))
    title: Mapped[str | None] = mapped_column(String(100))
    department: Mapped[str | None] = mapped_column(String(100))
    decision_maker: Mapped[bool] = mapped_column(default=False)
    gender: Mapped[str | None] = mapped_column(String(10))
    birthday: Mapped[date | None]
    phone: Mapped[str | None] = mapped_column(String(40))
    mobile: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))
    wechat: Mapped[str | None] = mapped_column(String(60))
    preferences: Mapped[str | None]
