"""What happens to a customer: created, changed, given to somebody, released into the pool."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from crm_chassis import clock, errors, ids, numbering, org
from crm_chassis.collection.declaration import company_code
from crm_chassis.collection.writing import assign as set_columns
from crm_chassis.identity import principal_or_none
from crm_chassis.language import Coded, say, word

from ..regions.queries import check_region
from . import queries, rules
from .models import Customer, CustomerKey, Ownership

_MONEY = ("annual_revenue", "registered_capital", "credit_limit")


def create(session: Session, values: dict[str, Any]) -> Customer:
    """Create a customer from checked values (columns, and ``allow_duplicate``), with a code when none is given.

    Raises Invalid for a code, region, parent or option that will not do, and StateConflict (``duplicate_suspected``)
    when it is most likely there already, unless the values allow that; never two with one credit code in one company.
    """
    allowed = values.pop("allow_duplicate", False)
    customer_id = values.setdefault("id", ids.uuid7())
    _check(session, values["unit_id"], values)
    keys = rules.keys_of({"kind": "company", **values})
    _refuse_duplicate(session, values, keys, allowed=allowed)
    if not values.get("code"):
        values["code"] = numbering.code(company_code(values["unit_id"]), "customer")
    elif rules.looks_issued(values["code"], set(org.tree().codes.values())):
        raise errors.field_error("/code", "reserved", say("Leave the code out: codes of this form are issued here."))
    if values["owner_id"] is None:
        values["pooled_at"] = clock.now()
    customer = Customer(**values)
    session.add(customer)
    session.flush()
    _write_keys(session, customer_id, keys)
    return customer


def change(session: Session, customer: Customer, values: dict[str, Any]) -> None:
    """Set columns of a customer, except owner and unit. Raises Invalid, StateConflict as ``create`` does."""
    values.pop("allow_duplicate", None)
    if values.get("code", customer.code) != customer.code:
        raise errors.field_error("/code", "fixed", say("The code of a customer does not change."))
    values.pop("code", None)
    _check(session, customer.unit_id, values)
    _check_currency(customer, values)
    if values.get("parent_id"):
        _refuse_cycle(session, customer.id, values["parent_id"])
    if values.get("credit_code") not in (None, customer.credit_code):
        keys = {("credit_code", values["credit_code"])}
        place = {"unit_id": customer.unit_id, "id": customer.id, "credit_code": values["credit_code"]}
        _refuse_duplicate(session, place, keys, allowed=True)
    set_columns(customer, values)
    if rules.KEYED & values.keys():
        _rewrite_keys(session, customer)


def hand(
    session: Session, customer: Customer, *, owner_id: UUID | None, unit_id: UUID, action: str, reason: str | None
) -> None:
    """Give the customer to an owner (None: the pool) and a unit, and write that down with the reason.

    Raises StateConflict when it would come to a company that has a customer with its credit code.
    """
    tree = org.tree()
    if tree.company(unit_id) != tree.company(customer.unit_id):
        refuse_taken_code(session, customer, unit_id=unit_id)
    actor = principal_or_none()
    session.add(
        Ownership(
            customer_id=customer.id,
            action=action,
            from_owner_id=customer.owner_id,
            to_owner_id=owner_id,
            from_unit_id=customer.unit_id,
            to_unit_id=unit_id,
            reason=reason,
            actor_id=actor.user_id if actor else None,
        )
    )
    customer.owner_id, customer.unit_id = owner_id, unit_id
    customer.pooled_at = clock.now() if owner_id is None else None


def refuse_reused_code(session: Session, customer: Customer) -> None:
    """Raises StateConflict when the code of a deleted customer was given to another one since."""
    if queries.has_code(session, customer.code):
        raise errors.StateConflict(
            say(
                "Another customer has the code {code} by now. Delete that one before you restore this one; "
                "if you do not see it, ask head office to.",
                code=customer.code,
            ),
            code="duplicate",
            errors=[errors.entry("/code", "duplicate", say("taken by another customer"))],
        )


def refuse_taken_code(session: Session, customer: Customer, *, unit_id: UUID) -> None:
    """Raises StateConflict when another customer of the unit's company has the customer's credit code."""
    code = customer.credit_code
    if code and queries.has_credit_code(session, code, unit_id=unit_id, except_id=customer.id):
        raise errors.StateConflict(
            say("Another customer of that company has the credit code of this one."),
            code="duplicate",
            errors=[errors.entry("/credit_code", "duplicate", say("taken by another customer"))],
        )


def unit_under(customer: Customer, owner_unit: UUID) -> UUID:
    """The unit a customer lies in once somebody of ``owner_unit`` owns it; see ``rules.keeps_unit``."""
    path = org.tree().ancestors(customer.unit_id)
    return customer.unit_id if rules.keeps_unit(path, owner_unit) else owner_unit


def active_user(session: Session, user_id: UUID, pointer: str) -> org.OrgUser:
    """The user, when known and active. Raises Invalid at ``pointer``."""
    user = org.users(session, {user_id}).get(user_id)
    if user is None or not user.active:
        raise errors.field_error(pointer, "unknown", say("Choose a user who is active."))
    return user


def _check(session: Session, unit_id: UUID, values: dict[str, Any]) -> None:
    check_region(session, values.get("region_code"))
    _check_options(session, unit_id, values)
    if values.get("parent_id") and not queries.is_visible(session, values["parent_id"]):
        raise errors.field_error("/parent_id", "unknown", say("There is no such customer for you."))


def _check_options(session: Session, unit_id: UUID, values: dict[str, Any]) -> None:
    given = {name: values[name] for name in rules.DICTIONARY if values.get(name) is not None}
    if not given:
        return
    replaced = queries.options(session, unit_id)
    for name, value in given.items():
        known = rules.in_use(name, replaced)
        if value not in known:
            raise errors.field_error(
                f"/{name}",
                "unknown_option",
                say(
                    "Choose one of: {options}.",
                    options=[Coded(word(rules.DICTIONARY[name], each)[0], each) for each in sorted(known)],
                ),
            )


def _check_currency(customer: Customer, values: dict[str, Any]) -> None:
    if values.get("currency", customer.currency) == customer.currency:
        return
    others = [name for name in _MONEY if name not in values and getattr(customer, name) is not None]
    if others:
        raise errors.field_error(
            f"/{others[0]}", "currency_mixed", say("All amounts of a customer have one currency; send this one too.")
        )


def _refuse_cycle(session: Session, customer_id: UUID, parent_id: UUID) -> None:
    queries.lock_words(session, "customer parents")
    if customer_id in queries.ancestors(session, parent_id):
        raise errors.field_error("/parent_id", "cycle", say("A customer cannot be above itself."))


def _refuse_duplicate(session: Session, values: dict[str, Any], keys: set[tuple[str, str]], *, allowed: bool) -> None:
    place = {"unit_id": values["unit_id"], "except_id": values["id"]}
    taken = bool(values.get("credit_code")) and queries.has_credit_code(session, values["credit_code"], **place)
    found = queries.matches(session, keys, **place)
    if taken:
        raise errors.StateConflict(
            say("A customer of your company has this credit code already."),
            code="duplicate",
            errors=[errors.entry("/credit_code", "duplicate", say("taken by another customer"))],
            **described(found),
        )
    strong = [match for match in found if match.strong]
    if strong and not allowed:
        raise errors.StateConflict(
            say("This customer seems to exist already. Open it, or send allow_duplicate to create another."),
            code="duplicate_suspected",
            **described(strong),
        )


def described(found: list[queries.Match]) -> dict[str, Any]:
    """Matches as the caller may see them; of the others only that there are some, and whom to ask."""
    hidden = [match for match in found if match.customer is None]
    elsewhere = None if not hidden else "company" if any(match.same_company for match in hidden) else "group"
    messages = {
        "company": say("A colleague of your company has such a customer; ask your manager."),
        "group": say("Such a customer exists in another company of the group; ask head office."),
    }
    shown = [
        {
            **{name: getattr(match.customer, name) for name in ("id", "code", "name", "owner_id", "unit_id")},
            "by": sorted(match.by),
            "strong": match.strong,
        }
        for match in found
        if match.customer is not None
    ]
    return {"matches": shown, "elsewhere": elsewhere, "message": messages[elsewhere].spoken() if elsewhere else None}


def _rewrite_keys(session: Session, customer: Customer) -> None:
    session.execute(delete(CustomerKey).where(CustomerKey.customer_id == customer.id))
    keys = rules.keys_of({name: getattr(customer, name) for name in rules.KEYED})
    _write_keys(session, customer.id, keys)


_KEYS = text("""
    INSERT INTO customer_keys (kind, value, customer_id)
    SELECT kind, value, CAST(:customer_id AS uuid)
    FROM unnest(CAST(:kinds AS text[]), CAST(:texts AS text[])) AS found(kind, value)
""")


def _write_keys(session: Session, customer_id: UUID, keys: set[tuple[str, str]]) -> None:
    kinds, texts = zip(*sorted(keys), strict=True)
    session.execute(_KEYS, {"customer_id": customer_id, "kinds": list(kinds), "texts": list(texts)})
