"""``/notification-preferences``: every topic with what holds for the caller, and their choices."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from crm_chassis import errors
from crm_chassis.database import everything, transaction
from crm_chassis.http import Blueprint, accepts, answers, json_response
from crm_chassis.identity import current_principal, requires
from crm_chassis.language import say
from crm_chassis.service import current_runtime

from ..texts.kinds import KINDS
from ..texts.topics import TOPICS
from . import actions, queries
from .models import Preference
from .rules import EVERY_TOPIC, FIELDS
from .schemas import ChoiceBody, PreferencesView, PreferenceView

blueprint = Blueprint("notification preferences", __name__, url_prefix="/notification-preferences")


@blueprint.get("")
@requires("notification_preference:read")
@answers(PreferencesView)
def list_preferences() -> Response:
    """Every topic with what holds for the caller, and whether e-mail is set up at all."""
    user_id = current_principal().user_id
    with transaction() as session, everything(session):
        rows = queries.rows_of(session, [user_id])
        items = [_shown(rows, user_id, topic) for topic in (EVERY_TOPIC, *TOPICS)]
    return json_response({"items": items, "channels": _channels()})


@blueprint.put("/<topic>")
@requires("notification_preference:update")
@accepts(ChoiceBody)
@answers(PreferenceView)
def replace_preference(topic: str, body: dict[str, Any]) -> Response:
    """Set the caller's whole choice for a topic (or for `all`); what is not named returns to what holds for all."""
    return _choose(topic, {**dict.fromkeys(FIELDS), **body})


@blueprint.patch("/<topic>")
@requires("notification_preference:update")
@accepts(ChoiceBody)
@answers(PreferenceView)
def change_preference(topic: str, body: dict[str, Any]) -> Response:
    """Change some of the caller's choices for a topic (or for `all`)."""
    return _choose(topic, body)


def _choose(topic: str, values: dict[str, Any]) -> Response:
    if topic not in TOPICS and topic != EVERY_TOPIC:
        raise errors.NotFound(say("There is no topic {topic}. GET /notification-preferences lists them.", topic=topic))
    caller = current_principal()
    with transaction() as session, everything(session):
        _write(session, topic, values)
        return json_response(_shown(queries.rows_of(session, [caller.user_id]), caller.user_id, topic))


def _write(session: Session, topic: str, values: dict[str, Any]) -> None:
    caller = current_principal()
    actions.choose(session, user_id=caller.user_id, unit_id=caller.unit_id, topic=topic, values=values)


def _shown(rows: dict[tuple[UUID, str], Preference], user_id: UUID, topic: str) -> dict[str, Any]:
    choice = queries.effective(rows, user_id, topic)
    own = rows.get((user_id, topic))
    zh, en = TOPICS.get(topic, ("全部", "Everything"))
    kinds = [kind for kind in KINDS.values() if kind.topic == topic]
    return {
        "topic": topic,
        "label": {"zh": zh, "en": en},
        **{name: getattr(choice, name) for name in FIELDS},
        "kinds": [
            {
                "kind": kind.key,
                "label": {"zh": kind.label[0], "en": kind.label[1]},
                "email": kind.email if choice.email is None else choice.email,
            }
            for kind in kinds
        ],
        "chosen": [name for name in FIELDS if own is not None and getattr(own, name) is not None],
    }


_NO_MAIL = say("No mail server is configured (SMTP_URL): nothing is sent by e-mail.")


def _channels() -> dict[str, Any]:
    mailing = bool(current_runtime().settings.smtp_url)
    reason = None if mailing else _NO_MAIL.spoken()
    return {"in_app": {"available": True}, "email": {"available": mailing, "reason": reason}}
