"""A contact as a card for an address book."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from crm_chassis.collection import writing
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, gives, named
from crm_chassis.identity import current_principal, requires

from ..customers.queries import name_of
from . import rules
from .collection import contacts

blueprint = Blueprint("contact cards", __name__, url_prefix="/contacts")


@blueprint.get("/<uuid:contact_id>.vcf")
@requires("contact:read")
@gives("text/vcard")
def card(contact_id: UUID) -> Response:
    """Download a contact as a vCard."""
    with transaction() as session:
        contact = writing.get(session, contacts, contact_id)
        shown = contacts.dump(contact, current_principal())
        text = rules.vcard(shown, name_of(session, contact.customer_id))
    headers = {"Content-Disposition": named(f"{shown.get('name') or 'contact'}.vcf")}
    return Response(text, headers=headers, mimetype="text/vcard")
