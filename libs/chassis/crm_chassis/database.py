"""Tables, sessions and transactions.

A business table derives from ``Record``. ``transaction()`` opens the one transaction of a request, job or event; it
carries the caller's scope into the session (``scope.apply``) and into row-level security.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import orjson
from sqlalchemy import (
    DateTime,
    Engine,
    Index,
    MetaData,
    Numeric,
    String,
    Uuid,
    create_engine,
    event,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    SessionTransaction,
    declared_attr,
    mapped_column,
    sessionmaker,
)

from . import background, change_log, clock, crash, deadline, ids, scope, statement_errors, text_search
from .identity import current_principal, principal_or_none
from .scope import SYSTEM, Scope
from .service import current_runtime
from .tables import NAMING, ChassisBase

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from .identity import Principal
    from .settings import Settings

__all__ = [
    "SERVICE_TYPES",
    "ChassisBase",
    "Database",
    "Record",
    "Scoped",
    "SoftDeleted",
    "add_missing",
    "everything",
    "record_indexes",
    "service_metadata",
    "system_transaction",
    "transaction",
]


SERVICE_TYPES: dict[Any, Any] = {
    datetime: DateTime(timezone=True),
    Decimal: Numeric(18, 2),
    dict[str, Any]: JSONB,
    list[str]: ARRAY(String),
    list[UUID]: ARRAY(Uuid),
    list[dict[str, Any]]: JSONB,
}


def service_metadata() -> MetaData:
    """Metadata for a service's own declarative base, beside ``type_annotation_map = SERVICE_TYPES``."""
    return MetaData(naming_convention=NAMING)


class SoftDeleted:
    """Rows that are hidden, not removed, by a delete."""

    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Scoped:
    """Rows that belong to a unit and to people; ``__resource__`` names the permission's resource.

    ``__people__``: the columns (a user's id or a list of them) whose user sees the row under scope ``self``.
    ``__always_own__``: the row's people reach it whatever their scope, such as an approver of another company.
    ``__pooled__``: rows without an owner are seen by everybody in the company. ``__through__``: ``(column, model)``,
    for rows that whoever owns their parent sees too, such as the interactions of a customer. ``__private__``: no scope,
    however wide, reaches the row by its unit; the model's own ``owned_by`` and ``open_to`` decide. ``__policy__``: one
    more SQL condition under which row-level security lets a row through.
    """

    __resource__: ClassVar[str]
    __people__: ClassVar[tuple[str, ...]] = ("owner_id",)
    __always_own__: ClassVar[bool] = False
    __pooled__: ClassVar[bool] = False
    __through__: ClassVar[tuple[str, Any] | None] = None
    __private__: ClassVar[bool] = False
    __policy__: ClassVar[str | None] = None

    unit_id: Mapped[UUID]
    owner_id: Mapped[UUID | None]

    @classmethod
    def owned_by(cls, principal: Principal) -> ColumnElement[bool]:
        """What scope ``self`` means in a query."""
        found = [_is_or_holds(getattr(cls, name), principal.user_id) for name in cls.__people__]
        if cls.__pooled__:
            found.append(scope.in_company_pool(cls, principal))
        if cls.__through__:
            column, parent = cls.__through__
            owned = select(parent.id).where(parent.owner_id == principal.user_id)
            found.append(getattr(cls, column).in_(owned.execution_options(with_deleted=True)))
        return or_(*found)

    def belongs_to(self, principal: Principal) -> bool:
        """Whether the caller is one of the row's people."""
        held = (getattr(self, name) for name in self.__people__)
        return any(principal.user_id in who if isinstance(who, list) else who == principal.user_id for who in held)

    def open_to(self, principal: Principal, permission: str) -> bool:
        """Whether the caller may use a permission they hold on this row, when it is ``__private__``."""
        del permission  # the people of a row may do with it whatever their roles let them
        return self.belongs_to(principal)


def _is_or_holds(column: Any, user_id: UUID) -> ColumnElement[bool]:
    return column.contains([user_id]) if isinstance(column.type, ARRAY) else column == user_id


class Record(Scoped, SoftDeleted):
    """The columns every record has; mix it in before the service's ``Base``.

    ``__search__`` names the text columns the ``q`` parameter looks into.
    """

    __search__: ClassVar[tuple[str, ...]] = ()
    __tracked__: ClassVar[bool] = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.uuid7, sort_order=-10)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=clock.now)
    created_by: Mapped[UUID | None]
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=clock.now)
    updated_by: Mapped[UUID | None]
    custom: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default="{}")

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version} if "__tablename__" in cls.__dict__ else {}

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return record_indexes(cls.__tablename__)  # type: ignore[attr-defined]


def record_indexes(table: str, *more: Any) -> tuple[Any, ...]:
    """The indexes of a scoped list: by unit and by owner in order of creation, and over the whole group.

    A model with constraints of its own writes ``__table_args__ = record_indexes("orders", UniqueConstraint(...))``.
    """
    return (
        Index(f"ix_{table}_unit_created", "unit_id", "created_at", "id"),
        Index(f"ix_{table}_owner_created", "owner_id", "created_at", "id"),
        Index(f"ix_{table}_created", "created_at", "id"),
        Index(f"ix_{table}_custom", "custom", postgresql_using="gin", postgresql_ops={"custom": "jsonb_path_ops"}),
        *more,
    )


