"""A row that every worker and relay renews, so that the launcher, the alarms and the health page see which of them live."""

from __future__ import annotations

import math
import os
import socket
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import DateTime, Integer, Text, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import clock
from .database import system_transaction
from .tables import ChassisBase

if TYPE_CHECKING:
    from .service import Runtime

KINDS = ("worker", "relay")
"""What every service has running beside its web process."""

ALIVE_S = 20
_FORGOTTEN = timedelta(hours=1)


class ProcessBeat(ChassisBase):
    """The last sign of life of one process; ``name`` is its kind, worker or relay."""

    __tablename__ = "process_beats"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    host: Mapped[str] = mapped_column(Text, primary_key=True)
    pid: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def beat(runtime: Runtime, name: str) -> None:
    """Say that this process lives, and forget those of its kind that have been silent for an hour.

    Of its kind only: where no worker lives any more, the last one's row stays and tells since when.
    """
    now = clock.now()
    mine = {"name": name, "host": socket.gethostname(), "pid": os.getpid()}
    with runtime.activate(), system_transaction() as session:
        renewed = insert(ProcessBeat).values(**mine, at=now)
        session.execute(renewed.on_conflict_do_update(index_elements=list(mine), set_={"at": now}))
        session.execute(delete(ProcessBeat).where(ProcessBeat.name == name, ProcessBeat.at < now - _FORGOTTEN))


def silence_s(session: Session) -> dict[str, float]:
    """Kind of process -> seconds since the latest sign of life of any of its kind; more than ALIVE_S means none lives.

    Every one of KINDS is there: endless silence where there never was a sign.
    """
    rows = session.execute(select(ProcessBeat.name, func.max(ProcessBeat.at)).group_by(ProcessBeat.name))
    return dict.fromkeys(KINDS, math.inf) | {name: (clock.now() - at).total_seconds() for name, at in rows}
