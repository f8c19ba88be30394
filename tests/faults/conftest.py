"""Faults are made against the one real system of the test run."""

from system import system

__all__ = ["system"]
