"""The funnel: counted rows put in the order of the pipelines' stages. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from . import stages

MADE_OF: Mapping[str, tuple[str, ...]] = {"amounts": ("amount",), "weighted": ("amount", "probability")}
"""Sum -> the fields of an opportunity that it tells about."""


def by_pipeline(
    rows: Iterable[Any], pipelines: Mapping[UUID, Any], *, closed: Collection[str] = ()
) -> list[dict[str, Any]]:
    """One entry per pipeline with every stage in its order, empty ones too.

    rows: pipeline_id, stage, currency, count, amount, weighted (as ``queries.funnel`` answers). Sums are lists of
    money, one per currency, because amounts of different currencies are not added; ``closed`` ones are None.
    """
    counted: dict[UUID, dict[str, list[Any]]] = {}
    for row in rows:
        counted.setdefault(row.pipeline_id, {}).setdefault(row.stage, []).append(row)
    found = [
        {
            "id": pipeline_id,
            "name": pipelines[pipeline_id].name,
            "stages": [stage | dict.fromkeys(closed) for stage in _stages(pipelines[pipeline_id].stages, by_stage)],
        }
        for pipeline_id, by_stage in counted.items()
    ]
    return sorted(found, key=lambda pipeline: (pipeline["name"], str(pipeline["id"])))


def _stages(defined: list[dict[str, Any]], by_stage: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    keys = sorted({*by_stage, *(stage["key"] for stage in defined)}, key=lambda key: stages.position(defined, key))
    return [_stage(stages.find(defined, key) or {}, key, by_stage.get(key, [])) for key in keys]


def _stage(stage: Mapping[str, Any], key: str, rows: list[Any]) -> dict[str, Any]:
    ordered = sorted(rows, key=lambda row: row.currency)
    return {
        "stage": key,
        "name": stage.get("name", key),
        "name_en": stage.get("name_en"),
        "probability": stage.get("probability"),
        "count": sum(row.count for row in rows),
        "amounts": [{"amount": f"{row.amount:.2f}", "currency": row.currency} for row in ordered],
        "weighted": [{"amount": f"{row.weighted:.2f}", "currency": row.currency} for row in ordered],
    }
