"""When roles, users or the tree change, every process must stop trusting what it computed from them.

One row holds the present generation (a random id) and the tree's version. A transaction that changes something says
``changed(session)``; the new generation is written with its commit and told to Redis right after it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import event, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from crm_chassis import org
from crm_chassis.database import system_transaction
from crm_chassis.service import current_runtime

from .memory import memory
from .tables import Base

GENERATION = "generation"
"""The key of the present generation in Redis."""

_KNOWN_FOR_S = 30
_ROW = 1


class IdentityState(Base):
    """The one row: which generation of users, roles and units holds, and how often the tree changed."""

    __tablename__ = "identity_state"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    generation: Mapped[UUID]
    tree_version: Mapped[int] = mapped_column(default=0)


def begin(session: Session) -> None:
    """Write the row when it is not there yet."""
    if session.get(IdentityState, _ROW) is None:
        session.add(IdentityState(id=_ROW, generation=uuid4(), tree_version=0))
        session.flush()


def changed(session: Session) -> None:
    """Let the commit of this transaction end the present generation."""
    session.info["identity_changed"] = True


def next_tree_version(session: Session) -> int:
    """Count a change of the tree; its row stays locked until the transaction ends."""
    changed(session)
    counted = update(IdentityState).values(tree_version=IdentityState.tree_version + 1)
    return session.execute(counted.returning(IdentityState.tree_version)).scalar_one()


def generation_now() -> str:
    """The generation in the database, kept in Redis for the next who asks."""
    with system_transaction(separate=True) as session:
        found = session.scalar(select(IdentityState.generation))
    text = str(found)
    memory(current_runtime().settings.redis_url).put(GENERATION, text.encode(), life_s=_KNOWN_FOR_S)
    return text


def _end_generation(session: Session) -> None:
    if session.info.pop("identity_changed", False):
        generation = uuid4()
        session.flush()
        session.execute(update(IdentityState).values(generation=generation))
        session.info["new_generation"] = str(generation)


def _tell(session: Session) -> None:
    _memory().forget(*(f"caller:{digest}" for digest in session.info.pop("changed_credentials", ())))
    for digest in session.info.pop("ended_credentials", ()):
        _memory().put(f"caller:{digest}", ENDED, life_s=_REMEMBER_ENDED_S, replace=True)
    generation = session.info.pop("new_generation", None)
    if generation:
        org.forget_tree()
        _memory().put(GENERATION, generation.encode(), life_s=_KNOWN_FOR_S, replace=True)


ENDED = b"ended"
"""What Redis holds for a credential that was ended; it outlives whatever a slow reader might still write."""

_REMEMBER_ENDED_S = 300


def end_credentials(session: Session, digests: list[str]) -> None:
    """Let nobody be known by these credentials any more, from the commit of this transaction on."""
    session.info.setdefault("ended_credentials", set()).update(digests)


def change_credentials(session: Session, digests: list[str]) -> None:
    """Let what these credentials stand for be looked up again, from the commit of this transaction on."""
    session.info.setdefault("changed_credentials", set()).update(digests)


def _memory() -> Any:
    return memory(current_runtime().settings.redis_url)


def _before_commit(session: Session) -> None:
    if not session.in_nested_transaction():
        _end_generation(session)


def _after_commit(session: Session) -> None:
    if not session.in_nested_transaction():
        _tell(session)


event.listen(Session, "before_commit", _before_commit)
event.listen(Session, "after_commit", _after_commit)
