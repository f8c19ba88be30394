"""Where the output of processes goes: a rotated file each, and the operator's screen."""

from __future__ import annotations

import json
import os
import sys
from logging import Formatter, makeLogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

_FILE_BYTES = 10 * 1024 * 1024
_FILES_KEPT = 3
_COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
_LOUD = {"warning", "warn", "error", "critical", "exception"}


class Screen:
    """The operator's terminal. Processes' lines get their name in front; routine ones are left to the files.

    verbose: show every line, not only what is at least a warning.
    """

    def __init__(self, stream: TextIO | None = None, *, verbose: bool = False) -> None:
        self._stream = stream or sys.stdout
        self._verbose = verbose
        self._colour = self._stream.isatty()
        self._names: dict[str, int] = {}
        self._followed: set[str] = set()
        self._left = False

    def follow(self, name: str) -> None:
        """Show every line of this process from now on."""
        self._followed.add(name)

    def say(self, text: str) -> None:
        """A line of the launcher itself. A terminal or pipe that is gone is no reason to fall over."""
        try:
            print(text, file=self._stream, flush=True)
        except OSError:
            self._stream = Path(os.devnull).open("w")  # noqa: SIM115  it serves until the process ends

    def leave(self) -> None:
        """Show no more lines of processes: nobody sits before this screen now, and their files have them all."""
        self._left = True

    def show(self, name: str, line: str) -> None:
        """Show a line a process wrote: a warning in brief, any other when verbose or followed."""
        if self._left:
            return
        if self._verbose or name in self._followed:
            self.say(f"{self._tag(name)} {line}")
        elif warning := brief(line):
            self.say(f"{self._tag(name)} {warning}")

    def _tag(self, name: str) -> str:
        tag = f"{name:<20}|"
        if not self._colour:
            return tag
        number = self._names.setdefault(name, len(self._names))
        return f"\x1b[{_COLOURS[number % len(_COLOURS)]}m{tag}\x1b[0m"


def brief(line: str) -> str:
    """What an operator should notice of a log line: event and reason of a warning or worse, else nothing."""
    try:
        entry = json.loads(line)
        level = str(entry["level"]).lower()
    except (ValueError, TypeError, KeyError):
        return ""
    if level not in _LOUD:
        return ""
    reasons = [str(entry.get("error", "")), *str(entry.get("exception", "")).rstrip().splitlines()[-1:]]
    return " - ".join([f"{level}: {entry.get('event', '')}", *(reason for reason in reasons if reason)])


class Journal:
    """The output of one process, cut into lines, into ``<folder>/<name>.log`` and onto the screen."""

    def __init__(self, folder: Path, name: str, screen: Screen) -> None:
        self._name = name
        self._screen = screen
        self._partial = b""
        self._file = RotatingFileHandler(
            folder / f"{name}.log",
            maxBytes=_FILE_BYTES,
            backupCount=_FILES_KEPT,
            encoding="utf-8",
        )
        self._file.setFormatter(Formatter("%(message)s"))

    def feed(self, piece: bytes) -> None:
        """Take output as it comes; a line is written once it is complete."""
        *lines, self._partial = (self._partial + piece).split(b"\n")
        for line in lines:
            self._write(line.decode("utf-8", "replace"))

    def note(self, text: str) -> None:
        """A remark of the supervisor about the process, in its file."""
        self._write(f"--- {text}")

    def end(self, text: str) -> None:
        """The process ended, as ``text`` says: write what is left and close the file until there is more to write."""
        if self._partial:
            self.feed(b"\n")
        self.note(text)
        self._file.close()

    def _write(self, line: str) -> None:
        self._file.emit(makeLogRecord({"msg": line}))
        self._screen.show(self._name, line)


def tail(path: Path, lines: int) -> list[str]:
    """The last lines of a log file, none when it does not exist."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - lines * 400))
            return stream.read().decode("utf-8", "replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []
