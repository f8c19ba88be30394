"""The declarative base of the gateway's tables."""

from crm_chassis.database import service_base

Base = service_base()
