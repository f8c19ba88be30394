"""The customer service: the customer's file."""

from crm_chassis.service import Service

from .activities import jobs as activity_jobs
from .activities import routes as activity_routes
from .activities.collection import activities
from .churn import jobs as churn_jobs
from .churn import routes as churn_routes
from .churn.collection import churn_cases, churn_rules
from .contacts import routes as contact_routes
from .contacts.collection import contacts
from .customers import routes as customer_routes
from .customers.collection import customers
from .interactions.collection import interactions
from .overview import routes as overview_routes
from .regions import loading as region_loading
from .regions import routes as region_routes
from .subscriptions import HANDLERS
from .tables import Base

service = Service(
    name="customer",
    base=Base,
    blueprints=[
        customer_routes.blueprint,
        overview_routes.blueprint,
        contact_routes.blueprint,
        activity_routes.blueprint,
        activity_routes.feed,
        region_routes.blueprint,
        churn_routes.blueprint,
    ],
    collections=[customers, contacts, interactions, activities, churn_rules, churn_cases],
    handlers=HANDLERS,
    schedules=[activity_jobs.OVERDUE, churn_jobs.CHURN],
    jobs={"churn-scan": churn_jobs.run_scan},
    after_migrate=region_loading.load,
)
