"""``python -m chassis.bus.process relay|worker|consumer|feed SERVICE``: one real process of a test service.

``consumer`` is the part of a worker that reads from the broker; it tells its pulse in the file that PULSE_FILE names.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from chassis.bus.ledger_and_mirror import SERVICES
from flask import Flask

from crm_chassis import clock, crash, errors, logs, outbox_feed, worker
from crm_chassis.__main__ import relay_until_stopped
from crm_chassis.background import Pulse
from crm_chassis.service import Runtime
from crm_chassis.settings import Settings


def feed_app(runtime: Runtime) -> Flask:
    """The internal door of a service, and nothing else."""
    app = Flask("feed")
    app.register_blueprint(outbox_feed.blueprint(runtime))
    app.register_error_handler(errors.ProblemError, lambda error: (error.to_dict(), error.status))
    inner = app.wsgi_app

    def active(environ, start_response):  # type: ignore[no-untyped-def]
        with runtime.activate():
            return inner(environ, start_response)

    app.wsgi_app = active  # type: ignore[method-assign]
    return app


class ToldPulse(Pulse):
    """A pulse that a test can follow."""

    def beat(self) -> None:
        """It moves."""
        super().beat()
        self._tell("beat")

    def rest(self) -> None:
        """It may stand still."""
        super().rest()
        self._tell("rest")

    @staticmethod
    def _tell(what: str) -> None:
        with Path(os.environ["PULSE_FILE"]).open("a") as told:
            told.write(f"{what}\n")


def consume(runtime: Runtime) -> None:
    """Read from the broker until SIGTERM."""
    app = worker.make_app(runtime, worker.background_loops(runtime, polling=False))
    app.pulse = ToldPulse()
    worker._run_celery(app)


def main(kind: str, name: str) -> None:
    """Run until SIGTERM."""
    settings = Settings.from_environment(name)
    logs.configure(name, "WARNING")
    crash.arm(settings.crash_at)
    clock.shift(settings.clock_offset_s)
    runtime = Runtime(SERVICES[name], settings)
    if kind == "relay":
        relay_until_stopped(runtime)
    elif kind == "worker":
        worker.run_worker(runtime)
    elif kind == "consumer":
        consume(runtime)
    else:
        feed_app(runtime).run(settings.host, settings.port, threaded=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
