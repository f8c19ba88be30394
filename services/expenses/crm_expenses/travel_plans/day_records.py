"""The days of a trip over HTTP: ``/travel-plans/{id}/records``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import Schema
from marshmallow import fields as ma
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import clock, fields
from crm_chassis.collection import Collection, RecordSchema, listing, writing
from crm_chassis.collection.routes import require_version
from crm_chassis.database import transaction
from crm_chassis.errors import NotFound
from crm_chassis.http import Blueprint, accepts, answers, json_body, json_response
from crm_chassis.identity import requires

from . import actions
from .collection import UPDATE, travel_plans
from .models import DayRecord, TravelPlan

READ = "travel_plan:read"
blueprint = Blueprint("travel plan records", __name__, url_prefix="/travel-plans/<uuid:plan_id>/records")


class DayRecordSchema(RecordSchema):
    """What the API shows and takes of a day; unit and owner are the trip's unit and its traveller."""

    unit_id = fields.ref(("组织", "Unit"), "org_unit", group="system", dump_only=True)
    owner_id = fields.ref(("负责人", "Owner"), "user", group="system", dump_only=True)
    custom = fields.obj(("自定义字段", "Custom fields"), group="custom", dump_only=True)
    travel_plan_id = fields.ref(("出差计划", "Travel plan"), "travel_plan", dump_only=True)
    on = fields.date(("日期", "Date"), required=True)
    customer_id = fields.ref(("客户", "Customer"), "customer")
    contact_id = fields.ref(("联系人", "Contact"), "contact")
    what = fields.long_text(("工作内容", "What was done"), required=True)
    result = fields.long_text(("结果", "Result"))


class DayRecordPage(Schema):
    """A page of days."""

    items = ma.List(ma.Nested(DayRecordSchema))
    next_cursor = ma.String(allow_none=True)


day_records = Collection(
    "travel-plan-records",
    DayRecord,
    DayRecordSchema,
    ("出差记录", "Days of the trip"),
    subject="visit",
    default_sort=("on",),
)


@blueprint.get("")
@requires(READ)
@answers(DayRecordPage)
def list_days(plan_id: UUID) -> Response:
    """List the days of a trip, the first one first."""
    asked = listing.asked(day_records, request.args)
    with transaction() as session:
        plan = writing.get(session, travel_plans, plan_id)
        own = select(DayRecord).where(DayRecord.travel_plan_id == plan.id)
        return json_response(listing.page(session, day_records, asked, own))


@blueprint.post("")
@requires(UPDATE)
@accepts(DayRecordSchema)
@answers(DayRecordSchema, 201)
def record_day(plan_id: UUID, body: dict[str, Any]) -> Response:
    """Record what was done on a day of the trip; a day with a customer is a visit."""
    with transaction() as session:
        plan = writing.get_for(session, travel_plans, plan_id, UPDATE)
        record = actions.record_day(session, plan, body)
        if record.customer_id:
            day_records.announce(session, record, "recorded")
        return _respond(record, 201)


@blueprint.patch("/<uuid:record_id>")
@requires(UPDATE)
@answers(DayRecordSchema)
def change_day(plan_id: UUID, record_id: UUID) -> Response:
    """Change a day of the trip (merge patch)."""
    body = json_body()
    with transaction() as session:
        plan, record = _day(session, plan_id, record_id)
        known, version = record.customer_id, record.version
        writing.change(session, day_records, record, body)
        actions.check_day(session, plan, record, known_customer=known)
        if record.customer_id:
            day_records.announce_since(session, record, version, "recorded")
        return _respond(record)


@blueprint.delete("/<uuid:record_id>")
@requires(UPDATE)
@answers(DayRecordSchema, 204)
def delete_day(plan_id: UUID, record_id: UUID) -> Response:
    """Delete a day of the trip; a visit goes from the customer's file too."""
    with transaction() as session:
        _plan, record = _day(session, plan_id, record_id)
        record.deleted_at = clock.now()
        if record.customer_id:
            day_records.announce(session, record, "deleted")
    return Response(status=204)


def _day(session: Session, plan_id: UUID, record_id: UUID) -> tuple[TravelPlan, DayRecord]:
    """The trip, locked, and one of its days at the version the caller read. Raises NotFound, Forbidden, Stale."""
    plan: TravelPlan = writing.get_for(session, travel_plans, plan_id, UPDATE)
    record: DayRecord = writing.get(session, day_records, record_id, lock=True)
    if record.travel_plan_id != plan.id:
        raise NotFound
    actions.refuse_unless_under_way(plan)
    require_version(record)
    return plan, record


def _respond(record: DayRecord, status: int = 200) -> Response:
    headers = {"ETag": f'"{record.version}"'}
    if status == 201:
        headers["Location"] = f"/api/v1/travel-plans/{record.travel_plan_id}/records/{record.id}"
    return json_response(day_records.shown(record), status, headers)
