"""The contacts' collection."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema

from ..customers.queries import by_code
from . import actions
from .models import Contact


class ContactSchema(RecordSchema):
    """What the API shows and takes of a contact. Unit and owner follow the customer."""

    unit_id = fields.ref(("组织", "Unit"), "org_unit", group="system", dump_only=True)
    owner_id = fields.ref(("负责人", "Owner"), "user", group="system", dump_only=True)
    customer_id = fields.ref(("客户", "Customer"), "customer", required=True)
    name = fields.text(("姓名", "Name"), required=True)
    title = fields.text(("职务", "Title"), longest=100)
    department = fields.text(("部门", "Department"), longest=100)
    decision_maker = fields.boolean(("决策人", "Decision maker"))
    gender = fields.choice(
        ("性别", "Gender"), [("male", "男", "Male"), ("female", "女", "Female"), ("other", "其他", "Other")]
    )
    birthday = fields.date(("生日", "Birthday"))
    phone = fields.phone(("电话", "Telephone"))
    mobile = fields.phone(("手机", "Mobile"))
    email = fields.email(("电子邮件", "E-mail"))
    wechat = fields.text(("微信", "WeChat"), longest=60)
    preferences = fields.long_text(("喜好", "Preferences"))


contacts = Collection(
    "contacts",
    Contact,
    ContactSchema,
    ("联系人", "Contacts"),
    subject="contact",
    create=actions.create,
    update=actions.change,
    revive=actions.revive,
    import_keys=("email", "mobile"),
    import_within="customer_id",
    lookups={"customer_id": by_code},
)


def follow(session: Session, customer_id: UUID, *, unit_id: UUID, owner_id: UUID | None) -> None:
    """Bring a customer's contacts to its unit and owner, and announce each that changed."""
    for contact in actions.carry(session, customer_id, unit_id=unit_id, owner_id=owner_id):
        contacts.announce(session, contact, "changed")
