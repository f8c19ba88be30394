"""Marshmallow's own messages about a field, made sentences: it fills their placeholders, the catalogue translates them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from .language import Sentence, say

_SAID = {
    str(sentence): sentence
    for sentence in (
        say("Missing data for required field."),
        say("Field may not be null."),
        say("Invalid value."),
        say("Invalid input."),
        say("Invalid input type."),
        say("Invalid type."),
        say("Unknown field."),
        say("Not a valid list."),
        say("Not a valid string."),
        say("Not a valid utf-8 string."),
        say("Not a valid UUID."),
        say("Not a valid number."),
        say("Number too large."),
        say("Not a valid integer."),
        say("Special numeric values (nan or infinity) are not permitted."),
        say("Not a valid boolean."),
        say("Not a valid date."),
        say("Not a valid mapping type."),
        say("Not a valid URL."),
        say("Not a valid email address."),
        say("Shorter than minimum length {min}."),
        say("Longer than maximum length {max}."),
        say("Length must be between {min} and {max}."),
        say("Length must be {equal}."),
        say("Must be one of: {choices}."),
        say("Must be equal to {other}."),
        say("String does not match expected pattern."),
        say("One or more of the choices you made was not in: {choices}."),
        say("One or more of the choices you made was in: {values}."),
    )
}
_MOMENT = {
    "invalid": say("Not a valid datetime."),
    "invalid_awareness": say("Not a valid aware datetime."),
}
_RANGE = {
    "message_min": say("Must be greater than or equal to {min}."),
    "message_max": say("Must be less than or equal to {max}."),
    "message_all": say("Must be greater than or equal to {min} and less than or equal to {max}."),
}


def adopt() -> None:
    """Make marshmallow's messages sentences; call it before a field is made."""
    for kind in [*vars(fields).values(), *vars(validate).values(), Schema]:
        if isinstance(kind, type):
            _adopt(kind)
    fields.DateTime.default_error_messages = {**fields.DateTime.default_error_messages, **_MOMENT}
    for name, sentence in _RANGE.items():
        setattr(validate.Range, name, sentence)


def _adopt(kind: type) -> None:
    for name, value in list(vars(kind).items()):
        if name in {"default_error_messages", "_default_error_messages"}:
            value.update({key: _SAID.get(text, text) for key, text in value.items()})
        elif isinstance(value, str) and not isinstance(value, Sentence) and value in _SAID:
            setattr(kind, name, _SAID[value])
