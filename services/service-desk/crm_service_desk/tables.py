"""The service's own tables share this base."""

from crm_chassis.database import service_base

Base = service_base()
