"""Where records are."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from crm_chassis import org


def zone_of(unit_id: UUID | None) -> ZoneInfo:
    """The time zone in which a record's days and months begin: its unit's, the head office's while that is not known."""
    return ZoneInfo(org.tree().timezone(unit_id) if unit_id else org.HOME_TIMEZONE)
