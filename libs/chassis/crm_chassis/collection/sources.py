"""The files that imports read: CSV in any spelling and XLSX become a header and lines of cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice
from uuid import UUID
from zipfile import BadZipFile

import openpyxl

from .. import errors, files
from ..database import transaction
from ..http import plain
from ..jobs import JobRun
from ..language import say

ROWS_MAX = 200_000


def table_of(run: JobRun) -> tuple[list[str], list[list[str]]]:
    """Header and lines of the job's CSV or XLSX file. Raises Invalid when it has none, or more than ROWS_MAX.

    It is read outside of any transaction, since a large workbook takes longer than one may stand idle.
    """
    with transaction(run.scope) as session:
        file = session.get_one(files.File, UUID(run.args["file_id"]))
    content = files.read(file)
    is_workbook = "spreadsheet" in file.media_type or file.name.lower().endswith(".xlsx")
    rows: list[list[str]] = []
    for row in islice(_sheet(content) if is_workbook else _csv(content), ROWS_MAX + 2):
        rows.append(row)
        run.hold()
    if not rows:
        raise errors.field_error("/file", "empty", say("The file has no lines."))
    if len(rows) > ROWS_MAX + 1:
        raise errors.field_error("/file", "too_long", say("Split the file: {most} lines at most.", most=ROWS_MAX))
    return [cell.strip() for cell in rows[0]], rows[1:]


def _csv(content: bytes) -> Iterator[list[str]]:
    """Lines of a CSV file in UTF-8 (with or without mark) or GB 18030, separated by comma, semicolon or tab."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        yield from (row for row in reader if any(cell.strip() for cell in row))
    except csv.Error as error:
        raise errors.field_error(
            "/file",
            "unreadable",
            say("Line {line} cannot be read: save the file as CSV in UTF-8 again.", line=reader.line_num),
        ) from error


def _sheet(content: bytes) -> Iterator[list[str]]:
    try:
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (ValueError, KeyError, OSError, BadZipFile) as error:
        raise errors.field_error("/file", "unreadable", say("This is not an XLSX workbook.")) from error
    for row in workbook.worksheets[0].iter_rows(values_only=True):
        cells = ["" if cell is None else str(plain(cell)) for cell in row]
        if any(cells):
            yield cells
