"""``make bench``: the budgets of the architecture, measured side by side with the floor in one run.

Starts the real system in a scratch home, fills it with customers by SQL, runs the floor application on the same
database, and prints a table of ratios. ``BENCH_CUSTOMERS`` (100,000) sets the size.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from load import Measured, measure

from crm_chassis.text_search import pieces, searchable
from crm_local.demo.api import Api
from crm_local.demo.company import SUBSIDIARIES, build_company
from crm_local.home import Home
from crm_local.installation import Installation, Wishes

HERE = Path(__file__).parent
SIZE = int(os.environ.get("BENCH_CUSTOMERS", "100000"))
PASSWORD = "a-password-for-the-bench"
SYLLABLES = "恒泰锦绣宏远鼎盛瑞丰华星东方金桥海纳新元百川博雅天成万象嘉禾同德永安源通凯达润泽中汇联创启明"
LATIN = ("alpha", "river", "stone", "cedar", "amber", "delta", "maple", "orbit", "quartz", "willow")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def name_of(number: int) -> str:
    """A customer's name: four Chinese characters and a Latin word, fixed by the number."""
    count = len(SYLLABLES)
    chinese = "".join(SYLLABLES[(number * step + step) % count] for step in (3, 7, 11, 13))
    return f"{chinese}{number % 9973} {LATIN[number % len(LATIN)]}"


def fill(url: str, units: dict[str, str], owner: str) -> list[str]:
    """Insert SIZE customers over the four subsidiaries with their search terms; answers some ids of N1's."""
    mine: list[str] = []
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT set_config('crm.units', '*', false)")
        columns = "id, unit_id, owner_id, code, name, kind, relation, status, level, currency, version"
        rows = [(str(uuid4()), number) for number in range(SIZE)]
        with cursor.copy(f"COPY customers ({columns}, created_at, updated_at) FROM STDIN") as copy:
            for key, number in rows:
                subsidiary = SUBSIDIARIES[number % 4]
                unit = units[f"{subsidiary.code}S"]
                if number % 4 == 0:
                    mine.append(key)
                stamp = f"2026-01-01T00:00:00.{number % 1000000:06d}Z"
                fixed = ("company", "customer", "active", "ABC"[number % 3], "CNY", 1, stamp, stamp)
                copy.write_row((key, unit, owner, f"X-{number:07d}", name_of(number), *fixed))
        with cursor.copy("COPY search_terms (resource, record_id, unit_id, owner_id, text, terms) FROM STDIN") as copy:
            for key, number in rows:
                text = searchable(name_of(number), f"X-{number:07d}")
                terms = " ".join(f"'{piece}'" for piece in sorted(pieces(text)))
                unit = units[f"{SUBSIDIARIES[number % 4].code}S"]
                copy.write_row(("customer", key, unit, owner, text, terms))
        connection.commit()
        connection.autocommit = True
        cursor.execute("ANALYZE")
    return mine[:2000]


def start_system(home: Path, port: int) -> subprocess.Popen[bytes]:
    """The real system in a scratch home; answers when sign-in works."""
    environment = {**os.environ, "CRM_HOME": str(home), "CRM_PORT": str(port), "CRM_PASSWORD": PASSWORD}
    log = (home / "launcher.log").open("wb")
    command = [sys.executable, "-m", "crm_local", "up", "--demo", "none"]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + 120
    while "ready" not in (home / "launcher.log").read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit((home / "launcher.log").read_text(errors="replace"))
        time.sleep(0.1)
    return process


