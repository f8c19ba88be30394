"""The floor: the least a Flask and SQLAlchemy application can do for the same work, on the same database.

Run under gunicorn like a service: ``DATABASE_URL`` names the customer service's database with a role that sees all.
"""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

from flask import Flask, jsonify, request
from sqlalchemy import MetaData, Table, create_engine, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Session

engine = create_engine(os.environ["DATABASE_URL"], pool_size=8, max_overflow=8)


class Base(DeclarativeBase):
    """The customers table as it stands, without anything around it."""

    metadata = MetaData()


class Customer(Base):
    """Mapped by reflection."""

    __table__ = Table("customers", Base.metadata, autoload_with=engine)


app = Flask(__name__)
COLUMNS = [column.name for column in Customer.__table__.columns if column.name not in {"custom", "tags"}]


def shown(customer: Customer) -> dict[str, Any]:
    """Every column as text."""
    return {name: _plain(getattr(customer, name)) for name in COLUMNS}


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, bool, type(None))) else str(value)


@app.get("/customers/<uuid:customer_id>")
def read(customer_id: UUID) -> Any:
    """Read by id."""
    with Session(engine) as session:
        return jsonify(shown(session.get_one(Customer, customer_id)))


@app.get("/customers")
def page() -> Any:
    """A page of 50, filtered by level, ordered by name."""
    with Session(engine) as session:
        wanted = select(Customer).where(Customer.level == request.args["level"]).order_by(Customer.name).limit(50)
        return jsonify([shown(customer) for customer in session.scalars(wanted)])


@app.get("/search")
def search() -> Any:
    """A part of the name, as plain SQL does it."""
    with Session(engine) as session:
        wanted = select(Customer).where(Customer.name.contains(request.args["q"])).limit(50)
        return jsonify([shown(customer) for customer in session.scalars(wanted)])


@app.post("/customers")
def create() -> Any:
    """Insert one row."""
    with Session(engine) as session:
        session.execute(insert(Customer.__table__), request.get_json())
        session.commit()
    return jsonify({}), 201


@app.patch("/customers/<uuid:customer_id>")
def change(customer_id: UUID) -> Any:
    """Update one field."""
    with Session(engine) as session:
        session.execute(update(Customer).where(Customer.id == customer_id).values(request.get_json()))
        session.commit()
    return jsonify({})
