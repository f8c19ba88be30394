"""Where the commands about events find the services of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from crm_chassis.event_commands import Opener
from crm_chassis.service import Runtime, load_service
from crm_chassis.settings import Settings

from .installation import Installation


def opener(installation: Installation) -> Opener:
    """Opens a service with the settings its processes have here."""

    @contextmanager
    def opened(service: str) -> Iterator[Runtime]:
        settings = Settings.from_environment(service, installation.environment(service))
        runtime = Runtime(load_service(service), settings)
        try:
            with runtime.activate():
                yield runtime
        finally:
            runtime.close()

    return opened
