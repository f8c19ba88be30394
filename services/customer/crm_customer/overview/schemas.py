"""What the 360° page shows of a customer."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from crm_chassis.collection.listing import LIMIT_DEFAULT, LIMIT_MAX


class TimelineQuery(Schema):
    """How a timeline may be asked. kinds: resources by comma, such as ``order,request``."""

    kinds = fields.String(validate=validate.Length(max=300))
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))
    cursor = fields.String()


class EntryView(Schema):
    """One thing that happened. ``payload`` holds the few values its card needs; ``link`` is a path of the console."""

    id = fields.UUID()
    at = fields.AwareDateTime(format="iso")
    type = fields.String()
    kind = fields.String()
    title = fields.String()
    actor_id = fields.UUID(allow_none=True)
    actor_name = fields.String(allow_none=True)
    link = fields.String()
    payload = fields.Dict(keys=fields.String())


class TimelineView(Schema):
    """A page of the timeline, newest first."""

    items = fields.List(fields.Nested(EntryView))
    next_cursor = fields.String(allow_none=True)


class MoneyView(Schema):
    """An amount in one currency."""

    amount = fields.String()
    currency = fields.String()


class SumView(Schema):
    """How many, and what they come to in each currency; null where the caller may not read the amounts."""

    count = fields.Integer()
    total = fields.List(fields.Nested(MoneyView), allow_none=True)


class OwedView(SumView):
    """Receivables still to come, and what of them is past due."""

    overdue = fields.Nested(SumView, allow_none=True)


class RequestsView(Schema):
    """Requests that are open, the complaints among them, and the mean rating."""

    open = fields.Integer()
    complaints = fields.Integer(allow_none=True)
    satisfaction = fields.Float(allow_none=True)


class LastInteractionView(Schema):
    """The latest interaction."""

    id = fields.UUID()
    kind = fields.String(allow_none=True)
    subject = fields.String(allow_none=True)
    occurred_at = fields.AwareDateTime(format="iso", allow_none=True)


class NextActivityView(Schema):
    """The activity that is due next."""

    id = fields.UUID()
    kind = fields.String(allow_none=True)
    subject = fields.String(allow_none=True)
    due_at = fields.AwareDateTime(format="iso", allow_none=True)


class OverviewView(Schema):
    """Counts and sums of a customer; null where the caller may not read what they are made of."""

    customer_id = fields.UUID()
    open_opportunities = fields.Nested(SumView, allow_none=True)
    orders_12_months = fields.Nested(SumView, allow_none=True)
    open_receivables = fields.Nested(OwedView, allow_none=True)
    requests = fields.Nested(RequestsView, allow_none=True)
    last_interaction = fields.Nested(LastInteractionView, allow_none=True)
    next_activity = fields.Nested(NextActivityView, allow_none=True)
    last_contact_at = fields.AwareDateTime(format="iso", allow_none=True)
    last_order_at = fields.AwareDateTime(format="iso", allow_none=True)
    churn_risk = fields.String(allow_none=True)
    satisfaction = fields.Integer(allow_none=True)
