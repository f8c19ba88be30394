"""The sales service: from lead to cash."""

from crm_chassis import org
from crm_chassis.service import Service

from .competitors.collection import competitors
from .customers import consumers as customers
from .handover import consumers as handover
from .leads import consumers as lead_answers
from .leads.collection import leads
from .leads.routes import blueprint as lead_verbs
from .opportunities import pipelines as pipeline_events
from .opportunities.collection import opportunities
from .opportunities.jobs import STALLED
from .opportunities.pipelines import pipelines
from .opportunities.routes import blueprint as opportunity_verbs
from .orders import consumers as order_answers
from .orders import imports
from .orders.collection import orders
from .orders.routes import blueprint as order_verbs
from .payments.collection import payments
from .payments.routes import blueprint as payment_verbs
from .products.collection import products
from .receivables.collection import receivables
from .receivables.jobs import OVERDUE
from .receivables.routes import blueprint as receivable_verbs
from .tables import Base

service = Service(
    name="sales",
    base=Base,
    blueprints=[lead_verbs, opportunity_verbs, order_verbs, payment_verbs, receivable_verbs],
    collections=[leads, pipelines, opportunities, competitors, products, orders, receivables, payments],
    handlers={
        **org.HANDLERS,
        **pipeline_events.HANDLERS,
        **customers.HANDLERS,
        **handover.HANDLERS,
        **lead_answers.HANDLERS,
        **order_answers.HANDLERS,
    },
    schedules=[STALLED, OVERDUE],
    jobs=imports.JOBS,
)
