"""Pipelines: an ordinary collection, and the pipeline a group begins with."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from marshmallow import Schema, validate
from marshmallow import fields as ma
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm_chassis import errors, fields, org, text_search
from crm_chassis.collection import Collection, RecordSchema
from crm_chassis.database import everything
from crm_chassis.language import say
from crm_contracts.envelope import Envelope

from . import queries, stages
from .models import Pipeline

_DEFAULT = UUID("6f2d7a52-8f2c-5d0e-9a3f-6c1c8f0f6b11")
"""Namespace of default pipelines: each root has one, whoever creates it first."""


class StageSchema(Schema):
    """One stage. exit_conditions: fields of the opportunity that must be filled in before it goes on."""

    key = ma.String(
        required=True,
        validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,39}\Z", error=say("Use small letters, digits and _.")),
        metadata={"crm": {"kind": "text", "label": ("代号", "Key")}},
    )
    name = fields.text(("名称", "Name"), required=True, longest=60)
    name_en = fields.text(("英文名称", "English name"), longest=60)
    probability = fields.integer(("成交概率 %", "Probability %"), most=100, required=True)
    exit_conditions = fields.texts(("离开条件", "Exit conditions"), longest=10)


class PipelineSchema(RecordSchema):
    """What the API shows and takes of a pipeline."""

    name = fields.text(("名称", "Name"), required=True)
    stages = fields.rows(("阶段", "Stages"), StageSchema, longest=40, required=True)


def create(session: Session, values: dict[str, Any]) -> Pipeline:
    """A pipeline with checked stages. Raises Invalid."""
    pipeline = Pipeline(**values | {"stages": _checked(values["stages"])})
    session.add(pipeline)
    return pipeline


def change(session: Session, pipeline: Pipeline, values: dict[str, Any]) -> None:
    """Change it; a stage in which open opportunities stand cannot be taken away. Raises Invalid, StateConflict."""
    if "stages" in values:
        values["stages"] = _checked(values["stages"])
        kept = {stage["key"] for stage in values["stages"]}
        _refuse_in_use(session, pipeline, but=kept)
    for name, value in values.items():
        setattr(pipeline, name, value)


def remove(session: Session, pipeline: Pipeline) -> None:
    """Raises StateConflict while open opportunities stand in it."""
    _refuse_in_use(session, pipeline, but=set())


pipelines = Collection(
    "pipelines",
    Pipeline,
    PipelineSchema,
    ("销售管道", "Pipelines"),
    create=create,
    update=change,
    remove=remove,
    default_sort=("name",),
)


def _checked(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = [errors.entry(at, "duplicate", message) for at, message in stages.problems(given)]
    allowed = {name for name, _zh, _en in stages.CONDITIONS}
    found += [
        errors.entry(f"/stages/{index}/exit_conditions", "unknown", say("There is no condition {name}.", name=name))
        for index, stage in enumerate(given)
        for name in stage.get("exit_conditions", ())
        if name not in allowed
    ]
    if found:
        raise errors.Invalid(errors=found)
    return [{"name_en": None, "exit_conditions": [], **stage} for stage in given]


def _refuse_in_use(session: Session, pipeline: Pipeline, *, but: set[str]) -> None:
    with everything(session):
        used = queries.stages_in_use(session, pipeline.id) - but
    if used:
        raise errors.StateConflict(
            say(
                "Open opportunities stand in {stages}; move them on first.",
                stages=[stages.word(stage) for stage in pipeline.stages if stage["key"] in used],
            )
        )


def for_unit(session: Session, unit_id: UUID) -> Pipeline:
    """The pipeline of the unit: its own first one, or that of the nearest unit above that has one.

    A group that defined none gets one with the default stages.
    """
    found = queries.pipelines_above(session, unit_id)
    if found:
        return found[0]
    with everything(session):
        return _begin(session, org.tree().ancestors(unit_id)[-1])


def _begin(session: Session, root: UUID) -> Pipeline:
    pipeline_id = uuid5(_DEFAULT, str(root))
    made = session.execute(
        insert(Pipeline.__table__)  # type: ignore[arg-type]
        .values(id=pipeline_id, unit_id=root, name="销售流程", stages=list(stages.DEFAULT), version=1)
        .on_conflict_do_nothing()
    )
    statement = select(Pipeline).where(Pipeline.id == pipeline_id)
    pipeline = session.scalars(statement.execution_options(with_deleted=True)).one()
    if made.rowcount:  # type: ignore[attr-defined]
        text_search.index(session, pipeline)
    return pipeline


def on_unit(session: Session, envelope: Envelope) -> None:
    """Keep the company tree; when the group itself appears, give it a pipeline that people can see and change."""
    org.HANDLERS[envelope.type](session, envelope)
    if envelope.data["parent_id"] is None and envelope.type.endswith(".created.v1"):
        _begin(session, UUID(envelope.data["id"]))


HANDLERS = {"crm.gateway.org-unit.created.v1": on_unit}
