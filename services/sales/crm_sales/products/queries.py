"""Reading products through the caller's scope."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from .models import Product


def catalogue(session: Session, ids: Iterable[UUID] = (), codes: Iterable[str] = ()) -> dict[UUID | str, Product]:
    """The products with these ids or codes that the caller sees, by id and by code, in one query."""
    wanted_ids, wanted_codes = set(ids), set(codes)
    if not wanted_ids and not wanted_codes:
        return {}
    statement = select(Product).where(or_(Product.id.in_(wanted_ids), Product.code.in_(wanted_codes)))
    found = session.scalars(statement).all()
    return {key: product for product in found for key in (product.id, product.code)}
