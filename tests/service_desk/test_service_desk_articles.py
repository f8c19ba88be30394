"""The knowledge base."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from crm_chassis.database import transaction
from crm_chassis.identity import Grant, set_principal
from crm_chassis.testing import Client
from crm_service_desk.articles.collection import rate

from .conftest import Desk


def article(client: Client, **body: Any) -> dict[str, Any]:
    made = client.post("/articles", {"title": "更换电源", "body": "<p>先断电,再打开机箱。</p>", **body})
    assert made.status_code == 201, made.json
    return made.json  # type: ignore[no-any-return]


def test_an_article_goes_from_draft_over_review_to_its_readers_and_away(desk: Desk) -> None:
    made = article(desk.agent)
    path = f"/articles/{made['id']}"

    assert (made["status"], made["excerpt"]) == ("draft", "先断电,再打开机箱。")
    assert desk.agent.post(f"{path}/submit", {}).json["status"] == "review"
    published = desk.agent.post(f"{path}/publish", {}).json
    assert (published["status"], published["published_at"] is not None) == ("published", True)
    assert desk.agent.post(f"{path}/publish", {}).status_code == 409
    assert desk.agent.post(f"{path}/retire", {}).json["status"] == "retired"
    facts = [event["type"] for event in desk.bench.events()]
    assert facts == ["crm.service-desk.article.published.v1", "crm.service-desk.article.retired.v1"]


def test_harmful_markup_is_removed(desk: Desk) -> None:
    made = article(
        desk.agent, body='<p onclick="x()">Hi <script>alert(1)</script><a href="javascript:x()">link</a></p>'
    )

    assert "script" not in made["body"]
    assert "onclick" not in made["body"]
    assert made["excerpt"] == "Hi link"


def test_agents_of_every_company_read_what_the_group_published(desk: Desk) -> None:
    made = article(desk.agent)
    desk.agent.post(f"/articles/{made['id']}/publish", {})
    reader = desk.bench.client(desk.bench.caller(desk.e1, {"article:read": Grant(everything=True)}, username="r"))

    assert reader.get(f"/articles/{made['id']}").json["body"] == made["body"]
    assert [item["id"] for item in reader.get("/articles?q=断电").json["items"]] == [made["id"]]
    assert reader.get(f"/articles/{made['id']}").json["can"] == ["rate"]
    assert reader.post(f"/articles/{made['id']}/retire", {}).status_code == 403


def test_each_reader_has_one_opinion(desk: Desk) -> None:
    made = article(desk.agent)
    path = f"/articles/{made['id']}/rate"
    assert desk.agent.post(path, {"helpful": True}).status_code == 409
    published = desk.agent.post(f"/articles/{made['id']}/publish", {}).json
    other = desk.bench.client(desk.bench.caller(desk.n1, ["article:read"], username="other"))

    desk.agent.post(path, {"helpful": False})
    desk.agent.post(path, {"helpful": True})
    rated = other.post(path, {"helpful": False}).json

    assert (rated["helpful_count"], rated["unhelpful_count"]) == (1, 1)
    assert rated["version"] == published["version"]


def test_readers_who_rate_at_once_are_both_counted(desk: Desk) -> None:
    made = article(desk.agent)
    desk.agent.post(f"/articles/{made['id']}/publish", {})
    other = desk.bench.client(desk.bench.caller(desk.n1, ["article:read"], username="other"))
    rating = threading.Thread(target=other.post, args=(f"/articles/{made['id']}/rate", {"helpful": True}))

    with rated_by(desk, desk.agent, made["id"]):
        rating.start()
        wait_for_somebody_who_waits(desk)
    rating.join()

    assert desk.agent.get(f"/articles/{made['id']}").json["helpful_count"] == 2


@contextmanager
def rated_by(desk: Desk, reader: Client, article_id: str) -> Iterator[None]:
    """Within the block the reader has found the article helpful, and nobody else can see that yet."""
    set_principal(reader.principal)
    try:
        with desk.bench.runtime.activate(), transaction() as session:
            rate(session, UUID(article_id), helpful=True)
            yield
    finally:
        set_principal(None)


def wait_for_somebody_who_waits(desk: Desk) -> None:
    """Until a connection to the desk's database waits for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND datname = current_database()"
    )
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with desk.bench.runtime.database.engine.connect() as connection:
            if connection.scalar(waiting):
                return
        time.sleep(0.01)
    pytest.fail("nobody waits")


def test_a_published_article_is_edited_by_who_may_publish(desk: Desk) -> None:
    made = article(desk.agent)
    published = desk.agent.post(f"/articles/{made['id']}/publish", {}).json
    writer = desk.bench.client(desk.bench.caller(desk.n1, ["article:read", "article:update"], username="writer"))
    path = f"/articles/{made['id']}"

    assert writer.patch(path, {"title": "x"}, version=published["version"]).status_code == 403
    changed = desk.agent.patch(path, {"title": "换电源"}, version=published["version"])
    assert changed.status_code == 200
    assert desk.bench.events()[-1]["type"] == "crm.service-desk.article.changed.v1"


@pytest.mark.parametrize("verb", ["submit", "publish", "retire", "rate"])
def test_each_verb_wants_a_caller_who_sees_the_article(desk: Desk, verb: str) -> None:
    path = f"/articles/{article(desk.agent)['id']}/{verb}"
    body = {"helpful": True} if verb == "rate" else {}

    assert desk.bench.client().post(path, body).status_code == 401
    assert desk.stranger.post(path, body).status_code == 404
