"""Keeping the copies of other services' records; each answers whether the event was news."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis.inbox import upsert_copy

from .models import CustomerOpportunity, CustomerOrder, CustomerReceivable, CustomerRequest


def copy_order(session: Session, order: Mapping[str, Any], version: int) -> bool:
    """Copy an order unless the copy is as new."""
    total = order["total"]
    values = {
        **_common(order),
        "ordered_on": date.fromisoformat(order["ordered_on"]),
        "total": Decimal(total["amount"]),
        "not_kept": _amount(order, "returned_total") + _amount(order, "cancelled_total"),
        "currency": total["currency"],
    }
    return upsert_copy(session, CustomerOrder, values, version)


def copy_opportunity(session: Session, opportunity: Mapping[str, Any], version: int) -> bool:
    """Copy an opportunity unless the copy is as new."""
    amount = opportunity.get("amount")
    values = {
        **_common(opportunity),
        "amount": Decimal(amount["amount"]) if amount else None,
        "currency": amount["currency"] if amount else None,
    }
    return upsert_copy(session, CustomerOpportunity, values, version)


def copy_receivable(session: Session, receivable: Mapping[str, Any], version: int) -> bool:
    """Copy a receivable unless the copy is as new."""
    amount = receivable["amount"]
    values = {
        **_common(receivable),
        "due_on": date.fromisoformat(receivable["due_on"]),
        "amount": Decimal(amount["amount"]),
        "paid": _amount(receivable, "paid"),
        "credited": _amount(receivable, "credited"),
        "currency": amount["currency"],
    }
    return upsert_copy(session, CustomerReceivable, values, version)


def copy_request(session: Session, request: Mapping[str, Any], version: int) -> bool:
    """Copy a service request of a customer unless the copy is as new; one without a customer is nobody's."""
    if not request.get("customer_id"):
        return False
    values = {**_common(request), "kind": request["kind"], "satisfaction": request.get("satisfaction")}
    return upsert_copy(session, CustomerRequest, values, version)


def _amount(record: Mapping[str, Any], name: str) -> Decimal:
    """A money field's number, 0 where the event does not tell it."""
    return Decimal(record[name]["amount"]) if record.get(name) else Decimal(0)


def _common(record: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": UUID(record["id"]), "customer_id": UUID(record["customer_id"]), "status": record["status"]}
