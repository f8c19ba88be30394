"""The audit log as a list that is read, searched and exported."""

from marshmallow import Schema
from marshmallow import fields as ma

from crm_chassis import fields
from crm_chassis.collection import Collection

from .models import AuditEntry


class AuditEntrySchema(Schema):
    """An entry of the audit log."""

    id = ma.UUID(dump_only=True, metadata={"crm": {"kind": "id", "label": ("标识", "Id"), "group": "system"}})
    seq = fields.integer(("序号", "Number"), dump_only=True)
    at = fields.moment(("时间", "At"), dump_only=True)
    unit_id = fields.ref(("组织", "Unit"), "org_unit", dump_only=True)
    owner_id = fields.ref(("操作人", "Actor"), "user", dump_only=True)
    actor_name = fields.text(("操作人姓名", "Actor's name"), dump_only=True)
    action = fields.text(("动作", "Action"), dump_only=True)
    subject_type = fields.text(("对象类型", "Kind of subject"), dump_only=True)
    subject_id = ma.UUID(
        dump_only=True, metadata={"crm": {"kind": "id", "label": ("对象标识", "Subject id"), "group": "main"}}
    )
    subject_name = fields.text(("对象", "Subject"), dump_only=True)
    ip = fields.text(("地址", "Address"), dump_only=True)
    request_id = fields.text(("请求编号", "Request"), dump_only=True)
    detail = fields.obj(("详情", "Detail"), dump_only=True)
    hash = fields.text(("校验值", "Seal"), dump_only=True)


audit_entries = Collection(
    "audit-entries",
    AuditEntry,
    AuditEntrySchema,
    ("审计日志", "Audit entries"),
    frozen=frozenset({"create", "update", "delete", "import"}),
    default_sort=("-at",),
)
