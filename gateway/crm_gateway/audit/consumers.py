"""What happened in other services and belongs into the audit log."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_contracts.envelope import Envelope
from crm_contracts.events import REGISTRY

from . import actions

EXPORTED = "export.finished"


def on_export(session: Session, envelope: Envelope) -> None:
    """Write down who took which records out of the system; again with the same export changes nothing."""
    facts = envelope.data
    job_id = UUID(facts["id"])
    if actions.is_known(session, EXPORTED, job_id):
        return
    actions.record(
        session,
        EXPORTED,
        unit_id=UUID(facts["unit_id"]),
        subject_type="export",
        subject_id=job_id,
        subject_name=facts["collection"],
        actor_id=UUID(facts["owner_id"]),
        actor_name=facts["username"],
        **{name: facts[name] for name in ("format", "filter", "fields", "rows")},
    )


HANDLERS = {
    name: on_export for name, event in REGISTRY.items() if (event.subject, event.fact) == ("export", "finished")
}
