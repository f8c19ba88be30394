"""The declarative base of the customer service's tables."""

from crm_chassis.database import service_base

Base = service_base()
