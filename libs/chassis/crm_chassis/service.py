"""What a service is: one declaration, from which its web, worker, relay and migrations come."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_contracts.services import package_of

from . import language
from .draining import Drain
from .settings import Settings

if TYPE_CHECKING:
    from flask import Blueprint, Flask
    from sqlalchemy.orm import DeclarativeBase, Session

    from crm_contracts.envelope import Envelope

    from .collection import Collection
    from .database import Database
    from .schedules import Schedule

Handler = Callable[["Session", "Envelope"], None]
JobFunction = Callable[..., Any]


@dataclass(frozen=True)
class Service:
    """The declaration of a service; its module ``crm_<name>.app`` holds it as ``service``.

    handlers: event type -> function(session, envelope), run in the inbox's transaction, or ``inbox.Together`` for a
    batch. jobs: kind -> function, run by ``crm_chassis.jobs``. prepare: called with the Flask application before it serves.
    """

    name: str
    base: type[DeclarativeBase]
    blueprints: Sequence[Blueprint] = ()
    collections: Sequence[Collection] = ()
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    schedules: Sequence[Schedule] = ()
    jobs: Mapping[str, JobFunction] = field(default_factory=dict)
    prepare: Callable[[Flask], None] | None = None
    after_migrate: Callable[[Session], None] | None = None
    """Called once after each migration with a system session: the place for reference rows such as regions."""

    @property
    def package(self) -> str:
        """The name of the Python package, ``crm_service_desk``."""
        return package_of(self.name)

    @property
    def migrations(self) -> Path:
        """The folder with the service's Alembic migrations."""
        module = importlib.import_module(self.package)
        return Path(str(module.__file__)).parent / "migrations"


_current: ContextVar[Runtime | None] = ContextVar("crm_runtime", default=None)


class Turn:
    """A lock that who lets go of it cannot take again before those who wait for it.

    A thread that waits stands at the entrance, and everybody else queues behind it; a plain lock would go to whoever runs.
    """

    def __init__(self) -> None:
        self._entrance = threading.Lock()
        self._held = threading.Lock()

    def __enter__(self) -> None:
        with self._entrance:
            self._held.acquire()

    def __exit__(self, *_: object) -> None:
        self._held.release()

    @property
    def awaited(self) -> bool:
        """Whether somebody waits for it."""
        return self._entrance.locked()


class Runtime:
    """A service with its settings and connections, in one process.

    ``handling`` is held by the thread that handles events: one at a time in a process, so that its threads do not wait
    for each other's rows. Events that come meanwhile are handled together afterwards.
    """

    def __init__(self, service: Service, settings: Settings, drain: Drain | None = None) -> None:
        self.service = service
        self.settings = settings
        self.handling = Turn()
        self._drain = drain
        language.learn(service.package)

    @property
    def draining(self) -> bool:
        """Whether this process is about to stop and should be sent no more calls."""
        return self._drain is not None and self._drain.begun

    @cached_property
    def database(self) -> Database:
        """The service's database, connected lazily."""
        from .database import Database

        return Database(self.settings, self.service.base)

    @contextmanager
    def activate(self) -> Iterator[Runtime]:
        """Make this the runtime that ``transaction()`` and friends use within the block."""
        token = _current.set(self)
        try:
            yield self
        finally:
            _current.reset(token)

    def close(self) -> None:
        """Give back every connection."""
        if "database" in self.__dict__:
            self.database.engine.dispose()


def current_runtime() -> Runtime:
    """The runtime of the work being done. Raises RuntimeError outside of ``activate``."""
    runtime = _current.get()
    if runtime is None:
        raise RuntimeError("no service is active here: wrap the call in `with runtime.activate():`")
    return runtime


def load_service(name: str) -> Service:
    """The declaration of a service by name, ``service-desk``."""
    return importlib.import_module(f"{package_of(name)}.app").service
