"""The declarative base of the workflow service's tables."""

from sqlalchemy.orm import DeclarativeBase

from crm_chassis.database import SERVICE_TYPES, service_metadata


class Base(DeclarativeBase):
    """What this service's tables derive from."""

    metadata = service_metadata()
    type_annotation_map = SERVICE_TYPES
