"""The notify service: nobody has to remember."""

from flask import Flask

from crm_chassis.schedules import Schedule
from crm_chassis.service import Service

from .deliveries import jobs as delivery_jobs
from .deliveries.collection import deliveries
from .deliveries.routes import blueprint as delivery_verbs
from .events.consumers import HANDLERS
from .notices import jobs as notice_jobs
from .notifications.routes import blueprint as notifications
from .notifications.stream import end_streams_on_stop
from .preferences.routes import blueprint as preferences
from .reminders import jobs as reminder_jobs
from .reminders.collection import reminder_rules
from .tables import Base
from .webhooks import actions as webhook_actions
from .webhooks import jobs as webhook_jobs
from .webhooks.collection import webhooks
from .webhooks.routes import blueprint as webhook_verbs


def _prepare(app: Flask) -> None:
    end_streams_on_stop(app.extensions["runtime"])


service = Service(
    name="notify",
    base=Base,
    blueprints=[notifications, preferences, delivery_verbs, webhook_verbs],
    collections=[deliveries, reminder_rules, webhooks],
    handlers=HANDLERS,
    schedules=[
        Schedule("reminders", 30, reminder_jobs.fire_due),
        Schedule("deliveries", 5, delivery_jobs.send_due),
        Schedule("webhooks", 2, webhook_jobs.call_due),
        Schedule("notifications.retention", 3600, notice_jobs.forget_old),
        Schedule("webhooks.retention", 3600, webhook_actions.forget_old),
    ],
    prepare=_prepare,
)
