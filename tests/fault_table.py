"""The table of faults: which test stands for which row of docs/faults.md, on which broker, and how it went."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

_BROKERS = ("amqp", "redis", "poll")
_ROWS = 35
_WORD = {"passed": "pass", "failed": "FAIL", "skipped": "n/a"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--fault-table FILE`` writes the table as Markdown."""
    parser.addoption("--fault-table", type=Path, metavar="FILE", help="write which faults were survived")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note row and broker on each test, so that its report carries them, from another process too."""
    for item in items:
        rows = [row for marker in item.iter_markers("fault") for row in marker.args]
        if rows:
            item.user_properties += [("fault_rows", rows), ("broker", _broker_of(item))]


def _broker_of(item: pytest.Item) -> str:
    params = getattr(item, "callspec", None)
    found = next((value for value in params.params.values() if value in _BROKERS), None) if params else None
    if found is None and "rabbitmq" in item.nodeid:
        found = "amqp"
    return str(found or "any")


class _Aloud:
    """Says at once why a fault was not survived: a run takes an hour."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the lines of the failure that say what is wrong."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal:
            said = [line for line in report.longreprtext.splitlines() if line.startswith("E ")]
            terminal.write_line("\n" + "\n".join(said[:8]))


def say_failures_at_once(config: pytest.Config) -> None:
    """With a table, say them as they happen; for ``pytest_configure``."""
    if config.getoption("--fault-table"):
        config.pluginmanager.register(_Aloud(config))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Write the table when it was asked for."""
    file = config.getoption("--fault-table")
    if file is None:
        return
    cells: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for outcome in _WORD:
        for report in terminalreporter.stats.get(outcome, []):
            properties = dict(report.user_properties)
            if "fault_rows" in properties and (report.when == "call" or outcome != "passed"):
                for row in properties["fault_rows"]:
                    cells[row][properties["broker"]].append((outcome, report))
    lines = ["| # | RabbitMQ | Valkey | poll | no broker involved |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {row} | {' | '.join(_cell(cells[row][kind]) for kind in (*_BROKERS, 'any'))} |" for row in _numbers()]
    file.write_text("\n".join(lines) + "\n")
    terminalreporter.write_line(f"faults: table in {file}")


def _numbers() -> range:
    return range(1, _ROWS + 1)


def _cell(found: list[Any]) -> str:
    """``pass 3 (41 s)``: how many tests, and their seconds together."""
    if not found:
        return "-"
    worst = next(word for word in ("failed", "passed", "skipped") if any(outcome == word for outcome, _ in found))
    counted = [report for outcome, report in found if outcome == worst]
    return f"{_WORD[worst]} {len(counted)} ({sum(report.duration for report in counted):.0f} s)"
