"""The customer, the keys its duplicates are found by, and who owned it when."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis import clock, ids
from crm_chassis.database import Record, record_indexes

from ..tables import Base


class Customer(Record, Base):
    """A company or a person we do business with, or hope to.

    ``last_contact_at``, ``last_order_at``, ``churn_risk`` and ``rfm`` are kept by the service from what happens.
    """

    __tablename__ = "customers"
    __resource__ = "customer"
    __search__ = ("name", "short_name", "code", "phone", "mobile")
    __pooled__ = True
    __table_args__ = record_indexes(
        "customers",
        Index("uq_customers_code", "code", unique=True, postgresql_where="deleted_at IS NULL"),
        Index("ix_customers_unit_name", "unit_id", "name", "id"),
        Index("ix_customers_name", "name", "id"),
        Index("ix_customers_unit_updated", "unit_id", "updated_at", "id"),
        Index("ix_customers_region", "region_code"),
        Index("ix_customers_parent", "parent_id"),
        Index("ix_customers_status", "status", "created_at", "id"),
        Index("ix_customers_level", "level"),
    )

    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    short_name: Mapped[str | None] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(20), default="company")
    relation: Mapped[str] = mapped_column(String(20), default="prospect")
    status: Mapped[str] = mapped_column(String(20), default="active")
    level: Mapped[str | None] = mapped_column(String(60))
    industry: Mapped[str | None] = mapped_column(String(60))
    source: Mapped[str | None] = mapped_column(String(60))
    region_code: Mapped[str | None] = mapped_column(String(6), ForeignKey("regions.code"))
    area_code: Mapped[str | None] = mapped_column(String(10))
    postcode: Mapped[str | None] = mapped_column(String(12))
    address: Mapped[str | None] = mapped_column(String(300))
    phone: Mapped[str | None] = mapped_column(String(40))
    mobile: Mapped[str | None] = mapped_column(String(40))
    fax: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))
    website: Mapped[str | None] = mapped_column(String(500))
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    annual_revenue: Mapped[Decimal | None]
    employee_count: Mapped[int | None]
    credit_code: Mapped[str | None] = mapped_column(String(18))
    legal_representative: Mapped[str | None] = mapped_column(String(100))
    registered_capital: Mapped[Decimal | None]
    bank_name: Mapped[str | None] = mapped_column(String(200))
    bank_account: Mapped[str | None] = mapped_column(String(60))
    tax_no: Mapped[str | None] = mapped_column(String(60))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    satisfaction: Mapped[int | None]
    credit_rating: Mapped[str | None] = mapped_column(String(60))
    credit_limit: Mapped[Decimal | None]
    last_contact_at: Mapped[datetime | None]
    last_order_at: Mapped[datetime | None]
    rfm: Mapped[str | None] = mapped_column(String(3))
    churn_risk: Mapped[str | None] = mapped_column(String(20))
    pooled_at: Mapped[datetime | None]


class CustomerKey(Base):
    """One normalised value that would betray a duplicate; see ``rules.keys_of``.

    A table of its own without row-level security, because the search crosses companies by intent; what it finds is
    shown only as far as the caller's scope reaches.
    """

    __tablename__ = "customer_keys"
    __table_args__ = (Index("ix_customer_keys_customer", "customer_id"),)

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(300), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), primary_key=True)


class Ownership(Base):
    """One change of a customer's owner or unit. action: assign, claim, release, change or handover."""

    __tablename__ = "customer_ownerships"
    __table_args__ = (Index("ix_customer_ownerships_customer", "customer_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    action: Mapped[str] = mapped_column(String(20))
    from_owner_id: Mapped[UUID | None]
    to_owner_id: Mapped[UUID | None]
    from_unit_id: Mapped[UUID]
    to_unit_id: Mapped[UUID]
    reason: Mapped[str | None] = mapped_column(String(500))
    actor_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=clock.now)
