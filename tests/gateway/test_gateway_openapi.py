"""One document of the whole system."""

from __future__ import annotations

import re
from typing import Any

from gateway.gateway_bench import GatewayBench

from crm_gateway.routing.openapi import Described, merged
from crm_gateway.routing.upstreams import Upstream


def document(path: str, schemas: dict[str, Any], answer: str, operation_id: str = "list") -> dict[str, Any]:
    operation = {
        "operationId": operation_id,
        "tags": [path.split("/")[1]],
        "responses": {"200": {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{answer}"}}}}},
    }
    return {"paths": {path: {"get": operation}}, "components": {"schemas": schemas}}


def answer_of(made: dict[str, Any], path: str) -> str:
    return made["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]


def test_components_that_differ_get_their_services_name_and_equal_ones_are_shared() -> None:
    shared = {"type": "object"}
    made = merged(
        {
            "sales": document("/orders", {"Line": {"type": "string"}, "Same": shared}, "Line"),
            "service-desk": document("/requests", {"Line": {"type": "integer"}, "Same": shared}, "Line"),
        },
        "1",
    )
    assert set(made["components"]["schemas"]) == {"Problem", "Line", "Same", "ServiceDeskLine"}
    assert answer_of(made, "/orders") == "#/components/schemas/Line"
    assert answer_of(made, "/requests") == "#/components/schemas/ServiceDeskLine"
    ids = [made["paths"][path]["get"]["operationId"] for path in ("/orders", "/requests")]
    assert ids == ["list", "service_desk_list"]


def test_a_service_that_is_down_is_missing_and_the_rest_is_there() -> None:
    own = document("/users", {}, "Problem")
    described = Described({"sales": Upstream("sales", "http://127.0.0.1:1")}, lambda: own, "1")
    assert set(described.document()["paths"]) == {"/users"}
    assert described.get("orders") is None


def test_the_document_is_whole(gateway: GatewayBench) -> None:
    answer = gateway.call("GET", "/openapi.json")
    assert answer.status_code == 200, answer.text
    made = answer.json
    assert made["openapi"] == "3.1.0"
    assert {"/auth/login", "/users", "/org-units/{unit_id}/move", "/audit-entries/verify"} <= set(made["paths"])
    references = set(re.findall(r'"#/components/(\w+)/([\w.-]+)"', answer.text))
    for kind, name in references:
        assert name in made["components"][kind], (kind, name)
    ids = [op["operationId"] for item in made["paths"].values() for op in item.values()]
    assert len(ids) == len(set(ids))


def test_the_page_loads_nothing_from_elsewhere(gateway: GatewayBench) -> None:
    page = gateway.call("GET", "/docs")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]*src=)|\son\w+=|https?://", page.text) == []
    for path in re.findall(r'(?:href|src)="(/[^"]+)"', page.text):
        assert gateway.call("GET", path).status_code == 200, path


def test_without_a_console_the_address_leads_to_the_page_about_the_api(gateway: GatewayBench) -> None:
    from dataclasses import replace

    from crm_chassis.app import create_app
    from crm_chassis.service import Runtime

    runtime = Runtime(gateway.service, replace(gateway.settings, web_root="none"))
    assert create_app(runtime).test_client().get("/").headers["Location"] == "/api/v1/docs"
    runtime.close()


def test_the_built_console_is_served_with_its_pages(gateway: GatewayBench, tmp_path: Any) -> None:
    from dataclasses import replace

    from crm_chassis.app import create_app
    from crm_chassis.service import Runtime

    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>Banyan</title>" + " " * 2000)
    (tmp_path / "assets" / "main-abc123.js").write_text("1;")
    (tmp_path / "sw.js").write_text("1;")
    (tmp_path / "manifest.webmanifest").write_text("{}")
    runtime = Runtime(gateway.service, replace(gateway.settings, web_root=str(tmp_path)))
    client = create_app(runtime).test_client()
    for path in ("/", "/customers/0190", "/orders"):
        page = client.get(path)
        assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-cache"), path
        assert "Banyan" in page.text
    asset = client.get("/assets/main-abc123.js")
    assert "immutable" in asset.headers["Cache-Control"]
    assert client.get("/assets/gone.js").status_code == 404
    worker, manifest = client.get("/sw.js"), client.get("/manifest.webmanifest")
    # A service worker that a cache keeps would keep an old console alive.
    assert (worker.mimetype, worker.headers["Cache-Control"]) == ("text/javascript", "no-cache")
    assert (manifest.mimetype, manifest.headers["Cache-Control"]) == ("application/manifest+json", "no-cache")
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "worker-src 'self'" in policy
    assert "manifest-src 'self'" in policy
    assert "unsafe" not in policy.replace("style-src 'self' 'unsafe-inline'", "")
    assert client.get("/../../etc/passwd").status_code in {200, 404}
    assert "root:" not in client.get("/..%2f..%2fetc/passwd").text
    assert client.get("/", headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    again = client.get("/", headers={"If-None-Match": client.get("/").headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/api/v1/nowhere").mimetype == "application/problem+json"
    runtime.close()
