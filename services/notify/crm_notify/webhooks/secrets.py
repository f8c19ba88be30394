"""Making, sealing and using the secrets that sign webhook calls (Standard Webhooks specification 1.0)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from standardwebhooks import Webhook as Signer

_BYTES = 32


def new_secret() -> str:
    """A fresh secret, ``whsec_…``."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def seal(secret: str, signing_key: str) -> str:
    """The secret encrypted (JWE, A256GCM) under a key derived from the service's signing key."""
    return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, secret.encode(), _key(signing_key))


def unseal(sealed: str, signing_key: str) -> str | None:
    """The secret read back, None when it was sealed under another signing key."""
    try:
        found = jwe.decrypt_compact(sealed, _key(signing_key)).plaintext
    except JoseError:
        return None
    return (found or b"").decode()


def _key(signing_key: str) -> OctKey:
    return OctKey.import_key(hashlib.sha256(b"webhook secrets " + signing_key.encode()).digest())


def headers(message_id: str, body: str, unsealed: Iterable[str], at: datetime) -> dict[str, str]:
    """The three headers by which a receiver knows the call: id, time (Unix seconds), a signature per secret."""
    signatures = " ".join(Signer(secret).sign(message_id, at, body) for secret in unsealed)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signatures,
    }
