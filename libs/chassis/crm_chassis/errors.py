"""Errors a caller can act on. Each becomes an ``application/problem+json`` document (RFC 9457) at the HTTP boundary."""

from __future__ import annotations

from typing import Any, TypedDict

from .language import Sentence, say


class FieldError(TypedDict):
    """What is wrong with one field. pointer: JSON pointer, ``/name``, or ``?name`` for a query parameter."""

    pointer: str
    code: str
    message: Sentence


class ProblemError(Exception):
    """An error with a stable ``code`` and an HTTP ``status``.

    detail: one sentence that says what to do. errors: per-field entries ``{"pointer", "code", "message"}``. Both are
    made with ``language.say`` and become the reader's language in ``to_dict`` and ``entries``.
    """

    status = 500
    code = "internal"
    title = say("Something went wrong on our side")

    def __init__(
        self,
        detail: Sentence | None = None,
        *,
        code: str | None = None,
        errors: list[FieldError] | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.code = code or self.code
        self.errors = errors or []
        self.headers = headers or {}
        self.extra = extra

    def entries(self) -> list[dict[str, str]]:
        """What is wrong with which field, in the current language; one entry about the whole when no field is named."""
        found = self.errors or [entry("/", self.code, self.detail)]
        return [
            {"pointer": each["pointer"], "code": each["code"], "message": each["message"].spoken()} for each in found
        ]

    def to_dict(self, request_id: str | None = None) -> dict[str, Any]:
        """The problem document, in the current language."""
        document: dict[str, Any] = {
            "type": f"urn:banyan:problem:{self.code}",
            "title": self.title.spoken(),
            "status": self.status,
            "detail": self.detail.spoken(),
            "code": self.code,
            **self.extra,
        }
        if request_id:
            document["request_id"] = request_id
        if self.errors:
            document["errors"] = self.entries()
        return document


class BadRequest(ProblemError):
    """The request could not be understood."""

    status, code, title = 400, "bad_request", say("The request could not be understood")


class Unauthenticated(ProblemError):
    """Nobody is signed in."""

    status, code, title = 401, "unauthenticated", say("Sign in first")


class Forbidden(ProblemError):
    """The caller sees the record but may not do this to it."""

    status, code, title = 403, "forbidden", say("You may not do this")


class NotFound(ProblemError):
    """The record does not exist, or not for this caller."""

    status, code, title = 404, "not_found", say("There is nothing here for you")


class StateConflict(ProblemError):
    """The record's state forbids the verb."""

    status, code, title = 409, "state_conflict", say("The record's state does not allow this")


class Stale(ProblemError):
    """Somebody else changed the record since it was read."""

    status, code, title = 412, "stale", say("The record was changed by someone else in the meantime")


class TooLarge(ProblemError):
    """The body is larger than this route takes."""

    status, code, title = 413, "too_large", say("The request is too large")


class UnsupportedType(ProblemError):
    """The body's media type is not one this route reads."""

    status, code, title = 415, "unsupported_type", say("Send the body in a supported media type")


class Invalid(ProblemError):
    """Values are missing or wrong; ``errors`` says which."""

    status, code, title = 422, "invalid", say("Some values need correction")


class VersionRequired(ProblemError):
    """A change came without If-Match."""

    status, code, title = 428, "version_required", say("Send If-Match with the ETag you read")


class TooMany(ProblemError):
    """The caller is over a rate limit."""

    status, code, title = 429, "too_many_requests", say("Too many requests; wait and try again")


class Unavailable(ProblemError):
    """A dependency is away; the call may be repeated."""

    status, code, title = 503, "unavailable", say("A part of the system is not reachable right now; try again shortly")


def entry(pointer: str, code: str, message: Sentence) -> FieldError:
    """What is wrong with one field, for the ``errors`` of a ProblemError."""
    return {"pointer": pointer, "code": code, "message": message}


def field_error(pointer: str, code: str, message: Sentence) -> Invalid:
    """An Invalid with one field entry. pointer: JSON pointer, ``/name``."""
    return Invalid(message, errors=[entry(pointer, code, message)])
