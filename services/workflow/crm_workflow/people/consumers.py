"""Keeping the copy of roles."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis.inbox import upsert_copy
from crm_contracts.envelope import Envelope

from .models import Role


def on_role_changed(session: Session, envelope: Envelope) -> None:
    """Note whether the role lets its holders decide; one that is gone says nothing about another with its key."""
    role = envelope.data
    approves = any((grant["resource"], grant["action"]) == ("approval", "approve") for grant in role["grants"])
    state = {"id": UUID(role["id"]), "key": role["key"], "approves": approves or not role["active"]}
    upsert_copy(session, Role, state, envelope.aggregateversion)
