"""Which states of other services' records count for what."""

BOUGHT = ("confirmed", "delivered", "closed")
"""Orders that count as bought: not drafts, not cancelled ones. A partly returned order stays one."""

OWED = ("open", "partly_paid", "overdue")
"""Receivables with money still to come."""

SETTLED_REQUESTS = ("archived", "merged")
"""Requests that wait for nobody any more."""
