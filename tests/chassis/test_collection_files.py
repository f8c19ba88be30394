"""Files of records: typed by their content, held by a custom field, deleted when nobody needs them."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from uuid import UUID

from sqlalchemy import select
from werkzeug.http import parse_options_header

from crm_chassis import clock, files
from crm_chassis.database import system_transaction
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

from .conftest import ALL


def test_files_are_typed_by_content_and_sent_as_attachments(n1: Client, e1: Client) -> None:
    made = n1.post("/competitors", {"name": "Rival"}).json["id"]
    path = f"/competitors/{made}/attachments"
    png = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
    stored = n1.call("POST", path, key="f1", data={"file": (BytesIO(png), "报价.html"), "category": "scan"})

    assert (stored.status_code, stored.json["media_type"]) == (201, "image/png")
    got = n1.get(f"{path}/{stored.json['id']}")
    assert got.data == png
    named = got.headers["Content-Disposition"]
    assert parse_options_header(named) == ("attachment", {"filename": "报价.html"})
    assert named.isascii(), "a header carries nothing else"
    assert e1.get(f"{path}/{stored.json['id']}").status_code == 404
    refused = n1.call("POST", path, key="f2", data={"file": (BytesIO(b"#!/bin/sh\n"), "x.txt")})
    assert refused.status_code == 415


def a_file(client: Client, path: str, name: str) -> str:
    stored = client.call("POST", path, key=name, data={"file": (BytesIO(b"a,b\n1,2\n"), name)})
    assert stored.status_code == 201, stored.text
    return str(stored.json["id"])


def test_a_file_of_a_custom_field_is_uploaded_before_its_record_and_becomes_its_own(
    bench: Bench, group: dict[str, UUID], n1: Client, e1: Client
) -> None:
    for client in (n1, e1):
        body = {"key": "licence", "label_zh": "执照", "label_en": "Licence", "kind": "file"}
        assert client.post("/competitors/fields", body).status_code == 201
    loose = a_file(n1, "/competitors/attachments", "licence.csv")
    colleague = bench.client(bench.caller(group["N1"], ALL, username="colleague"))

    for other in (colleague, e1):
        refused = other.post("/competitors", {"name": "Thief", "custom": {"licence": loose}})
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/custom/licence")
    made = n1.post("/competitors", {"name": "Rival", "custom": {"licence": loose}}).json
    listed = colleague.get(f"/competitors/{made['id']}/attachments").json["items"]
    assert [(file["id"], file["name"], file["size"]) for file in listed] == [(loose, "licence.csv", 8)]
    assert colleague.get(f"/competitors/{made['id']}/attachments/{loose}").data == b"a,b\n1,2\n"

    again = n1.post("/competitors", {"name": "Copy", "custom": {"licence": loose}})
    assert again.json["errors"][0]["code"] == "unknown"
    assert n1.get("/competitors?name=Copy").json["items"] == []

    renewed = a_file(colleague, f"/competitors/{made['id']}/attachments", "renewed.csv")
    changed = colleague.patch(f"/competitors/{made['id']}", {"custom": {"licence": renewed}}, version=1)
    assert changed.json["custom"] == {"licence": renewed}
    colleague.delete(f"/competitors/{made['id']}/attachments/{renewed}")
    kept = colleague.patch(f"/competitors/{made['id']}", {"name": "New", "custom": {"licence": renewed}}, version=2)
    assert kept.status_code == 200
    gone = n1.patch(f"/competitors/{made['id']}", {"custom": {"licence": str(uuid7())}}, version=3)
    assert gone.status_code == 422
    assert n1.patch(f"/competitors/{made['id']}", {"custom": {"licence": None}}, version=3).json["custom"] == {}


def test_what_nobody_needs_any_more_is_deleted_with_its_content(bench: Bench, n1: Client) -> None:
    made = n1.post("/competitors", {"name": "Rival"}).json["id"]
    loose = a_file(n1, "/competitors/attachments", "loose.csv")
    kept = a_file(n1, f"/competitors/{made}/attachments", "kept.csv")
    removed = a_file(n1, f"/competitors/{made}/attachments", "removed.csv")
    assert n1.delete(f"/competitors/{made}/attachments/{removed}").status_code == 204

    def left() -> set[str]:
        with bench.runtime.activate(), system_transaction() as session:
            files.forget_old(session)
            return {str(file_id) for file_id in session.scalars(select(files.File.id))}

    def contents() -> int:
        return sum(len(found) for _, _, found in os.walk(bench.settings.files_url.removeprefix("file://")))

    assert left() == {loose, kept, removed}
    before = contents()
    with clock.frozen(clock.now() + timedelta(days=2)):
        assert left() == {kept, removed}
    with clock.frozen(clock.now() + timedelta(days=31)):
        assert left() == {kept}
    assert contents() == before - 2
    assert n1.get(f"/competitors/{made}/attachments/{kept}").data == b"a,b\n1,2\n"


def test_what_a_killed_process_left_half_written_is_deleted_after_a_day(bench: Bench) -> None:
    with bench.system() as session:
        folder = files.scratch()
        assert folder is not None
        (folder / "half").write_text("=1+")
        files.forget_old(session)
        assert [left.name for left in folder.iterdir()] == ["half"]
        with clock.frozen(clock.now() + timedelta(hours=25)):
            files.forget_old(session)
        assert list(folder.iterdir()) == []


def test_content_whose_record_failed_is_deleted_after_a_day(bench: Bench) -> None:
    def contents() -> int:
        return sum(len(found) for _, _, found in os.walk(bench.settings.files_url.removeprefix("file://")))

    before = contents()
    with suppress(ZeroDivisionError), bench.system() as session:
        files.save(session, b"a,b\n1,2\n", name="lost.csv", resource="competitor", record_id=uuid7())
        raise ZeroDivisionError
    assert contents() == before + 1

    for hours, left in ((23, before + 1), (25, before)):
        with clock.frozen(clock.now() + timedelta(hours=hours)), bench.system() as session:
            files.forget_old(session)
        assert contents() == left
    with bench.system() as session:
        assert session.scalars(select(files.File).where(files.File.name == "lost.csv")).all() == []


def test_who_may_not_create_uploads_nothing(bench: Bench, group: dict[str, UUID]) -> None:
    reader = bench.client(bench.caller(group["N1"], ["competitor:read"], username="reader"))
    for client, status in ((reader, 403), (bench.client(), 401)):
        data = {"file": (BytesIO(b"x"), "x.txt")}
        assert client.call("POST", "/competitors/attachments", key="u1", data=data).status_code == status
