"""Errors a caller can act on. Each becomes an ``application/problem+json`` document (RFC 9457) at the HTTP boundary."""

from __future__ import annotations

from typing import Any


class ProblemError(Exception):
    """An error with a stable ``code`` and an HTTP ``status``.

    detail: one sentence that says what to do. errors: per-field entries ``{"pointer", "code", "message"}``.
    """

    status = 500
    code = "internal"
    title = "Something went wrong on our side"

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.code = code or self.code
        self.errors = errors or []
        self.headers = headers or {}
        self.extra = extra

    def to_dict(self, request_id: str | None = None) -> dict[str, Any]:
        """The problem document."""
        document: dict[str, Any] = {
            "type": f"urn:banyan:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.extra,
        }
        if request_id:
            document["request_id"] = request_id
        if self.errors:
            document["errors"] = self.errors
        return document


class BadRequest(ProblemError):
    """The request could not be understood."""

    status, code, title = 400, "bad_request", "The request could not be understood"


class Unauthenticated(ProblemError):
    """Nobody is signed in."""

    status, code, title = 401, "unauthenticated", "Sign in first"


class Forbidden(ProblemError):
    """The caller sees the record but may not do this to it."""

    status, code, title = 403, "forbidden", "You may not do this"


class NotFound(ProblemError):
    """The record does not exist, or not for this caller."""

    status, code, title = 404, "not_found", "There is nothing here for you"


class StateConflict(ProblemError):
    """The record's state forbids the verb."""

    status, code, title = 409, "state_conflict", "The record's state does not allow this"


class Stale(ProblemError):
    """Somebody else changed the record since it was read."""

    status, code, title = 412, "stale", "The record was changed by someone else in the meantime"


class TooLarge(ProblemError):
    """The body is larger than this route takes."""

    status, code, title = 413, "too_large", "The request is too large"


class UnsupportedType(ProblemError):
    """The body's media type is not one this route reads."""

    status, code, title = 415, "unsupported_type", "Send the body in a supported media type"


class Invalid(ProblemError):
    """Values are missing or wrong; ``errors`` says which."""

    status, code, title = 422, "invalid", "Some values need correction"


class VersionRequired(ProblemError):
    """A change came without If-Match."""

    status, code, title = 428, "version_required", "Send If-Match with the ETag you read"


class TooMany(ProblemError):
    """The caller is over a rate limit."""

    status, code, title = 429, "too_many_requests", "Too many requests; wait and try again"


class Unavailable(ProblemError):
    """A dependency is away; the call may be repeated."""

    status, code, title = 503, "unavailable", "A part of the system is not reachable right now; try again shortly"


def field_error(pointer: str, code: str, message: str) -> Invalid:
    """An Invalid with one field entry. pointer: JSON pointer, ``/name``."""
    return Invalid(message, errors=[{"pointer": pointer, "code": code, "message": message}])
