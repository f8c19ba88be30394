"""A line in the API."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, pre_load
from marshmallow import fields as ma

from crm_chassis import fields

_MOVED = ("delivered_quantity", "returned_quantity", "cancelled_quantity")
COMPUTED = frozenset({"line", "list_price", "net", "tax", "total", *_MOVED})


class DocumentLineSchema(Schema):
    """One line. Name a product by product_id or product_code, or write name and price.

    A line that was read may be sent back as it is: what the server computes is not taken from the caller.
    """

    line = ma.Integer(dump_only=True)
    product_id = fields.ref(("产品", "Product"), "product")
    product_code = fields.text(("产品编码", "Product code"), longest=60)
    name = fields.text(("名称", "Name"))
    unit = fields.text(("计量单位", "Unit of measure"), longest=20)
    quantity = fields.decimal(("数量", "Quantity"), places=3, least="0.001", most="9999999.999", required=True)
    price = fields.decimal(("单价", "Price"), most="9999999999.99")
    discount = fields.decimal(("折扣 %", "Discount %"), most="100")
    tax_rate = fields.decimal(("税率 %", "Tax rate %"), most="100")
    list_price = ma.String(dump_only=True)
    net = ma.String(dump_only=True)
    tax = ma.String(dump_only=True)
    total = ma.String(dump_only=True)
    delivered_quantity = ma.String(dump_only=True)
    returned_quantity = ma.String(dump_only=True)
    cancelled_quantity = ma.String(dump_only=True)

    @pre_load
    def _drop_computed(self, line: Any, **_: Any) -> Any:
        return {name: value for name, value in line.items() if name not in COMPUTED} if isinstance(line, dict) else line
