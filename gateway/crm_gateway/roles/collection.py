"""Roles as a collection."""

from crm_chassis.collection import Collection

from . import actions
from .models import Role
from .schemas import RoleSchema

roles = Collection(
    "roles",
    Role,
    RoleSchema,
    ("角色", "Roles"),
    create=actions.create,
    update=actions.update,
    remove=actions.remove,
    frozen=frozenset({"import"}),
    default_sort=("key",),
)
