"""Builds the console into the wheel. An editable install leaves it to ``crm_web.build.ensure``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before the wheel is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling's signature
        """Make ``crm_web/dist`` unless its sources are unchanged. Raises ConsoleNotBuilt."""
        if version == "editable":
            return
        sys.path.insert(0, str(Path(self.root)))
        try:
            from crm_web.build import ensure
        finally:
            sys.path.pop(0)
        ensure()
