"""The supervisor with real, small processes: restarts, back-off, order of ending, and what a killed one leaves."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from crm_chassis.testing_servers import free_ports
from crm_local.failures import CannotStart, StopRequested
from crm_local.home import Home, find_process
from crm_local.journal import Screen
from crm_local.launch import _end_leftovers
from crm_local.ports import is_free
from crm_local.processes import ProcessSpec
from crm_local.supervisor import Backoff, Supervisor

QUICK = Backoff(first=0.05, most=0.2, healthy_after=60)


def sleep_for_ever() -> None:
    signal.pause()


def say_and_sleep() -> None:
    os.write(1, f"hello from {os.environ['TRADE']}\n".encode())
    signal.pause()


def fail() -> None:
    raise RuntimeError("no such table")


def ignore_sigterm() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(1, b"deaf\n")
    while True:
        signal.pause()


def answer_once() -> None:
    with socket.socket(fileno=3) as listener:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(f"{os.environ['LISTEN_FDS']} {os.environ['LISTEN_PID'] == str(os.getpid())}".encode())


def fork_a_grandchild() -> None:
    if os.fork() == 0:
        os.write(1, b"grandchild\n")
    signal.pause()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def supervisor(home: Home, said: io.StringIO) -> Iterator[Supervisor]:
    supervisor = Supervisor(home, Screen(said), backoff=QUICK)
    with supervisor.signals():
        yield supervisor
        supervisor.stop()


def until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    supervisor.wait_for(condition, within_s=10, what="the test's condition")


def row(home: Home, name: str) -> dict[str, object]:
    return next(row for row in home.read_state()["processes"] if row["name"] == name)


def pid(home: Home, name: str) -> int:
    process = row(home, name)["process"]
    assert isinstance(process, dict)
    return int(process["pid"])


def test_a_killed_process_comes_back(supervisor: Supervisor, home: Home, said: io.StringIO) -> None:
    supervisor.start([ProcessSpec("sales-worker", "worker", entry=sleep_for_ever)])
    first = pid(home, "sales-worker")
    os.kill(first, signal.SIGKILL)
    until(supervisor, lambda: row(home, "sales-worker")["restarts"] == 1)
    assert pid(home, "sales-worker") != first
    assert row(home, "sales-worker")["last_exit"] == -signal.SIGKILL
    assert "sales-worker ended (signal SIGKILL), starts again in 0.05 s" in said.getvalue()


def test_a_process_that_keeps_failing_is_a_crash_loop_and_its_reason_is_in_its_log(
    supervisor: Supervisor, home: Home
) -> None:
    supervisor.start([ProcessSpec("broken-web", "web", entry=fail)])
    until(supervisor, lambda: row(home, "broken-web")["state"] == "crash-loop")
    assert row(home, "broken-web")["last_exit"] == 1
    assert "RuntimeError: no such table" in (home.logs / "broken-web.log").read_text()


@pytest.mark.parametrize(("ends", "wait"), [(1, 0.5), (2, 1), (3, 2), (7, 30), (5000, 30)])
def test_waits_double_up_to_half_a_minute(ends: int, wait: float) -> None:
    assert Backoff().wait(ends) == wait


def test_output_reaches_the_log_file_and_the_environment_the_process(supervisor: Supervisor, home: Home) -> None:
    supervisor.start([ProcessSpec("crier", "worker", {"TRADE": "fish"}, entry=say_and_sleep)])
    until(supervisor, lambda: "hello from fish" in (home.logs / "crier.log").read_text())


def test_one_process_may_have_settings_of_its_own_from_its_next_start_on(supervisor: Supervisor, home: Home) -> None:
    supervisor.start([ProcessSpec("crier", "worker", {"TRADE": "fish"}, entry=say_and_sleep)])
    (home.root / "settings").mkdir()
    (home.root / "settings" / "crier.env").write_text("# of the season\nTRADE = chestnuts=hot\n\n")
    os.kill(pid(home, "crier"), signal.SIGKILL)
    until(supervisor, lambda: "hello from chestnuts=hot" in (home.logs / "crier.log").read_text())


def test_processes_end_role_by_role(supervisor: Supervisor, home: Home) -> None:
    ends: list[str] = []
    roles = ("database", "broker", "beat", "relay", "worker", "web", "edge")
    supervisor.start(
        ProcessSpec(role, role, entry=sleep_for_ever, on_end=lambda _, role=role: ends.append(role))  # type: ignore[misc]
        for role in roles
    )
    supervisor.stop()
    assert ends == list(reversed(roles))
    assert all(row(home, role)["process"] is None for role in roles)


def test_a_process_deaf_to_sigterm_is_killed_after_its_grace(supervisor: Supervisor, home: Home) -> None:
    codes: list[int] = []
    supervisor.start([ProcessSpec("deaf", "worker", entry=ignore_sigterm, grace_s=0.2, on_end=codes.append)])
    until(supervisor, lambda: "deaf\n" in (home.logs / "deaf.log").read_text())
    supervisor.stop()
    assert codes == [-signal.SIGKILL]


def test_grandchildren_end_with_their_parent(supervisor: Supervisor, home: Home) -> None:
    supervisor.start([ProcessSpec("parent", "worker", entry=fork_a_grandchild)])
    until(supervisor, lambda: "grandchild\n" in (home.logs / "parent.log").read_text())
    family = psutil.Process(pid(home, "parent")).children()
    assert len(family) == 1
    os.kill(pid(home, "parent"), signal.SIGKILL)
    until(supervisor, lambda: row(home, "parent")["restarts"] == 1)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []


def test_a_failed_task_stops_the_start_and_shows_why(supervisor: Supervisor) -> None:
    with pytest.raises(CannotStart, match=r"sales-migrate failed:(.|\n)*no such table"):
        supervisor.run_tasks([ProcessSpec("sales-migrate", "task", entry=fail)], within_s=10)


def test_tasks_run_once(supervisor: Supervisor, home: Home) -> None:
    supervisor.run_tasks([ProcessSpec("done", "task", argv=(sys.executable, "-c", "print('done')"))], within_s=20)
    assert (home.logs / "done.log").read_text().count("done starts") == 1


def test_a_signal_during_the_start_asks_for_a_clean_stop(supervisor: Supervisor) -> None:
    supervisor.start([ProcessSpec("web", "web", entry=sleep_for_ever)])
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(StopRequested):
        until(supervisor, lambda: False)


SUPERVISOR_PROGRAM = """
import signal, sys
from pathlib import Path
from crm_local.home import Home
from crm_local.journal import Screen
from crm_local.processes import ProcessSpec
from crm_local.supervisor import Supervisor

