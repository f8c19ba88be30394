"""What is done to claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm_chassis import clock, numbering, org, outbox
from crm_chassis.collection.declaration import company_code
from crm_chassis.collection.writing import assign
from crm_chassis.errors import FieldError, Forbidden, Invalid, StateConflict, entry, field_error
from crm_chassis.identity import current_principal
from crm_chassis.language import say, word

from ..approvals import actions as approvals
from ..categories import queries as categories
from ..customers import actions as merges
from ..people import queries as people
from ..policies import queries as policies
from ..subjects import queries as subjects
from ..travel_plans import queries as travel_plans
from . import invoices, rules
from .models import Claim

SUBJECT = "claim"
_PAID_ALREADY = ("已付款", "paid already")


def create(session: Session, values: dict[str, Any]) -> Claim:
    """Draft a claim, for the caller unless another claimant is named, and hold its invoices. Raises Invalid."""
    claim = Claim(**values | _completed(session, None, values))
    claim.number = f"EX-{numbering.code(company_code(claim.unit_id), SUBJECT)}"
    session.add(claim)
    session.flush()
    invoices.hold(session, claim)
    return claim


def change(session: Session, claim: Claim, values: dict[str, Any]) -> None:
    """Edit a draft; a new currency comes with the items, whose rates are into it. Raises Invalid.

    A withdrawn claim takes its invoices again only when it is submitted.
    """
    assign(claim, values | _completed(session, claim, values))
    session.flush()
    if claim.status in rules.LIVE:
        invoices.hold(session, claim)


def remove(session: Session, claim: Claim) -> None:
    """Give the invoices of a claim that is deleted back; a restored one takes them again when it is submitted."""
    invoices.release(session, claim.id)


def submit(session: Session, claim: Claim) -> None:
    """Ask for the claim's approval.

    Raises StateConflict unless it is a draft, returned or withdrawn; Invalid when it has no items, an item goes
    beyond the policy without a note that says why, or an invoice is used elsewhere.
    """
    status = _next(claim, "submit")
    completed = _completed(session, claim, {})
    _check_explained(completed["items"])
    assign(claim, completed | {"status": status})
    session.flush()
    invoices.hold(session, claim)
    _ask(session, claim)


def withdraw(session: Session, claim: Claim) -> None:
    """Take a submitted claim back: its approval is called off, its invoices are free."""
    decide(session, claim, "withdraw", None)
    approvals.cancel(session, claim, subject_type=SUBJECT)


def decide(session: Session, claim: Claim, verb: str, comment: str | None) -> None:
    """Write an answer of workflow into the claim: approved it is to be paid, rejected or withdrawn it holds nothing."""
    claim.status, claim.decision_comment = _next(claim, verb), comment
    if claim.status == "approved":
        claim.payment_status = "scheduled"
    if claim.status not in rules.LIVE:
        invoices.release(session, claim.id)


def pay(claim: Claim, *, paid_on: date | None, paid_by: UUID, reference: str | None) -> None:
    """Write down on which day the money left, today where the claim lies unless told.

    Raises StateConflict unless it is due, Forbidden to who would pay themselves, Invalid for a day that is to come.
    """
    if not rules.is_payable(claim.status, claim.payment_status):
        state = _PAID_ALREADY if claim.payment_status == "paid" else word(rules.STATUSES, claim.status)
        raise StateConflict(say("Only approved claims are paid, once; this one is {state}.", state=state))
    if paid_by == claim.claimant_id:
        raise Forbidden(say("Somebody else has to pay your own claim."))
    if paid_on and paid_on > latest_day():
        raise field_error("/paid_on", "in_future", say("Record a payment when it was made, not before."))
    claim.payment_status = "paid"
    claim.paid_on, claim.paid_at = paid_on or org.today(claim.unit_id), clock.now()
    claim.paid_by, claim.payment_reference = paid_by, reference


def latest_day() -> date:
    """The latest day that it can be anywhere: in a subsidiary to the east it is tomorrow already."""
    return clock.today() + timedelta(days=1)


def hand_over(session: Session, *, from_user_id: UUID, to_user_id: UUID) -> None:
    """Let another person follow up the claims somebody leaves waiting for approval or for money.

    The claimant stays: the money is theirs. Drafts and returned claims stay with their owner, who holds the invoices.
    """
    waiting = Claim.status.in_(("submitted", "approved")) & (Claim.payment_status != "paid")
    session.execute(
        update(Claim)
        .where(Claim.owner_id == from_user_id, waiting)
        .values(owner_id=to_user_id, version=Claim.version + 1, updated_at=clock.now())
    )


def merge_customer(session: Session, *, customer_id: UUID, into_id: UUID) -> None:
    """Let the claims about a merged customer be about the one it was merged into."""
    moved = session.scalars(_about(customer_id, into_id).returning(Claim.id)).all()
    merges.remember_repointed(session, customer_id, "claim", moved)


def unmerge_customer(session: Session, *, customer_id: UUID, into_id: UUID) -> None:
    """Give back exactly the claims that a merge took, unless they are about somebody else by now."""
    taken = merges.recall_repointed(session, customer_id, "claim")
    session.execute(_about(into_id, customer_id).where(Claim.id.in_(taken)))


def _about(customer_id: UUID, now_id: UUID) -> Any:
    subject = {"type": "customer", "id": str(customer_id)}
    return (
        update(Claim)
        .where(Claim.about["id"].astext == str(customer_id), Claim.about["type"].astext == "customer")
        .values(about=subject | {"id": str(now_id)}, version=Claim.version + 1, updated_at=clock.now())
    )


def _next(claim: Claim, verb: str) -> str:
    status = rules.next_status(claim.status, verb)
    if status is None:
        raise StateConflict(
            say(
                "A claim that is {status} does not take “{verb}”.",
                status=word(rules.STATUSES, claim.status),
                verb=rules.VERBS[verb],
            )
        )
    return status


def _ask(session: Session, claim: Claim) -> None:
    fields = {
        "amount": claim.total,
        "currency": claim.currency,
        "method": claim.method,
        "items": len(claim.items),
        "over_policy": claim.over_policy,
        "about_type": (claim.about or {}).get("type"),
        "with_trip": claim.travel_plan_id is not None,
    }
    approvals.request(
        session,
        claim,
        subject_type=SUBJECT,
        title=f"{claim.number} {claim.title}",
        requester_id=claim.claimant_id,
        fields=fields,
    )


def _currency(session: Session, unit_id: UUID) -> str:
    return session.scalar(select(org.OrgUnit.currency).where(org.OrgUnit.id == unit_id)) or "CNY"


_CHECKED = ("unit_id", "claimant_id", "currency", "travel_plan_id", "about", "items", "status")


def _completed(session: Session, claim: Claim | None, values: dict[str, Any]) -> dict[str, Any]:
    """What follows from new values of a claim (None: a new one): its people, currency, items, total and policy flags.

    Everything is checked before anything is written. Raises Invalid.
    """
    wanted = _wanted(session, claim, values)
    claimant = org.users(session, [wanted.claimant_id]).get(wanted.claimant_id)
    problems = [*_claimant(claimant, wanted, claim), *_currency_of(wanted), *_items(session, wanted)]
    problems += _trip(session, wanted, claim.travel_plan_id if claim else None)
    problems += _subject(session, wanted, claim.about if claim else None)
    if problems or claimant is None:
        raise Invalid(problems[0]["message"], errors=problems)
    items = [item | _converted(wanted.currency, item) for item in wanted.items]
    flags = policies.beyond_policy(
        session,
        unit_id=wanted.unit_id,
        currency=wanted.currency,
        grades=claimant.roles,
        expenses=[_expense(item) for item in items],
    )
    return {
        "claimant_id": wanted.claimant_id,
        "currency": wanted.currency,
        "about": wanted.about,
        "items": [item | {"over_policy": flag} for item, flag in zip(items, flags, strict=True)],
        "total": rules.total(items),
        "over_policy": any(flags),
    }


def _wanted(session: Session, claim: Claim | None, values: dict[str, Any]) -> Claim:
    """The claim as it would be with new values, not checked yet. Raises Invalid for a new currency without items."""
    known = {name: getattr(claim, name) for name in _CHECKED} if claim else {"status": "draft"}
    wanted = Claim(**known | {name: values[name] for name in _CHECKED if name in values})
    wanted.claimant_id = wanted.claimant_id or current_principal().user_id
    wanted.currency = wanted.currency or _currency(session, wanted.unit_id)
    wanted.items, wanted.about = outbox.to_json(wanted.items or []), outbox.to_json(wanted.about)
    if claim and claim.items and wanted.currency != claim.currency and "items" not in values:
        raise field_error("/items", "required", say("Send the items with their rates into the new currency."))
    return wanted


def _claimant(claimant: org.OrgUser | None, wanted: Claim, known: Claim | None) -> Iterator[FieldError]:
    known_id = known.claimant_id if known else None
    if not people.may_be_for(claimant, wanted.unit_id, "claim:create", known_id=known_id):
        message = say("Choose an active user of this company, or of a unit that your roles reach, as the claimant.")
        yield entry("/claimant_id", "unknown", message)


def _currency_of(claim: Claim) -> Iterator[FieldError]:
    if not rules.is_currency(claim.currency):
        yield entry("/currency", "invalid", say("Write an ISO 4217 code such as CNY."))


def _trip(session: Session, claim: Claim, known: UUID | None) -> Iterator[FieldError]:
    """A claim is made while its trip is under way; one that is settled meanwhile can still be corrected and submitted."""
    if claim.travel_plan_id is None:
        return
    trip = travel_plans.trip(session, claim.travel_plan_id)
    if trip is None or trip.traveller_id != claim.claimant_id:
        yield entry("/travel_plan_id", "unknown", say("Choose a trip of the claimant."))
    elif not trip.under_way and not (trip.settled and claim.travel_plan_id == known):
        yield entry("/travel_plan_id", "not_approved", say("Choose a trip that is approved and not settled yet."))


def _subject(session: Session, claim: Claim, known: Mapping[str, Any] | None) -> Iterator[FieldError]:
    """What a cost is newly said to be about is something the caller may read."""
    about = claim.about
    if about is None or about == known:
        return
    if not subjects.is_visible(session, about["type"], UUID(about["id"])):
        message = say(
            "There is no such {kind} for you. Choose one that you may see; "
            "if it was made a moment ago, try again shortly.",
            kind=word(rules.SUBJECTS, about["type"]),
        )
        yield entry("/about/id", "unknown", message)


def _items(session: Session, claim: Claim) -> Iterator[FieldError]:
    usable = {str(category_id) for category_id in categories.usable(session, claim.unit_id)}
    latest = latest_day()
    for position, item in enumerate(claim.items):
        here = f"/items/{position}"
        own = item.get("currency") or claim.currency
        if item["category_id"] not in usable:
            yield entry(f"{here}/category_id", "unknown", say("Choose an active expense category."))
        if date.fromisoformat(item["on"]) > latest:
            yield entry(f"{here}/on", "in_future", say("Money is claimed after it was spent."))
        yield from _invoice(here, item)
        if not rules.is_currency(own):
            yield entry(f"{here}/currency", "invalid", say("Write an ISO 4217 code such as CNY."))
        if own != claim.currency and not item.get("rate"):
            yield entry(
                f"{here}/rate",
                "required",
                say("Give the rate: {currency} for one {foreign}.", currency=claim.currency, foreign=own),
            )


def _invoice(here: str, item: dict[str, Any]) -> Iterator[FieldError]:
    if item.get("invoice_no") and not rules.normalised(item["invoice_no"]):
        yield entry(f"{here}/invoice_no", "invalid", say("An invoice number has letters or digits."))


def _converted(currency: str, item: dict[str, Any]) -> dict[str, Any]:
    own = item.get("currency") or currency
    rate = None if own == currency else Decimal(item["rate"])
    kind = item.get("invoice_kind") or (rules.USUAL_INVOICE if item.get("invoice_no") else None)
    return {
        "currency": own,
        "invoice_kind": kind,
        "rate": None if rate is None else str(rate),
        "converted": str(rules.converted(Decimal(item["amount"]), rate or Decimal(1))),
    }


def _expense(item: dict[str, Any]) -> policies.Expense:
    return policies.Expense(
        UUID(item["category_id"]),
        date.fromisoformat(item["on"]),
        item.get("region_code"),
        Decimal(item["converted"]),
    )


def _check_explained(items: list[dict[str, Any]]) -> None:
    if not items:
        raise field_error("/items", "required", say("Add what was spent before you submit the claim."))
    unexplained = [
        entry(f"/items/{position}/note", "over_policy", say("This is more than the policy allows a day: say why."))
        for position, item in enumerate(items)
        if item["over_policy"] and not item.get("note")
    ]
    if unexplained:
        raise Invalid(unexplained[0]["message"], errors=unexplained)
