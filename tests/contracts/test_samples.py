"""One recorded event of every type ever published is understood by every service that hears it.

`make samples` records what is missing from the suite's own runs; what is there is never edited.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from crm_chassis import inbox
from crm_chassis.inbox_rows import InboxRow
from crm_chassis.service import load_service
from crm_chassis.testing import Bench
from crm_contracts.envelope import Envelope
from crm_contracts.events import REGISTRY
from crm_contracts.services import SERVICES
from crm_contracts.subscriptions import subscribers_of

SAMPLES = Path(__file__).parent / "samples"
OURS = sorted(name for name, event in REGISTRY.items() if event.service in SERVICES)  # other tests add their own


UNSEEN = {
    "crm.customer.customer.merged.v1",
    "crm.customer.customer.unmerged.v1",
    "crm.expenses.travel-plan.deleted.v1",
    "crm.sales.lead.deleted.v1",
    "crm.sales.order.deleted.v1",
    "crm.service-desk.article.deleted.v1",
    "crm.service-desk.request.deleted.v1",
    "crm.service-desk.request.merged.v1",
}
"""Types that no run of the suite has published yet, so that nothing of them could be recorded."""


def sample(event_type: str) -> Envelope:
    return Envelope.from_dict(json.loads((SAMPLES / f"{event_type}.json").read_text(encoding="utf-8")))


def test_every_event_type_has_a_sample() -> None:
    recorded = {path.stem for path in SAMPLES.glob("*.json")}

    assert sorted(set(OURS) - recorded - UNSEEN) == [], "run `make samples`"
    assert sorted(recorded - set(OURS)) == [], "a type that was published once stays in the registry"


@pytest.fixture(params=[service for service in SERVICES if service != "gateway"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    bench = Bench(load_service(request.param))
    bench.clean()
    yield bench
    bench.close()


def test_a_subscriber_understands_every_sample(bench: Bench) -> None:
    heard = [name for name in OURS if name not in UNSEEN and bench.service.name in subscribers_of(name)]
    for name in heard:
        inbox.receive(bench.runtime, sample(name), None)

    with bench.system() as session:
        rows = session.execute(select(InboxRow.type, InboxRow.status, InboxRow.last_error)).all()
    assert [row for row in rows if row.last_error and row.status != "parked"] == []
    assert len(rows) == len(heard)