home = Home(Path(sys.argv[1]))
home.create()
with home.lock():
    supervisor = Supervisor(home, Screen())
    with supervisor.signals():
        death_signal = signal.Signals(int(sys.argv[2]))
        supervisor.start([ProcessSpec("child", "worker", entry=signal.pause, death_signal=death_signal)])
        print("up", flush=True)
        supervisor.run()
        supervisor.stop()
"""


@pytest.fixture
def start_supervisor(home: Home) -> Iterator[Callable[[signal.Signals], subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(death_signal: signal.Signals) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", SUPERVISOR_PROGRAM, str(home.root), str(int(death_signal))]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_children_of_a_killed_supervisor_end_by_themselves(
    home: Home, start_supervisor: Callable[[signal.Signals], subprocess.Popen[str]]
) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells a process that its parent died")
    supervisor = start_supervisor(signal.SIGTERM)
    child = psutil.Process(pid(home, "child"))
    supervisor.kill()
    supervisor.wait()
    assert psutil.wait_procs([child], timeout=10)[1] == []
    assert home.supervisor() is None


def test_the_next_start_ends_what_a_killed_supervisor_left(
    home: Home, start_supervisor: Callable[[signal.Signals], subprocess.Popen[str]]
) -> None:
    # SIGCONT is harmless: the child stays, as it would on a system without death signals.
    supervisor = start_supervisor(signal.SIGCONT)
    child = psutil.Process(pid(home, "child"))
    supervisor.kill()
    supervisor.wait()
    assert child.is_running()
    _end_leftovers(home)
    assert psutil.wait_procs([child], timeout=10)[1] == []


def test_a_recorded_pid_that_is_another_process_now_is_left_alone(home: Home) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    try:
        stale = {"pid": bystander.pid, "started": time.time() - 3600}
        assert find_process(stale) is None
        home.write_state({"processes": [{"name": "old", "role": "worker", "process": stale}]})
        _end_leftovers(home)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_second_supervisor_is_told_who_holds_the_home(
    home: Home, start_supervisor: Callable[[signal.Signals], subprocess.Popen[str]]
) -> None:
    first = start_supervisor(signal.SIGTERM)
    command = [sys.executable, "-c", SUPERVISOR_PROGRAM, str(home.root), "15"]
    second = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert f"AlreadyRunning: already running (pid {first.pid})" in second.stderr


def test_sigterm_ends_the_supervisor_and_its_children_cleanly(
    home: Home, start_supervisor: Callable[[signal.Signals], subprocess.Popen[str]]
) -> None:
    supervisor = start_supervisor(signal.SIGTERM)
    child = psutil.Process(pid(home, "child"))
    supervisor.terminate()
    assert supervisor.wait(10) == 0
    assert not child.is_running()
    assert row(home, "child")["state"] == "ended"


def test_who_connects_while_a_web_process_is_away_waits_for_its_successor(supervisor: Supervisor) -> None:
    (port,) = free_ports(1)
    supervisor.start([ProcessSpec("web", "web", entry=answer_once, port=port)])

    for _ in range(3):  # each ends its process, and the next one comes before there is another
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.setblocking(False)
            said = bytearray()

            def answered(connection: socket.socket = connection, said: bytearray = said) -> bool:
                with contextlib.suppress(BlockingIOError):
                    said.extend(connection.recv(100))
                return bool(said)

            supervisor.wait_for(answered, within_s=10, what="an answer")
            assert said == b"1 True"

    supervisor.stop()
    assert is_free(port)


def test_a_port_that_another_program_has_is_said(supervisor: Supervisor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotStart, match=f"port {port} is taken"):
            supervisor.start([ProcessSpec("web", "web", entry=answer_once, port=port)])
