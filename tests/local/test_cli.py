"""The command line, as far as it goes without real servers."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from crm_local import postgres
from crm_local.accounts import Account, can_enter, database_account
from crm_local.cli import main
from crm_local.failures import CannotStart
from crm_local.home import Home

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("CRM_HOME", str(tmp_path / "home"))
    for name in ("CRM_PORT", "CRM_PASSWORD", "DATABASE_URL", "BROKER_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    return Home(tmp_path / "home")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "command", [["status"], ["demo"], ["dead-letters"], ["replay", "sales", "--source", "customer", "--after", "0"]]
)
def test_commands_about_a_running_system_say_when_there_is_none(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 1
    assert capsys.readouterr().err == "crm: not running: start it with `crm up`\n"


@pytest.mark.usefixtures("home")
def test_down_without_anything_running_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["down"]) == 0
    assert capsys.readouterr().out == "not running\n"


def test_up_while_up_says_where(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.create()
    home.write_state({"address": "http://127.0.0.1:8080"})
    with home.lock():
        assert main(["up"]) == 0
    assert capsys.readouterr().out == f"Banyan is already running at http://127.0.0.1:8080 (pid {os.getpid()})\n"


@pytest.mark.usefixtures("home")
def test_a_taken_console_port_is_reported_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("CRM_PORT", str(port))
        assert main(["up"]) == 1
    assert capsys.readouterr().err.startswith(f"crm: port {port} is taken by another program")


def test_logs_of_a_service_are_those_of_its_processes(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.create()
    for name in ("sales-web", "sales-relay", "service-desk-web"):
        (home.logs / f"{name}.log").write_text(f"line of {name}\n")
    assert main(["logs", "sales"]) == 0
    shown = capsys.readouterr().out
    assert "line of sales-web" in shown
    assert "line of sales-relay" in shown
    assert "service-desk" not in shown
    assert main(["logs", "selas"]) == 1
    assert "there are: sales-relay, sales-web, service-desk-web" in capsys.readouterr().err


@as_root
def test_root_lends_postgres_another_user_and_keeps_to_the_owner_of_its_data(tmp_path: Path) -> None:
    lent = database_account(tmp_path / "postgres")
    assert lent is not None
    assert lent.uid != 0
    data = tmp_path / "postgres"
    data.mkdir()
    os.chown(data, 4711, 4712)
    assert database_account(data) == Account(4711, 4712)


@as_root
def test_a_private_folder_above_keeps_other_users_out(tmp_path: Path) -> None:
    tmp_path.parent.chmod(0o711)
    private = tmp_path / "private"
    inner = private / "home"
    inner.mkdir(parents=True)
    private.chmod(0o700)
    assert not can_enter(inner, Account(65534, 65534))
    assert can_enter(inner, None)


def test_data_of_another_postgres_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(CannotStart, match=r"written by PostgreSQL 9\.6, this machine runs \d+.* \(docs/operating\.md"):
        postgres._check_version(tmp_path, postgres.find_programs())


def test_a_lock_file_whose_pid_is_another_program_now_is_removed(tmp_path: Path) -> None:
    lock = tmp_path / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{tmp_path}\n")
    postgres._end_leftover(tmp_path)
    assert not lock.exists()


@pytest.mark.usefixtures("home")
def test_everything_in_the_home_is_private(home: Home) -> None:
    home.create()
    home.write_state({})
    assert [stat.S_IMODE(path.stat().st_mode) & 0o077 for path in home.root.iterdir()] == [0, 0, 0]


def test_a_reader_who_leaves_early_is_no_failure(home: Home) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "CRM_HOME": str(home.root)}
    ran = subprocess.run(
        [sys.executable, "-m", "crm_local", "down"],
        stdout=writing,
        stderr=subprocess.PIPE,
        env=environment,
        check=False,
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (0, b"")
