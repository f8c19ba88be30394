"""The base of the chassis' own tables, which stand in every service's database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
"""Constraint names; ``uq_<table>_<columns>`` is what tells a caller which field was taken."""

TYPES: dict[Any, Any] = {datetime: DateTime(timezone=True), dict[str, Any]: JSONB, int: BigInteger}


class ChassisBase(DeclarativeBase):
    """Declarative base of outbox, inbox, jobs, files and the rest."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES
