"""The sales service: from lead to cash."""

from crm_chassis import org
from crm_chassis.service import Service

from .competitors.collection import competitors
from .tables import Base

service = Service(
    name="sales",
    base=Base,
    collections=[competitors],
    handlers={**org.HANDLERS},
)
