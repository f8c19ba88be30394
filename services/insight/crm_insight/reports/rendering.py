"""A report as JSON, CSV and XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import xlsxwriter

from crm_chassis.language import pick
from crm_chassis.money import money

from .catalogue import COUNT, GROUP_LABELS, MONEY, Column, Report, columns_of
from .queries import Answer, Asked, Line

REST, TOTAL = ("其余", "Others"), ("合计", "Total")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_json(report: Report, asked: Asked, answer: Answer, names: Mapping[Any, str]) -> dict[str, Any]:
    """The report with its columns, lines, what the lines left out come to, and the totals by currency."""
    return {
        "report": report.name,
        "label": {"zh": report.label[0], "en": report.label[1]},
        "group_by": asked.group_by,
        "from": asked.first,
        "to": asked.last,
        "columns": [_group_column(asked), *columns_of(report)],
        "rows": [_row(report, line, names) for line in answer.lines],
        "rest": [_values(report, line) for line in answer.rest],
        "totals": [_values(report, line) for line in answer.totals],
    }


def _group_column(asked: Asked) -> dict[str, Any]:
    zh, en = GROUP_LABELS[asked.group_by]
    return {"key": "group", "label": {"zh": zh, "en": en}, "kind": "group"}


def _row(report: Report, line: Line, names: Mapping[Any, str]) -> dict[str, Any]:
    return {"group": line.key, "name": names.get(line.key), **_values(report, line)}


def _values(report: Report, line: Line) -> dict[str, Any]:
    found: dict[str, Any] = {"currency": line.currency} if report.has_money else {}
    return found | {column.key: _value(column, line) for column in report.columns}


def _value(column: Column, line: Line) -> Any:
    value = _number(column, line)
    if isinstance(value, Decimal) and column.kind == MONEY:
        return money(value, line.currency or "")
    return value


def as_csv(report: Report, asked: Asked, answer: Answer, names: Mapping[Any, str]) -> bytes:
    """The report as CSV in UTF-8 with a mark, so that Excel reads Chinese; no cell is taken for a formula."""
    target = io.StringIO()
    writer = csv.writer(target)
    for cells in _table(report, asked, answer, names):
        writer.writerow([_harmless(cell) for cell in cells])
    return b"\xef\xbb\xbf" + target.getvalue().encode()


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def as_xlsx(report: Report, asked: Asked, answer: Answer, names: Mapping[Any, str]) -> bytes:
    """The report as a workbook of one sheet, numbers as numbers, text never as a formula."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet(report.name)
        for number, cells in enumerate(_table(report, asked, answer, names)):
            for place, cell in enumerate(cells):
                if isinstance(cell, (int, Decimal)):
                    sheet.write_number(number, place, cell)
                elif cell is not None:
                    sheet.write_string(number, place, str(cell))
    return target.getvalue()


def _table(report: Report, asked: Asked, answer: Answer, names: Mapping[Any, str]) -> Iterable[list[Any]]:
    money_column = [pick(("币种", "Currency"))] if report.has_money else []
    yield [pick(GROUP_LABELS[asked.group_by]), *money_column, *(pick(column.label) for column in report.columns)]
    for line in answer.lines:
        yield _cells(report, line, _title(line.key, names))
    for line in answer.rest:
        yield _cells(report, line, pick(REST))
    for line in answer.totals:
        yield _cells(report, line, pick(TOTAL))


def _title(key: Any, names: Mapping[Any, str]) -> str:
    if isinstance(key, date):
        return f"{key:%Y-%m}"
    return names.get(key) or ("" if key is None else str(key))


def _cells(report: Report, line: Line, title: str) -> list[Any]:
    return [title, *([line.currency] if report.has_money else []), *(_number(each, line) for each in report.columns)]


def _number(column: Column, line: Line) -> int | Decimal | None:
    value = column.of(line.sums)
    return int(value) if value is not None and column.kind == COUNT else value
