"""Telling people something."""
