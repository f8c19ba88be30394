"""The churn cases' verbs, and the scan on demand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from crm_chassis import jobs
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, accepts, answers
from crm_chassis.identity import requires

from . import collection
from .collection import churn_cases
from .models import ChurnCase
from .schemas import ConfirmLostBody, RecoverBody, ReprieveBody

blueprint = Blueprint("churn case verbs", __name__, url_prefix="/churn-cases")


@blueprint.post("/<uuid:case_id>/reprieve")
@requires("churn_case:update")
@accepts(ReprieveBody)
@answers(churn_cases)
def reprieve(case_id: UUID, body: dict[str, Any]) -> ChurnCase:
    """Wait until a day for measures to win the customer back."""
    with transaction() as session:
        return collection.reprieve(session, case_id, **body)


@blueprint.post("/<uuid:case_id>/confirm-lost")
@requires("churn_case:update")
@accepts(ConfirmLostBody)
@answers(churn_cases)
def confirm_lost(case_id: UUID, body: dict[str, Any]) -> ChurnCase:
    """Close a case: the customer is lost."""
    with transaction() as session:
        return collection.confirm_lost(session, case_id, **body)


@blueprint.post("/<uuid:case_id>/recover")
@requires("churn_case:update")
@accepts(RecoverBody)
@answers(churn_cases)
def recover(case_id: UUID, body: dict[str, Any]) -> ChurnCase:
    """Close a case: the customer is kept."""
    with transaction() as session:
        return collection.recover(session, case_id, **body)


@blueprint.post("/scan")
@requires("churn_case:configure")
def scan() -> Response:
    """Look for customers who fell silent now, as a job that answers how many."""
    with transaction() as session:
        return jobs.accepted(jobs.submit(session, "churn-scan", {}))
