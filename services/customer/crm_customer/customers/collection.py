"""The customers' collection and its verbs: who owns a customer, and what follows it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from crm_chassis import errors, org, regions
from crm_chassis.collection import Collection, Verb, writing
from crm_chassis.collection.listing import problem
from crm_chassis.database import everything, system_transaction
from crm_chassis.identity import current_principal, principal_or_none
from crm_chassis.language import say

from .. import under_customer
from ..churn.collection import follow as churn_cases_follow
from ..contacts.collection import follow as contacts_follow
from ..interactions.actions import follow as interactions_follow
from ..regions.queries import is_region
from ..timeline.actions import note
from . import actions, queries
from .models import Customer
from .schemas import AssignBody, ClaimBody, CustomerSchema, ReleaseBody

_UNDER = "region_code__under"


def assign(session: Session, customer_id: UUID, *, owner_id: UUID, reason: str | None = None) -> Customer:
    """Give the customer to another owner and announce it.

    An edit of the owner comes here too. Raises NotFound, Forbidden, Invalid for a user who is not active or a unit the
    caller's right does not reach, and StateConflict when that user owns it already or the unit's company has another
    customer with its credit code.
    """
    customer: Customer = writing.get_for(session, customers, customer_id, "customer:assign")
    if customer.owner_id == owner_id:
        raise errors.StateConflict(say("This user owns the customer already."))
    owner = actions.active_user(session, owner_id, "/owner_id")
    unit_id = actions.unit_under(customer, owner.unit_id)
    if not current_principal().reaches_unit("customer:assign", unit_id):
        raise errors.field_error("/owner_id", "out_of_scope", say("Choose a user of a unit that your roles reach."))
    return _hand(session, customer, "assigned", owner_id=owner_id, unit_id=unit_id, action="assign", reason=reason)


def claim(session: Session, customer_id: UUID) -> Customer:
    """Take a customer out of the pool and announce it.

    Raises NotFound, Forbidden for the pool of another company, StateConflict when somebody was faster.
    """
    customer: Customer = writing.get(session, customers, customer_id, lock=True)
    principal = current_principal()
    at_home = org.tree().company(customer.unit_id) == principal.company_id
    if not (at_home or principal.covers("customer:claim", customer)):
        raise errors.Forbidden(say("Claim customers from the pool of your own company."))
    if customer.owner_id is not None:
        raise errors.StateConflict(say("Somebody owns this customer already; only pooled ones can be claimed."))
    unit_id = actions.unit_under(customer, principal.unit_id)
    return _hand(
        session, customer, "assigned", owner_id=principal.user_id, unit_id=unit_id, action="claim", reason=None
    )


def release(session: Session, customer_id: UUID, *, reason: str) -> Customer:
    """Put the customer into its company's pool and announce it. Raises NotFound, Forbidden, StateConflict."""
    customer: Customer = writing.get_for(session, customers, customer_id, "customer:update")
    if customer.owner_id is None:
        raise errors.StateConflict(say("This customer is in the pool already."))
    return _hand(session, customer, "pooled", owner_id=None, unit_id=customer.unit_id, action="release", reason=reason)


def change(session: Session, customer: Customer, values: dict[str, Any]) -> None:
    """The plain edit: a new unit is remembered like a new owner, and what belongs to the customer follows."""
    renamed = values.get("name", customer.name) != customer.name
    unit_id = values.pop("unit_id", customer.unit_id)
    actions.change(session, customer, values)
    moved = unit_id != customer.unit_id
    if moved:
        actions.hand(session, customer, owner_id=customer.owner_id, unit_id=unit_id, action="change", reason=None)
    if moved or renamed:
        follow(session, customer)


def revive(session: Session, customer: Customer) -> None:
    """A deleted customer comes back with what went with it, unless its code or credit code has been taken since.

    Raises StateConflict.
    """
    actions.refuse_reused_code(session, customer)
    actions.refuse_taken_code(session, customer, unit_id=customer.unit_id)
    with everything(session):
        under_customer.come_back(session, customer)


def remove(session: Session, customer: Customer) -> None:
    """A customer that is deleted takes along what would go on calling for somebody."""
    with everything(session):
        under_customer.leave(session, customer)


def _doubled(value: str) -> ColumnElement[bool]:
    """The filter ``doubled``: whether the credit code is there twice in the company; not for whom the code is closed."""
    if customers.access(principal_or_none()).closes("credit_code"):
        raise problem("doubled", say("This list has no filter {name}.", name="doubled"), "unknown_field")
    if value not in {"true", "false"}:
        raise problem("doubled", say("Write true or false."))
    return queries.doubled() if value == "true" else ~queries.doubled()


def _in_region(value: str) -> ColumnElement[bool]:
    """The filter ``region_code__under``, which knows the regions and so refuses a code that none of them has."""
    if customers.access(principal_or_none()).closes("region_code"):
        raise problem(_UNDER, say("This list has no filter {name}.", name="region_code"), "unknown_field")
    with system_transaction() as session:
        known = is_region(session, value)
    if not known:
        raise problem(_UNDER, say("There is no such region; take a code of GET /regions, such as 310115."), "unknown")
    return regions.within(value, Customer.region_code)


def follow(session: Session, customer: Customer) -> None:
    """Bring everything that lies under the customer to its unit and owner."""
    with everything(session):
        contacts_follow(session, customer.id, unit_id=customer.unit_id, owner_id=customer.owner_id)
        interactions_follow(session, customer.id, unit_id=customer.unit_id)
        churn_cases_follow(
            session, customer.id, unit_id=customer.unit_id, owner_id=customer.owner_id, name=customer.name
        )


def _hand(session: Session, customer: Customer, fact: str, *, reason: str | None, **to: Any) -> Customer:
    before = customer.owner_id
    actions.hand(session, customer, reason=reason, **to)
    follow(session, customer)
    owner = org.users(session, {customer.owner_id}).get(customer.owner_id) if customer.owner_id else None
    said = {"owner_name": owner.display_name if owner else None, "reason": reason}
    note(session, f"customer.{fact}", customer_id=customer.id, subject_id=customer.id, values=said)
    customers.announce(session, customer, fact, from_owner_id=before, reason=reason)
    return customer


customers = Collection(
    "customers",
    Customer,
    CustomerSchema,
    ("客户", "Customers"),
    subject="customer",
    create=actions.create,
    update=change,
    remove=remove,
    revive=revive,
    verbs=[
        Verb("assign", "customer:assign", body=AssignBody, run=assign),
        Verb("claim", "customer:claim", when=lambda customer: customer.owner_id is None, body=ClaimBody, run=claim),
        Verb(
            "release",
            "customer:update",
            when=lambda customer: customer.owner_id is not None,
            body=ReleaseBody,
            run=release,
        ),
    ],
    import_keys=("code", "name"),
    lookups={"parent_id": queries.by_code},
    filters={"doubled": _doubled, _UNDER: _in_region},
)
