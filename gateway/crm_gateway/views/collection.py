"""Saved views as a collection."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, validate
from sqlalchemy import ColumnElement, not_
from sqlalchemy.orm import object_session

from crm_chassis import errors, fields, org
from crm_chassis.collection import Collection, RecordSchema
from crm_chassis.identity import current_principal
from crm_chassis.language import say
from crm_contracts.permissions import LISTS

from ..checked import also
from . import actions
from .models import SavedView

_NAMES_MAX, _NAME_MAX, _VALUE_MAX = 50, 120, 8_000


class _Conditions(validate.Validator):
    """What the address of a list can hold."""

    def __call__(self, value: dict[str, Any]) -> dict[str, Any]:
        if len(value) > _NAMES_MAX or any(len(name) > _NAME_MAX for name in value):
            raise ValidationError(say("A view has {count} conditions at most.", count=_NAMES_MAX))
        if not all(isinstance(text, str) and len(text) <= _VALUE_MAX and "\x00" not in text for text in value.values()):
            raise ValidationError(say("Write each condition as text, as the list's address has it."))
        return value


class SavedViewSchema(RecordSchema):
    """A saved view. ``query`` is what the list's address holds: filters, ``q``, ``sort``."""

    name = fields.text(("名称", "Name"), required=True, longest=80)
    collection = also(
        fields.text(("列表", "List"), required=True, longest=60),
        validate.OneOf(LISTS, error=say("There is no such list.")),
    )
    query = also(fields.obj(("条件", "Conditions")), _Conditions())
    columns = fields.texts(("列", "Columns"), longest=100, allow_none=True)
    shared_with_unit_id = fields.ref(("共享给", "Shared with"), "org_unit")
    owner_name = fields.text(("负责人姓名", "Owner's name"), dump_only=True)
    shared_with_name = fields.text(("共享组织名称", "Name of the unit"), dump_only=True)
    shared_with_name_en = fields.text(("共享组织英文名称", "English name of the unit"), dump_only=True)


def _owner_name(view: SavedView) -> str | None:
    """The name is told with the view: who sees a shared view need not see its owner's record."""
    session = object_session(view)
    owner = session.get(org.OrgUser, view.owner_id) if session and view.owner_id else None
    return owner.display_name if owner else None


def _unit(view: SavedView) -> org.OrgUnit | None:
    session = object_session(view)
    return session.get(org.OrgUnit, view.shared_with_unit_id) if session and view.shared_with_unit_id else None


def _unit_name(view: SavedView) -> str | None:
    unit = _unit(view)
    return unit.name if unit else None


def _unit_name_en(view: SavedView) -> str | None:
    unit = _unit(view)
    return unit.name_en if unit else None


def _offered(raw: str) -> ColumnElement[bool]:
    """``offered=true``: the caller's own and what is shared where they work, without what they merely manage."""
    if raw not in {"true", "false"}:
        raise errors.field_error("?offered", "invalid", say("Write true or false."))
    offered = SavedView.offered_to(current_principal())
    return offered if raw == "true" else not_(offered)


saved_views = Collection(
    "saved-views",
    SavedView,
    SavedViewSchema,
    ("保存的视图", "Saved views"),
    create=actions.create,
    update=actions.update,
    computed={"owner_name": _owner_name, "shared_with_name": _unit_name, "shared_with_name_en": _unit_name_en},
    filters={"offered": _offered},
    frozen=frozenset({"import"}),
    default_sort=("name",),
)
