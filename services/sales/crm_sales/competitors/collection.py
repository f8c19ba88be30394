"""Competitors: an ordinary collection, declared in this one file."""

from sqlalchemy.orm import Mapped

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema
from crm_chassis.database import Record

from ..tables import Base


class Competitor(Record, Base):
    """A company that sells against us."""

    __tablename__ = "competitors"
    __resource__ = "competitor"
    __search__ = ("name",)

    name: Mapped[str]
    website: Mapped[str | None]
    strengths: Mapped[str | None]
    weaknesses: Mapped[str | None]


class CompetitorSchema(RecordSchema):
    """What the API shows and takes of a competitor."""

    name = fields.text(("名称", "Name"), required=True)
    website = fields.url(("网站", "Website"))
    strengths = fields.long_text(("优势", "Strengths"))
    weaknesses = fields.long_text(("劣势", "Weaknesses"))


competitors = Collection(
    "competitors", Competitor, CompetitorSchema, ("竞争对手", "Competitors"), import_keys=("name",)
)
