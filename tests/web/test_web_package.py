"""The console's generated files are those of today's API, and it is built when, and only when, its sources changed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from crm_web import build, openapi


@pytest.fixture(scope="module")
def found() -> dict[str, openapi.Application]:
    return openapi.applications()


def test_the_contract_of_verbs_and_rows_is_fresh(found: dict[str, openapi.Application]) -> None:
    assert openapi.CONTRACT.read_text() == openapi.contract_text(found), "run `make types`"


# Two schemas of one service share a name; the document numbers them.
@pytest.mark.filterwarnings("ignore:Multiple schemas resolved to the name")
def test_the_types_name_every_path_and_schema_of_the_api(found: dict[str, openapi.Application]) -> None:
    document = openapi.document(found)
    text = (build.WEB / "src/api/schema.d.ts").read_text()
    head = text.split("export type webhooks", 1)[0]
    assert set(re.findall(r'^    "(/[^"]*)": \{$', head, re.MULTILINE)) == set(document["paths"]), "run `make types`"
    components = text.split("export interface components", 1)[1]
    named = set(re.findall(r"^        (\w+): ", components.split("    responses: {", 1)[0], re.MULTILINE))
    assert set(document["components"]["schemas"]) <= named, "run `make types`"


def test_every_verb_of_a_service_has_a_word_on_its_button(found: dict[str, openapi.Application]) -> None:
    written = "".join(path.read_text() for path in (build.WEB / "src").rglob("texts.ts"))
    declared = {
        verb.name
        for one in found.values()
        for collection in one.runtime.service.collections
        for verb in collection.verbs
    }
    assert {verb for verb in declared if not re.search(rf"['\" ]verb_{verb}['\"]?:", written)} == set()


def test_a_change_of_a_source_changes_the_fingerprint(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "src").mkdir()
    source = tmp_path / "src" / "main.ts"
    source.write_text("1")
    monkeypatch.setattr(build, "WEB", tmp_path)
    first = build.fingerprint()
    assert build.fingerprint() == first
    source.write_text("2")
    assert build.fingerprint() != first
    source.write_text("1")
    (tmp_path / "src" / "more.ts").write_text("")
    assert build.fingerprint() != first


def test_the_lock_file_holds_no_address_of_a_registry() -> None:
    lock = json.loads((build.WEB / "package-lock.json").read_text())
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    versions = [*(package := json.loads((build.WEB / "package.json").read_text()))["dependencies"].values()]
    versions += package["devDependencies"].values()
    assert [version for version in versions if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
