"""Two tiny services for the tests of the bus: the ledger announces accounts, the mirror keeps copies of them.

What the mirror's handler does is chosen by ``behaviour`` in the event, so that a test can make it fail or die.
"""

from __future__ import annotations

import os
import signal
import threading
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from crm_chassis import inbox, outbox
from crm_chassis.database import SERVICE_TYPES, service_metadata
from crm_chassis.service import Service
from crm_contracts.envelope import Envelope
from crm_contracts.events import REGISTRY, EventType
from crm_contracts.subscriptions import PATTERNS

CHANGED = "crm.ledger.account.changed.v1"
STEPPED = "crm.ledger.account.stepped.v1"
AUDITED = "crm.ledger.account.audited.v1"
COPIED = "crm.mirror.account.copied.v1"

for _type in (CHANGED, STEPPED, AUDITED, COPIED):
    _, _service, _subject, _fact, _ = _type.split(".")
    REGISTRY[_type] = EventType(_type, _service, _subject, _fact, 1, {"id": "uuid", "balance": "integer"})
PATTERNS["ledger"] = ()
PATTERNS["mirror"] = ("crm.ledger.#",)

repaired = threading.Event()
"""Set by a test when the fault that ``behaviour: fail`` stands for was put right."""


class LedgerBase(DeclarativeBase):
    metadata = service_metadata()
    type_annotation_map = SERVICE_TYPES


class MirrorBase(DeclarativeBase):
    metadata = service_metadata()
    type_annotation_map = SERVICE_TYPES


class Account(LedgerBase):  # type: ignore[misc,valid-type]
    """The ledger's own row."""

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    version: Mapped[int]
    balance: Mapped[int]


class AccountCopy(MirrorBase):  # type: ignore[misc,valid-type]
    """The mirror's copy, at the highest version it was told of."""

    __tablename__ = "account_copies"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    balance: Mapped[int]


class Effect(MirrorBase):  # type: ignore[misc,valid-type]
    """One row per completed run of a handler, deliberately without a unique key: it must stay unique by the inbox."""

    __tablename__ = "effects"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    event_id: Mapped[UUID]
    aggregate_id: Mapped[UUID]
    version: Mapped[int]
    replayed: Mapped[bool]
    done_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


def change_account(session: Session, account_id: UUID, version: int, balance: int, **extra: Any) -> Envelope:
    """Write the ledger's row and announce it: what every action of a real service does."""
    account = session.get(Account, account_id)
    if account is None:
        session.add(Account(id=account_id, version=version, balance=balance))
    else:
        account.version, account.balance = version, balance
    kind = extra.pop("type", CHANGED)
    payload = {"id": account_id, "balance": balance, **extra}
    return outbox.record(session, kind, account_id, payload, version=version, unit_id=None)


def copy_account(session: Session, event: Envelope) -> None:
    """The mirror's handler: keep the newest copy, note the effect, announce it."""
    _behave(event.data.get("behaviour"))
    account_id, balance = UUID(event.subject), event.data["balance"]
    inbox.upsert_copy(session, AccountCopy, {"id": account_id, "balance": balance}, event.aggregateversion)
    _note(session, event)
    if event.data.get("behaviour") != "keep quiet":
        payload = {"id": account_id, "balance": balance}
        outbox.record(session, COPIED, account_id, payload, version=event.aggregateversion, unit_id=None)


def step_account(session: Session, event: Envelope) -> None:
    """A handler that needs every version in turn."""
    last = session.scalar(
        select(Effect.version)
        .where(Effect.aggregate_id == UUID(event.subject))
        .order_by(Effect.version.desc())
        .limit(1)
    )
    if event.aggregateversion != (last or 0) + 1:
        raise inbox.Parked(event.aggregateversion - 1)
    _note(session, event)


def _note(session: Session, event: Envelope) -> None:
    session.add(
        Effect(
            event_id=UUID(event.id),
            aggregate_id=UUID(event.subject),
            version=event.aggregateversion,
            replayed=inbox.replaying(),
        )
    )


def _behave(behaviour: str | None) -> None:
    if behaviour == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "fail" and not repaired.is_set():
        raise ValueError("this account cannot be copied")


LEDGER = Service(name="ledger", base=LedgerBase)
MIRROR = Service(name="mirror", base=MirrorBase, handlers={CHANGED: copy_account, STEPPED: step_account})
SERVICES = {"ledger": LEDGER, "mirror": MIRROR}