def start_floor(database_url: str) -> tuple[subprocess.Popen[bytes], str]:
    """The floor application under gunicorn, with the threads a service has."""
    port = free_port()
    environment = {**os.environ, "DATABASE_URL": database_url.replace("postgresql://", "postgresql+psycopg://")}
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-k",
        "gthread",
        "--threads",
        "8",
        "-b",
        f"127.0.0.1:{port}",
        "floor:app",
    ]
    process = subprocess.Popen(command, env=environment, cwd=HERE, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, f"http://127.0.0.1:{port}"
        time.sleep(0.1)
    raise SystemExit("the floor application did not start")


def compare(floor: str, ours: str, headers: dict[str, str], ids: list[str], unit: str) -> dict[str, tuple[Any, Any]]:
    """Each kind of work on the floor and on ours."""
    typed = {**headers, "Content-Type": "application/json"}

    def row(number: int) -> bytes:
        stamp = "2026-01-01T00:00:00Z"
        fixed = {"kind": "company", "relation": "customer", "status": "active", "currency": "CNY", "version": 1}
        made = {"id": str(uuid4()), "unit_id": unit, "code": f"F-{uuid4()}", "name": f"新客户{number}", **fixed}
        return json.dumps({**made, "created_at": stamp, "updated_at": stamp}).encode()

    def created(number: int) -> tuple[str, str, bytes, dict[str, str]]:
        body = {"name": f"新客户{number} {uuid4().hex}", "kind": "company", "relation": "prospect"}
        return ("POST", f"{ours}/customers", json.dumps(body).encode(), typed)

    pick = lambda number: ids[number % len(ids)]  # noqa: E731
    level = json.dumps({"level": "B"}).encode()
    plain = {"Content-Type": "application/json"}
    return {
        "read by id": (
            measure(lambda n: ("GET", f"{floor}/customers/{pick(n)}", None, {})),
            measure(lambda n: ("GET", f"{ours}/customers/{pick(n)}", None, headers)),
        ),
        "page of 50, filtered, sorted, scoped": (
            measure(lambda _n: ("GET", f"{floor}/customers?level=A", None, {})),
            measure(lambda _n: ("GET", f"{ours}/customers?level=A&sort=name&limit=50", None, headers)),
        ),
        "search, two Chinese characters": (
            measure(lambda n: ("GET", f"{floor}/search?q={SYLLABLES[n % 40 : n % 40 + 2]}", None, {}), calls=60),
            measure(lambda n: ("GET", f"{ours}/customers?q={SYLLABLES[n % 40 : n % 40 + 2]}", None, headers)),
        ),
        "search, part of a Latin name": (
            measure(lambda n: ("GET", f"{floor}/search?q={LATIN[n % 10][1:4]}", None, {}), calls=60),
            measure(lambda n: ("GET", f"{ours}/customers?q={LATIN[n % 10][1:4]}", None, headers)),
        ),
        "create": (
            measure(lambda n: ("POST", f"{floor}/customers", row(n), plain)),
            measure(created),
        ),
        "update one field": (
            measure(lambda n: ("PATCH", f"{floor}/customers/{pick(n)}", level, plain)),
            measure(lambda n: ("PATCH", f"{ours}/customers/{pick(n)}", _address(n), {**typed, "If-Match": "*"})),
        ),
    }


def _address(number: int) -> bytes:
    return json.dumps({"address": f"第 {number} 号"}).encode()


def order_to_notification(sellers: dict[str, Api], each: int = 12) -> list[float]:
    """Seconds from the answer of confirm to the owner's notification, for orders one after the other.

    Several sellers, because more than 20 notifications of a kind an hour reach a person as a digest.
    """
    times = []
    for name, seller in sellers.items():
        customer = seller.post(
            "/customers", {"name": f"通知测试客户 {name}", "kind": "company", "relation": "customer"}
        )
        for _ in range(each):
            order = _order(seller, customer["id"])
            seller.post(f"/orders/{order['id']}/confirm")
            began = time.perf_counter()
            while not any(order["id"] in (n["link"] or "") for n in seller.get("/notifications?limit=5")["items"]):
                if time.perf_counter() - began > 30:
                    raise SystemExit(f"no notification of order {order['number']} within 30 s")
                time.sleep(0.01)
            times.append(time.perf_counter() - began)
    return times


def _order(seller: Api, customer_id: str) -> Any:
    lines = [{"name": "唱片", "quantity": "1", "price": "20.00"}]
    body = {"customer_id": customer_id, "ordered_on": "2026-01-01", "currency": "CNY", "lines": lines}
    for _ in range(200):
        try:
            return seller.post("/orders", body)
        except RuntimeError:
            time.sleep(0.05)
    raise SystemExit("the sales service did not learn of the customer")


def report(results: dict[str, tuple[Measured, Measured]], times: list[float], memory: float) -> None:
    """Print the table."""
    print(f"\n{SIZE} customers, {os.cpu_count()} cores; p50 of one client, calls/s of sixteen\n")
    print(f"{'work':40} {'floor ms':>9} {'ours ms':>9} {'ratio':>6} {'floor/s':>9} {'ours/s':>9} {'share':>6}")
    for work, (floor, ours) in results.items():
        ratio, share = ours.p50_ms / floor.p50_ms, ours.per_s / floor.per_s
        print(
            f"{work:40} {floor.p50_ms:9.1f} {ours.p50_ms:9.1f} {ratio:6.2f}"
            f" {floor.per_s:9.0f} {ours.per_s:9.0f} {share:6.2f}"
        )
    p95 = statistics.quantiles(times, n=20)[18]
    print(f"\norder confirmed -> notification visible: p50 {statistics.median(times):.3f} s, p95 {p95:.3f} s")
    print(f"memory of everything, idle: {memory:.0f} MB (PSS)")


def main() -> None:
    """Run the whole bench."""
    home = Path(tempfile.mkdtemp(prefix="banyan-bench-"))
    port = free_port()
    system = start_system(home, port)
    floor = None
    try:
        status = _status(home, port)
        address = f"http://127.0.0.1:{port}"
        admin = Api(address, "admin", PASSWORD)
        units = build_company(admin, PASSWORD)
        seller = Api(address, "n1.sales1", PASSWORD)
        manager = Api(address, "n1.manager", PASSWORD)
        owner = seller.get("/auth/me")["user"]["id"]
        people = [f"{subsidiary.code.lower()}.sales{number}" for subsidiary in SUBSIDIARIES for number in (1, 2)]
        times = order_to_notification({name: Api(address, name, PASSWORD) for name in people})
        installation = Installation.running(Home(home), Wishes.from_environment({"CRM_PORT": str(port)}))
        database = installation.databases["customer"]
        server = installation.server_url.rsplit("/", 1)[0] + f"/{database.name}"
        ids = fill(server, units, owner)
        floor, floor_address = start_floor(server)
        headers = {"Authorization": f"Bearer {manager.token}"}
        results = compare(floor_address, f"{address}/api/v1", headers, ids, units["N1S"])
        report(results, times, status)
    finally:
        if floor:
            floor.terminate()
        system.send_signal(signal.SIGINT)
        system.wait(60)


def _status(home: Path, port: int) -> float:
    """The memory of everything in MB, as ``crm status`` adds it up."""
    environment = {**os.environ, "CRM_HOME": str(home), "CRM_PORT": str(port)}
    command = [sys.executable, "-m", "crm_local", "status", "--json"]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout
    return json.loads(printed)["memory_bytes"] / 1e6


if __name__ == "__main__":
    main()
