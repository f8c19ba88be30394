"""The services of the system and the names derived from them."""

from __future__ import annotations

SERVICES: tuple[str, ...] = (
    "gateway",
    "customer",
    "sales",
    "service-desk",
    "expenses",
    "workflow",
    "notify",
    "insight",
)
"""Every deployable unit, the gateway first. The names are used in URLs, queues, databases and event types."""


def package_of(service: str) -> str:
    """The Python package of a service: ``service-desk`` -> ``crm_service_desk``."""
    return "crm_" + service.replace("-", "_")
