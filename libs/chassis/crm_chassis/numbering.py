"""Running numbers by series, such as N1-000123: gapless per series, given in the transaction that uses them."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from .tables import ChassisBase


class Series(ChassisBase):
    """The last number given in one series."""

    __tablename__ = "number_series"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    last: Mapped[int]


def take(session: Session, series: str, count: int = 1) -> range:
    """The next ``count`` numbers of the series, from 1; the series stays locked until the transaction ends."""
    statement = insert(Series).values(name=series, last=count)
    last = session.scalar(
        statement.on_conflict_do_update(index_elements=["name"], set_={"last": Series.last + count}).returning(
            Series.last
        )
    )
    return range(int(last or 0) - count + 1, int(last or 0) + 1)


def code(session: Session, prefix: str, kind: str, *, digits: int = 6) -> str:
    """The next code of a series, ``N1-000123``: prefix is the company's code, kind keeps series of things apart."""
    return f"{prefix}-{take(session, f'{kind}/{prefix}')[0]:0{digits}d}"
