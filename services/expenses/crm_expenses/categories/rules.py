"""The categories every group begins with."""

from __future__ import annotations

from typing import NamedTuple


class Default(NamedTuple):
    """A category that is there from the start."""

    code: str
    name: str
    name_en: str


DEFAULTS = (
    Default("meals", "餐费", "Meals"),
    Default("lodging", "住宿", "Lodging"),
    Default("train", "火车票", "Train"),
    Default("flight", "机票", "Flight"),
    Default("taxi", "市内交通", "Taxi and local transport"),
    Default("fuel", "油费与过路费", "Fuel and tolls"),
    Default("entertainment", "业务招待", "Entertainment"),
    Default("gifts", "礼品", "Gifts"),
    Default("communication", "通讯费", "Communication"),
    Default("office", "办公用品", "Office supplies"),
    Default("postage", "快递费", "Postage"),
    Default("training", "培训会务", "Training and conferences"),
    Default("other", "其他", "Other"),
)
