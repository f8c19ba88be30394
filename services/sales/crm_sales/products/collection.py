"""Products: their schema, and the event that tells other services about every change."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema

from .models import Product


class ProductSchema(RecordSchema):
    """What the API shows and takes of a product."""

    code = fields.text(
        ("编码", "Code"),
        required=True,
        longest=60,
    )
    name = fields.text(("名称", "Name"), required=True)
    unit = fields.text(("计量单位", "Unit of measure"), longest=20)
    price = fields.money(("标价", "List price"))
    tax_rate = fields.decimal(
        ("税率 %", "Tax rate %"), most="100", allow_none=False, metadata={"pattern": r"^[0-9]{1,3}(\.[0-9]{1,2})?$"}
    )
    active = fields.boolean(("在售", "On sale"))


def create(session: Session, values: dict[str, Any]) -> Product:
    """A new product is news for other services just as a changed one is."""
    product = Product(**values)
    session.add(product)
    products.announce(session, product, "changed")
    return product


def remove(_session: Session, product: Product) -> None:
    """Take the product that is being hidden off sale; restored, it is put on sale again by hand."""
    product.active = False


products = Collection(
    "products",
    Product,
    ProductSchema,
    ("产品", "Products"),
    subject="product",
    create=create,
    remove=remove,
    default_sort=("code",),
    import_keys=("code",),
)
