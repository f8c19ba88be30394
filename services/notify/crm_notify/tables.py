"""The declarative base of the notify service's tables."""

from crm_chassis.database import service_base

Base = service_base()
