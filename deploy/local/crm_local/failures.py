"""The one error of the launcher that a person is meant to read."""

from __future__ import annotations


class CannotStart(Exception):
    """Something on this machine stands in the way; the message says what to do about it."""


class StopRequested(Exception):
    """The operator asked to stop while the start-up was still waiting for something."""
