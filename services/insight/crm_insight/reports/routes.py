"""The reports over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, request
from marshmallow import Schema, ValidationError, validate, validates_schema
from marshmallow import fields as ma

from crm_chassis import errors
from crm_chassis.collection.exports import announce
from crm_chassis.database import transaction
from crm_chassis.http import XLSX, Blueprint, gives, in_language, json_response, named, query
from crm_chassis.identity import current_principal, requires
from crm_chassis.ids import uuid7
from crm_chassis.language import Coded, say
from crm_contracts.permissions import permission_label

from ..reach import may_learn
from . import rendering
from .catalogue import (
    GROUP_LABELS,
    PARAMETERS,
    REPORTS,
    Report,
    catalogue,
    open_columns,
    open_groups,
    open_parameters,
)
from .queries import EXPORT, READ, Asked, answer, names

blueprint = Blueprint("reports", __name__, url_prefix="/reports")

JSON, CSV = "application/json", "text/csv"
FORMATS = {CSV: "csv", XLSX: "xlsx"}


class ReportQuery(Schema):
    """What to show. from, to: any day of the first and last month. limit: lines; the rest is one more."""

    from_ = ma.Date(data_key="from", load_default=None)
    to = ma.Date(load_default=None)
    unit_id = ma.UUID(load_default=None)
    owner_id = ma.UUID(load_default=None)
    region_code = ma.String(load_default=None, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))
    level = ma.String(load_default=None, validate=validate.Length(1, 60))
    currency = ma.String(load_default=None, validate=validate.Regexp(r"^[A-Z]{3}\Z"))
    group_by = ma.String(load_default=None)
    limit = ma.Integer(load_default=50, validate=validate.Range(1, 1000))

    @validates_schema
    def in_order(self, values: dict[str, Any], **_: Any) -> None:
        """The period must not end before it begins."""
        if values["from_"] and values["to"] and values["to"] < values["from_"]:
            raise ValidationError(say("Choose a last month that is not before the first."), "to")


@blueprint.get("")
@requires("report:read")
def list_reports() -> Response:
    """The reports there are, with their parameters, groups and columns."""
    return json_response({"items": catalogue(_may_learn)})


@blueprint.get("/<name>")
@requires("report:read")
@query(ReportQuery)
@gives(JSON, CSV, XLSX)
def read_report(name: str, query: dict[str, Any]) -> Response:
    """One report within the caller's scope, as JSON, CSV or XLSX by ``Accept``."""
    report = REPORTS.get(name)
    if report is None:
        raise errors.NotFound(say("There is no report of this name; there are {reports}.", reports=list(REPORTS)))
    asked, principal = _asked(report, query), current_principal()
    kind = request.accept_mimetypes.best_match((JSON, CSV, XLSX), default=JSON)
    if kind != JSON:
        return _exported(report, asked, kind)
    with transaction() as session:
        found = answer(session, principal, report, asked)
        named = names(session, principal, asked.group_by, [line.key for line in found.lines])
    return json_response(rendering.as_json(report, asked, found, named))


def _exported(report: Report, asked: Asked, kind: str) -> Response:
    """The report as a file, as far as the caller may export it too; it is announced, so that the audit log has it."""
    principal = current_principal()
    if not principal.may(EXPORT):
        raise errors.Forbidden(
            say(
                "Your roles do not include {permission}. Ask your administrator for it.",
                permission=permission_label(EXPORT),
            )
        )
    with transaction() as session:
        found = answer(session, principal, report, asked, permissions=(READ, EXPORT))
        named = names(session, principal, asked.group_by, [line.key for line in found.lines])
        announce(
            session,
            principal,
            uuid7(),
            collection=f"reports/{report.name}",
            format=FORMATS[kind],
            filter=request.args.to_dict(),
            fields=[asked.group_by, *open_columns(report, _may_learn)],
            rows=len(found.lines),
        )
    write = rendering.as_csv if kind == CSV else rendering.as_xlsx
    return _file(report, kind, write(report, asked, found, named))


def _may_learn(field: str) -> bool:
    return may_learn(current_principal(), field)


def _asked(report: Report, query: dict[str, Any]) -> Asked:
    """What is asked, read. Raises Invalid for a group or a parameter that is none, or is closed to the caller."""
    groups, parameters = open_groups(report, _may_learn), open_parameters(_may_learn)
    for name, value in query.items():
        if value is not None and name in PARAMETERS and name not in parameters:
            raise errors.field_error(f"?{name}", "unknown", say("This report has no parameter {name}.", name=name))
    group = query["group_by"] or groups[0]
    if group not in groups:
        message = say(
            "This report is grouped by {groups}.",
            groups=[Coded(GROUP_LABELS[name][0], name) for name in groups],
        )
        raise errors.Invalid(errors=[errors.entry("?group_by", "unknown", message)])
    return Asked(
        group_by=group,
        first=_month(query.pop("from_")),
        last=_month(query.pop("to")),
        **{name: value for name, value in query.items() if name != "group_by"},
    )


def _month(day: date | None) -> date | None:
    return day.replace(day=1) if day else None


def _file(report: Report, kind: str, content: bytes) -> Response:
    name = f"{report.name}.{FORMATS[kind]}"
    headers = {"Content-Disposition": named(name)}
    return in_language(Response(content, mimetype=kind, headers=headers))
