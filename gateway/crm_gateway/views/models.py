"""Saved views."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, Index, String, and_, or_
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis import org, scope
from crm_chassis.database import Record, record_indexes
from crm_chassis.identity import Principal

from ..tables import Base

_HOMES = (
    "SELECT c.ancestor_id FROM org_closure c JOIN org_users u ON u.id ="
    " NULLIF(current_setting('crm.user', true), '')::uuid"
    " AND (c.descendant_id = u.unit_id OR u.unit_ids @> to_jsonb(c.descendant_id::text))"
)


class SavedView(Record, Base):
    """What a list's address held, by name. ``columns`` None: the list's own; ``shared_with_unit_id`` None: mine alone.

    A shared one is seen by whoever works in the unit or below it, and by who manages the unit's users: they may remove
    what people who left have left behind. A role's scope does not matter.
    """

    __tablename__ = "saved_views"
    __resource__ = "saved_view"
    __private__ = True
    __policy__ = f"shared_with_unit_id IN ({_HOMES}) OR shared_with_unit_id IN ({scope.FENCED_UNITS})"
    __search__: ClassVar[tuple[str, ...]] = ("name",)
    __table_args__ = record_indexes("saved_views", Index("ix_saved_views_shared", "shared_with_unit_id", "collection"))

    name: Mapped[str] = mapped_column(String(80))
    collection: Mapped[str] = mapped_column(String(60))
    query: Mapped[dict[str, Any]] = mapped_column(default=dict)
    columns: Mapped[list[str] | None]
    shared_with_unit_id: Mapped[UUID | None]

    @classmethod
    def offered_to(cls, principal: Principal) -> ColumnElement[bool]:
        """The caller's own views and those shared with a unit at or above one they work in."""
        return or_(cls.owner_id == principal.user_id, cls.shared_with_unit_id.in_(org.units_above(principal.user_id)))

    @classmethod
    def owned_by(cls, principal: Principal) -> ColumnElement[bool]:
        """The views offered to the caller, and those shared with units whose users the caller manages."""
        managed = scope.units_reached(principal, "user:update", cls.shared_with_unit_id)
        return or_(cls.offered_to(principal), and_(cls.shared_with_unit_id.is_not(None), managed))

    def open_to(self, principal: Principal, permission: str) -> bool:
        """The owner may do everything; who manages the users of the unit may remove a shared view."""
        unit = self.shared_with_unit_id
        if permission == "saved_view:delete" and unit is not None and principal.reaches_unit("user:update", unit):
            return True
        return self.owner_id == principal.user_id
