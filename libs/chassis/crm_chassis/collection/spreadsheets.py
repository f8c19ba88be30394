"""Writing CSV and XLSX that a spreadsheet opens without running anything, a row at a time, so that memory stays small."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

import xlsxwriter

_RUN = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula, or cuts off to find one behind it."""


def inert(text: str) -> str:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_RUN) and not text.removeprefix("+").isdigit() else text


def write_csv(target: BinaryIO, rows: Iterable[Sequence[str]]) -> None:
    """CSV in UTF-8 with a mark, which Excel needs to read Chinese."""
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="")
    csv.writer(text).writerows(rows)
    text.detach()  # flushed, and the target stays open


def write_xlsx(target: BinaryIO, rows: Iterable[Sequence[str]], scratch: Path | None = None) -> None:
    """An XLSX workbook of one sheet, every cell as text. It holds 1,048,576 rows at most.

    scratch: the folder for what does not stay in memory; None is the system's own.
    """
    options = {"constant_memory": True, "tmpdir": scratch, "strings_to_formulas": False, "strings_to_urls": False}
    workbook = xlsxwriter.Workbook(target, options)
    sheet = workbook.add_worksheet()
    for index, row in enumerate(rows):
        sheet.write_row(index, 0, row)
    workbook.close()
