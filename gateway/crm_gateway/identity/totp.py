"""The second factor: time-based one-time passwords (RFC 6238), each good once."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pyotp
import structlog
from cryptography.fernet import Fernet, InvalidToken

from crm_chassis import clock, errors
from crm_chassis.language import say

from .models import Credential

log = structlog.get_logger("totp")

_STEP_S = 30
_ISSUER = "Banyan"
_UNREADABLE = say("Your second factor cannot be checked any more. Ask your administrator to reset it.")


def new_secret() -> str:
    """A fresh secret, base32."""
    return pyotp.random_base32()


def address(secret: str, username: str) -> str:
    """The ``otpauth://`` address that an authenticator app reads as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=_ISSUER)


def sealed(secret: str, signing_key: str) -> str:
    """The secret as it is stored, encrypted."""
    return _box(signing_key).encrypt(secret.encode()).decode()


def accepts(credential: Credential, code: str, signing_key: str) -> bool:
    """Whether the code is right now (half a minute early or late); a code that was used is not accepted again.

    Raises StateConflict when the secret was encrypted under another signing key.
    """
    if not credential.totp_secret:
        return False
    made = pyotp.TOTP(_opened(credential, signing_key))
    now, given = int(clock.now().timestamp()) // _STEP_S, code.strip().encode()
    for step in (now - 1, now, now + 1):
        if step > credential.totp_step and hmac.compare_digest(made.at(step * _STEP_S).encode(), given):
            credential.totp_step = step
            return True
    return False


def _opened(credential: Credential, signing_key: str) -> str:
    try:
        return _box(signing_key).decrypt(str(credential.totp_secret).encode()).decode()
    except InvalidToken as error:
        log.error("the second factor was encrypted under another SIGNING_KEY", user=str(credential.user_id))
        raise errors.StateConflict(_UNREADABLE, code="totp_unreadable") from error


def _box(signing_key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"totp " + signing_key.encode()).digest()))
