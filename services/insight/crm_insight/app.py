"""Insight: search, reports and the desktop, built from the events of all services."""

from crm_chassis import org
from crm_chassis.service import Service

from .desktop import routes as desktop_routes
from .learning import consumers, jobs
from .learning import routes as rebuild_routes
from .reports import routes as report_routes
from .search import routes as search_routes
from .tables import Base

service = Service(
    name="insight",
    base=Base,
    blueprints=[
        search_routes.blueprint,
        rebuild_routes.blueprint,
        report_routes.blueprint,
        desktop_routes.blueprint,
    ],
    handlers={**org.HANDLERS, **consumers.HANDLERS},
    jobs=jobs.JOBS,
)
