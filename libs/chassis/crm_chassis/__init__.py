"""The chassis of every Banyan service; start with README.md and ``service.Service``."""

from . import field_messages

field_messages.adopt()
