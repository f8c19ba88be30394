"""The service desk: requests until the customer is satisfied, time limits, the knowledge base."""

from crm_chassis import org
from crm_chassis.service import Service

from .articles import routes as article_routes
from .articles.collection import articles
from .calendars import routes as calendar_routes
from .calendars.collection import business_calendars
from .customers import consumers as customer_consumers
from .requests import consumers as request_consumers
from .requests import jobs as request_jobs
from .requests import routes as request_routes
from .requests.collection import requests
from .sla import consumers as sla_consumers
from .sla.collection import sla_policies
from .tables import Base

service = Service(
    name="service-desk",
    base=Base,
    blueprints=[request_routes.blueprint, article_routes.blueprint, calendar_routes.blueprint],
    collections=[requests, sla_policies, business_calendars, articles],
    handlers={**org.HANDLERS, **customer_consumers.HANDLERS, **request_consumers.HANDLERS, **sla_consumers.HANDLERS},
    schedules=request_jobs.SCHEDULES,
)
