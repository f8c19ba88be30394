"""The chassis of every Banyan service; start with README.md and ``service.Service``."""
