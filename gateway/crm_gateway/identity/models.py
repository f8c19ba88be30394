"""Users and everything by which somebody is known."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis import clock, ids
from crm_chassis.database import Record, record_indexes

from ..tables import Base


class User(Record, Base):
    """A person who signs in. ``unit_id`` is the primary unit, ``unit_ids`` further ones."""

    __tablename__ = "users"
    __resource__ = "user"
    __search__: ClassVar[tuple[str, ...]] = ("display_name", "username", "email", "mobile")
    __people__: ClassVar[tuple[str, ...]] = ("id",)
    __table_args__ = record_indexes(
        "users",
        Index("uq_users_username", text("lower(username)"), unique=True),
        Index("ix_users_display_name", "display_name", "id"),
        Index("ix_users_role_ids", "role_ids", postgresql_using="gin"),
    )

    username: Mapped[str] = mapped_column(String(80))
    display_name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    mobile: Mapped[str | None] = mapped_column(String(40))
    unit_ids: Mapped[list[UUID]] = mapped_column(default=list)
    role_ids: Mapped[list[UUID]] = mapped_column(default=list)
    manager_id: Mapped[UUID | None]
    locale: Mapped[str] = mapped_column(String(20), default="zh-CN")
    active: Mapped[bool] = mapped_column(default=True)
    last_sign_in_at: Mapped[datetime | None]
    must_change_password: Mapped[bool] = mapped_column(default=False)

    @property
    def all_units(self) -> frozenset[UUID]:
        """Every unit the user works in."""
        return frozenset({self.unit_id, *self.unit_ids})


class Credential(Base):
    """How a user proves who they are. Kept apart from the user's record, so that no history or event can hold it.

    ``sign_ins`` counts successful ones. ``totp_step``: the last time step whose code was used.
    """

    __tablename__ = "credentials"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)
    totp_secret: Mapped[str | None] = mapped_column(String(300))
    totp_confirmed: Mapped[bool] = mapped_column(default=False)
    totp_step: Mapped[int] = mapped_column(default=0)
    sign_ins: Mapped[int] = mapped_column(default=0)


class SignIn(Base):
    """A session: one sign-in and what follows from it, until it is ended, idle too long or too old.

    kind: ``browser`` (a cookie) or ``client`` (access and refresh tokens).
    """

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_user", "user_id", "ended_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(300))


class Token(Base):
    """A secret somebody holds, known here by its SHA-256 only. kind: ``browser``, ``access`` or ``refresh``."""

    __tablename__ = "tokens"
    __table_args__ = (Index("ix_tokens_sign_in", "sign_in_id"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    sign_in_id: Mapped[UUID] = mapped_column(ForeignKey("sign_ins.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class SignInFailures(Base):
    """Failures in a row of one name from one address, known user or not, or of one user's codes; known by a hash."""

    __tablename__ = "sign_in_failures"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class ApiKey(Record, Base):
    """A key for a machine: acts as its owner, within ``scopes``. Known here by its SHA-256 only."""

    __tablename__ = "api_keys"
    __resource__ = "api_key"
    __search__: ClassVar[tuple[str, ...]] = ("name",)
    __table_args__ = record_indexes("api_keys", Index("uq_api_keys_digest", "digest", unique=True))

    name: Mapped[str] = mapped_column(String(120))
    prefix: Mapped[str] = mapped_column(String(12))
    digest: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(default=list)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
