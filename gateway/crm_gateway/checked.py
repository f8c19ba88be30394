"""A field with one more rule."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate


def also(field: fields.Field[Any], rule: validate.Validator) -> fields.Field[Any]:
    """The field, whose values must also pass the rule."""
    field.validators.append(rule)
    return field
