"""Files for spreadsheets: nothing in them runs, and writing them takes no memory for all their rows."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from io import BytesIO
from tempfile import TemporaryFile
from typing import Any

import openpyxl
import pytest

from crm_chassis.collection.spreadsheets import inert, write_csv, write_xlsx


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-5", "'-5"),
        ("\tx", "'\tx"),
        ("+8613800138000", "+8613800138000"),
        ("1-1", "1-1"),
        ("", ""),
    ],
)
def test_only_what_would_run_gets_an_apostrophe(text: str, written: str) -> None:
    assert inert(text) == written


def test_a_csv_file_tells_excel_its_encoding_once() -> None:
    target = BytesIO()

    write_csv(target, [["名称", "a,b"], ["", "1"]])

    assert target.getvalue().decode("utf-8-sig") == '名称,"a,b"\r\n,1\r\n'


def test_a_workbook_holds_texts() -> None:
    target = BytesIO()

    write_xlsx(target, [["名称", "No"], ["甲", "007"]])

    rows = openpyxl.load_workbook(BytesIO(target.getvalue())).worksheets[0].iter_rows(values_only=True)
    assert list(rows) == [("名称", "No"), ("甲", "007")]


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_memory_does_not_grow_with_the_rows(write: Callable[[Any, Any], None]) -> None:
    def rows() -> Iterator[list[str]]:
        for number in range(3000):
            yield [f"{number}:" + "x" * 5000]

    with TemporaryFile() as target:
        tracemalloc.start()
        write(target, rows())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert most < 4_000_000, "15 MB of text went through"
