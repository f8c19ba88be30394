"""Every setting of a process, read from the environment once at its start."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network


class InvalidSetting(ValueError):
    """An environment variable has a value the process cannot start with; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one process. The environment name of a field is the field in upper case.

    Times end in ``_s`` or ``_ms``. ``peers`` maps a service to the base URL of its web process (JSON in the
    environment). ``database_owner_url`` is used by migrations only. ``drain_s``: how long a web process that was told
    to stop says so at ``/readyz`` before it takes no more calls. ``trusted_proxies``: addresses and networks, separated
    by commas, whose X-Forwarded-For and X-Forwarded-Proto the gateway believes. ``metrics_key``: the bearer token that
    opens the gateway's ``/metrics``, closed without one. ``webhook_private_addresses``: ``allow`` lets webhooks go to
    private addresses and by plain http.
    """

    service: str
    database_url: str = ""
    database_owner_url: str = ""
    broker_url: str = "poll://"
    redis_url: str = ""
    identity_public_key: str = ""
    identity_private_key: str = ""
    internal_key: str = ""
    signing_key: str = ""
    files_url: str = "file:///tmp/banyan-files"
    peers: Mapping[str, str] = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = 8000
    web_workers: int = 1
    web_threads: int = 8
    drain_s: int = 5
    worker_threads: int = 16
    pool_size: int = 10
    statement_timeout_ms: int = 15_000
    lock_timeout_ms: int = 4_000
    idle_transaction_timeout_ms: int = 30_000
    log_level: str = "INFO"
    clock_offset_s: int = 0
    crash_at: str = ""
    public_url: str = "http://127.0.0.1:8080"
    web_root: str = ""
    admin_username: str = "admin"
    admin_password: str = ""
    sign_in_rate: str = "30/minute"
    request_rate: str = "6000/minute"
    request_bytes_max: int = 26_214_400
    smtp_url: str = ""
    mail_from: str = "banyan@localhost"
    webhook_private_addresses: str = ""
    trusted_proxies: str = ""
    metrics_key: str = ""

    @classmethod
    def from_environment(cls, service: str, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings of a service. Raises InvalidSetting for a value that cannot be understood."""
        values: dict[str, object] = {}
        for known in fields(cls):
            raw = environment.get(known.name.upper())
            if raw is None or known.name == "service":
                continue
            values[known.name] = _parse(known.name, str(known.type), raw)
        return cls(service=service, **values)  # type: ignore[arg-type]

    def check(self) -> None:
        """Raises InvalidSetting for what the process would only stumble over while it works."""
        self.trusted_networks()
        _check_storage(self.files_url)

    def trusted_networks(self) -> tuple[Network, ...]:
        """``trusted_proxies`` read. Raises InvalidSetting."""
        try:
            return tuple(ip_network(named.strip()) for named in self.trusted_proxies.split(",") if named.strip())
        except ValueError as error:
            raise InvalidSetting(f"TRUSTED_PROXIES cannot be read: {error}") from error


def _parse(name: str, kind: str, raw: str) -> object:
    try:
        if kind == "int":
            return int(raw)
        if kind.startswith("Mapping"):
            return dict(json.loads(raw))
    except ValueError as error:
        raise InvalidSetting(f"{name.upper()} cannot be read as {kind}: {error}") from error
    return raw


def _check_storage(address: str) -> None:
    import fsspec

    scheme = address.partition("://")[0] if "://" in address else "file"
    try:
        fsspec.get_filesystem_class(scheme)
    except (ImportError, ValueError) as error:
        raise InvalidSetting(f"FILES_URL begins with {scheme}://, which cannot be used here: {error}") from error
