"""Writing CSV and XLSX that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import xlsxwriter


def inert(text: str) -> str:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection)."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and not text.removeprefix("+").isdigit() else text


def to_csv(rows: Iterable[list[str]]) -> bytes:
    """CSV in UTF-8 with a mark, which Excel needs to read Chinese."""
    target = io.StringIO()
    csv.writer(target).writerows(rows)
    return target.getvalue().encode("utf-8-sig")


def to_xlsx(rows: Iterable[list[str]]) -> bytes:
    """An XLSX workbook of one sheet, every cell as text."""
    target = io.BytesIO()
    workbook = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = workbook.add_worksheet()
    for index, row in enumerate(rows):
        sheet.write_row(index, 0, row)
    workbook.close()
    return target.getvalue()
