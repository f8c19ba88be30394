"""The expenses service: trips and claims."""

from crm_chassis.service import Service

from .categories.collection import expense_categories
from .claims import routes as claim_routes
from .claims.collection import claims
from .policies.collection import expense_policies
from .subscriptions import HANDLERS
from .tables import Base
from .travel_plans import day_records
from .travel_plans import routes as travel_plan_routes
from .travel_plans.collection import travel_plans

service = Service(
    name="expenses",
    base=Base,
    blueprints=[travel_plan_routes.blueprint, day_records.blueprint, claim_routes.blueprint],
    collections=[travel_plans, claims, expense_categories, expense_policies],
    handlers=HANDLERS,
)
