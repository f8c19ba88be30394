"""The workflow service: approvals for every service."""

from crm_chassis.service import Service

from .approvals import routes as approval_routes
from .approvals.collection import approvals
from .approvals.jobs import SCHEDULES
from .flows import routes as flow_routes
from .flows.collection import approval_flows
from .subscriptions import HANDLERS
from .tables import Base

service = Service(
    name="workflow",
    base=Base,
    blueprints=[approval_routes.blueprint, flow_routes.blueprint],
    collections=[approval_flows, approvals],
    handlers=HANDLERS,
    schedules=SCHEDULES,
)
