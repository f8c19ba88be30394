"""Prove that the tests bite: take out one safeguard at a time and see which test turns red.

A copy of the packages is changed, never the sources; the tests run with the copy before them on the path. A safeguard
whose words are not found any more, or whose absence no test notices, makes this script fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_WITHIN_S = 300


@dataclass(frozen=True)
class Safeguard:
    """What is taken out (``words`` of a file become ``instead``), and the test that must notice."""

    name: str
    file: str
    words: str
    instead: str
    test: str


_BUS = "tests/chassis/bus"
SAFEGUARDS = (
    Safeguard(
        "publisher confirm",
        "libs/chassis/crm_chassis/bus/amqp.py",
        "            self._await_confirms(ends)\n",
        "            self._waiting.clear()\n",
        f"{_BUS}/test_rabbitmq.py::test_a_full_queue_refuses_and_what_it_refused_stays_unpublished",
    ),
    Safeguard(
        "connection closed after an error",
        "libs/chassis/crm_chassis/bus/amqp.py",
        "        if delivery.failure is not None:\n            self.close()\n",
        "",
        f"{_BUS}/test_rabbitmq.py::test_a_connection_that_went_dead_unnoticed_is_given_up_for_a_new_one",
    ),
    Safeguard(
        "mandatory",
        "libs/chassis/crm_chassis/bus/amqp.py",
        "mandatory=True",
        "mandatory=False",
        f"{_BUS}/test_rabbitmq.py::test_without_a_queue_nothing_is_marked_and_all_of_it_comes_after_redeclaring",
    ),
    Safeguard(
        "inbox key",
        "libs/chassis/crm_chassis/inbox_rows.py",
        "    return session.connection().execute(_ENTER, values).first() is not None\n",
        "    session.connection().execute(_ENTER, values)\n    return True\n",
        f"{_BUS}/test_inbox.py::test_five_copies_of_each_event_in_any_order_take_effect_once",
    ),
    Safeguard(
        "leader lock",
        "libs/chassis/crm_chassis/relay.py",
        '        return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))"), key))\n',
        "        return bool(key)\n",
        f"{_BUS}/test_outbox.py::test_while_somebody_leads_another_relay_does_nothing",
    ),
    Safeguard(
        "outbox in the same transaction",
        "libs/chassis/crm_chassis/outbox.py",
        "    session.add(\n        OutboxRow(",
        "    (lambda row: (lambda own: (own.add(row), own.commit(), own.close()))(current_runtime().database.sessions()))(\n"
        "        OutboxRow(",
        f"{_BUS}/test_outbox.py::test_an_event_exists_exactly_when_its_row_does",
    ),
    Safeguard(
        "version check of copies",
        "libs/chassis/crm_chassis/inbox.py",
        ", where=table.c.version < row.excluded.version",
        "",
        f"{_BUS}/test_inbox.py::test_version_one_behind_version_three_does_not_undo_it",
    ),
    Safeguard(
        "attempt counted before it is made",
        "libs/chassis/crm_chassis/inbox_rows.py",
        "    row.attempts += 1\n    lease_s",
        "    lease_s",
        f"{_BUS}/test_delivery.py::test_an_event_that_kills_its_process_ends_dead_and_the_others_are_handled[amqp]",
    ),
    Safeguard(
        "what may have killed a process stays alone",
        "libs/chassis/crm_chassis/worker.py",
        " if not each.redelivered}",
        "}",
        f"{_BUS}/test_turns.py::test_one_that_may_have_killed_a_process_is_not_tried_with_the_others",
    ),
    Safeguard(
        "lease of a job",
        "libs/chassis/crm_chassis/jobs.py",
        ', Job.state == "running", Job.attempts == self.attempt)',
        ")",
        "tests/chassis/test_jobs.py::test_a_worker_that_outlived_its_lease_commits_nothing_any_more",
    ),
    Safeguard(
        "sweeper",
        "libs/chassis/crm_chassis/sweeper.py",
        "        return inbox.take_in(session, events, replay_until=mark.replay_until)\n",
        "        return 0\n",
        f"{_BUS}/test_delivery.py::test_what_the_broker_lost_is_swept_from_the_feed[amqp]",
    ),
)


def main() -> int:
    """Take out each safeguard in turn; answers 0 when each was missed by its test."""
    unnoticed = []
    for safeguard in SAFEGUARDS:
        whole = _passes({}, safeguard.test)
        with tempfile.TemporaryDirectory() as folder:
            red = not _passes({"PYTHONPATH": _without(safeguard, Path(folder))}, safeguard.test)
        bites = red and whole
        print(
            f"{safeguard.name:44} {'red' if bites else 'UNNOTICED' if whole else 'BROKEN'}  {safeguard.test}",
            flush=True,
        )
        if not bites:
            unnoticed.append(safeguard.name)
    return len(unnoticed)


def _without(safeguard: Safeguard, folder: Path) -> str:
    package = ROOT / "/".join(safeguard.file.split("/")[:2])
    copy = folder / package.name
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    file = copy / Path(safeguard.file).relative_to(package.relative_to(ROOT))
    source = file.read_text()
    if source.count(safeguard.words) != 1:
        raise SystemExit(f"{safeguard.file} does not say {safeguard.words!r} exactly once any more")
    file.write_text(source.replace(safeguard.words, safeguard.instead))
    return str(copy)


def _passes(more: dict[str, str], test: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    environment = {**os.environ, **more}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=_WITHIN_S, check=False)
    return ran.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
