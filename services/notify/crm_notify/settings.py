"""The settings that only this service has. Read at each use: an operator's environment is the process's own."""

from __future__ import annotations

import os

PRIVATE_WEBHOOKS = "WEBHOOK_PRIVATE_ADDRESSES"


def private_webhooks_allowed() -> bool:
    """Whether webhooks may go to private addresses and by plain http: ``WEBHOOK_PRIVATE_ADDRESSES=allow``.

    For an ERP in the same network; otherwise whoever may create a webhook could reach what only the servers can.
    """
    return os.environ.get(PRIVATE_WEBHOOKS, "") == "allow"
