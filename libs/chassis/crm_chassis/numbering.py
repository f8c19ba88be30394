"""Running numbers by series, such as N1-000123: each is given once and they only rise; a write that fails leaves a gap.

A number is taken beside the transaction that uses it, not in it: the row of a series would otherwise stay locked until
that transaction ends, and everybody who creates something in one company would queue for it.
"""

from __future__ import annotations

from sqlalchemy import String, text
from sqlalchemy.orm import Mapped, mapped_column

from .service import current_runtime
from .tables import ChassisBase


class Series(ChassisBase):
    """The last number given in one series."""

    __tablename__ = "number_series"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    last: Mapped[int]


# It need not wait for the disk: the log is written in order, so the commit that uses the number makes it durable too.
_TAKE = text(
    "WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))"
    " INSERT INTO number_series (name, last) SELECT :name, :count FROM unhurried"
    " ON CONFLICT (name) DO UPDATE SET last = number_series.last + :count RETURNING last"
)


def take(series: str, count: int = 1) -> range:
    """The next ``count`` numbers of the series, from 1."""
    with current_runtime().database.engine.connect() as connection:
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        last = int(alone.execute(_TAKE, {"name": series, "count": count}).scalar_one())
    return range(last - count + 1, last + 1)


def code(prefix: str, kind: str, *, digits: int = 6) -> str:
    """The next code of a series, ``N1-000123``: prefix is the company's code, kind keeps series of things apart."""
    return f"{prefix}-{take(f'{kind}/{prefix}')[0]:0{digits}d}"