class Database:
    """Engine and session factory of one service in one process."""

    def __init__(self, settings: Settings, base: type[DeclarativeBase]) -> None:
        options = (
            f"-c statement_timeout={settings.statement_timeout_ms} -c lock_timeout={settings.lock_timeout_ms}"
            f" -c idle_in_transaction_session_timeout={settings.idle_transaction_timeout_ms} -c timezone=UTC"
        )
        self.engine: Engine = create_engine(
            sqlalchemy_url(settings.database_url),
            pool_pre_ping=True,
            pool_size=settings.pool_size,
            max_overflow=settings.pool_size,
            pool_timeout=3,
            pool_recycle=1800,
            json_serializer=_dumps,
            json_deserializer=orjson.loads,
            hide_parameters=True,
            connect_args={"options": options, "connect_timeout": 3, "application_name": f"banyan {settings.service}"},
        )
        event.listen(self.engine, "handle_error", statement_errors.hide_values)
        self.scoped_models = tuple(
            mapper.class_ for mapper in base.registry.mappers if issubclass(mapper.class_, Scoped)
        )
        self.sessions = sessionmaker(
            self.engine,
            expire_on_commit=False,
            info={"scoped_models": self.scoped_models, "statement_timeout_ms": settings.statement_timeout_ms},
        )
        event.listen(self.sessions, "do_orm_execute", scope.apply)
        event.listen(self.sessions, "after_begin", _raise_fence)
        event.listen(self.sessions, "before_flush", _stamp)
        event.listen(self.sessions, "before_flush", change_log.collect)
        event.listen(self.sessions, "after_flush", text_search.index_changed)


def sqlalchemy_url(url: str) -> str:
    """A ``postgresql://`` URL with the driver this house uses."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _dumps(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


_FENCE = text("SELECT set_config('crm.units', :units, true), set_config('crm.user', :user, true)")
_FENCE_AND_LIMIT = text(f"{_FENCE.text}, set_config('statement_timeout', :limit, true)")


def _raise_fence(session: Session, begun: SessionTransaction, connection: Any) -> None:
    """Begin behind the scope's fence, and with the time that the caller's deadline leaves, in one round trip."""
    held: Scope | None = session.info.get("scope")
    if held is None or begun.nested:  # a savepoint inherits it
        return
    limit = deadline.limit_ms(session.info["statement_timeout_ms"])
    if limit is None:
        connection.execute(_FENCE, {"units": held.fence, "user": held.user})
    else:
        connection.execute(_FENCE_AND_LIMIT, {"units": held.fence, "user": held.user, "limit": str(limit)})


def _stamp(session: Session, _context: Any, _instances: Any) -> None:
    principal = principal_or_none()
    user_id = principal.user_id if principal else None
    for row in session.new:
        if isinstance(row, Record):
            row.created_by = row.created_by or user_id
            row.updated_by = row.updated_by or user_id
    for row in session.dirty:
        if isinstance(row, Record) and session.is_modified(row):
            row.updated_at = clock.now()
            row.updated_by = user_id or row.updated_by


_session: ContextVar[Session | None] = ContextVar("crm_session", default=None)


@contextmanager
def transaction(held: Scope | None = None, *, separate: bool = False) -> Iterator[Session]:
    """The one transaction of the work being done; commits when the outermost block ends well.

    Without ``held`` the caller's own scope is used (Unauthenticated when there is no caller). An inner call joins the
    transaction that is open; ``separate`` opens another beside it, on a connection of its own.
    """
    background.moves()
    outer = _session.get()
    if outer is not None and not separate:
        yield outer
        return
    held = held or Scope(current_principal())
    session = current_runtime().database.sessions()
    session.info["scope"] = held
    token = _session.set(session)
    try:
        with session, session.begin():
            yield session
            crash.point("before_commit")
        crash.point("committed")
    finally:
        _session.reset(token)


def system_transaction(*, separate: bool = False) -> Any:
    """A transaction that sees every row: for jobs, consumers and public routes, which must filter for themselves."""
    return transaction(SYSTEM, separate=separate)


def add_missing(session: Session, rows: Iterable[Record]) -> None:
    """Add records unless their ids are taken, if only by deleted ones: what a group begins with, told of again."""
    for row in rows:
        if session.get(type(row), row.id, execution_options={"with_deleted": True}) is None:
            session.add(row)


@contextmanager
def everything(session: Session) -> Iterator[Session]:
    """Within the block the open session sees every row, whoever asks: for checks such as duplicates.

    Nothing read here may reach the caller unfiltered.
    """
    own: Scope = session.info["scope"]
    session.connection()  # so that the transaction has begun behind the own fence, and falls back to it
    _hold(session, SYSTEM)
    try:
        yield session
    except SQLAlchemyError:
        session.info["scope"] = own  # no more statements are taken now; rolling back takes the fence back as well
        raise
    except BaseException:
        _hold(session, own)
        raise
    else:
        _hold(session, own)


def _hold(session: Session, held: Scope) -> None:
    session.flush()
    session.info["scope"] = held
    session.execute(_FENCE, {"units": held.fence, "user": held.user})
