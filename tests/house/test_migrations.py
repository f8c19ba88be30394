"""A migration runs while the version before it still serves: it adds, and takes away only what no running version uses.

A step that takes something away says so with ``CONTRACTS = "…"`` and why nobody needs it any more.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STEPS = sorted(
    path
    for pattern in (
        "services/*/crm_*/migrations/0*.py",
        "gateway/crm_gateway/migrations/0*.py",
        "libs/chassis/crm_chassis/migration_steps/0*.py",
    )
    for path in ROOT.glob(pattern)
    if not path.name.startswith("0001_")
)
_TAKE_AWAY = {"drop_column", "drop_table", "rename_table", "drop_constraint"}


def breaking(source: str) -> list[str]:
    """What in ``upgrade`` would break a version that still runs, unless the module has ``CONTRACTS``."""
    tree = ast.parse(source)
    names = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    if "CONTRACTS" in names:
        return []
    upgrade = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade")
    return [
        f"line {call.lineno}: {call.func.attr}"
        for call in ast.walk(upgrade)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and _breaks(call, call.func.attr)
    ]


def _breaks(call: ast.Call, operation: str) -> bool:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if operation == "alter_column":
        tightened = isinstance(given.get("nullable"), ast.Constant) and not given["nullable"].value  # type: ignore[attr-defined]
        return tightened or "new_column_name" in given or "type_" in given
    if operation == "add_column":
        column = call.args[1]
        options = {keyword.arg: keyword.value for keyword in column.keywords} if isinstance(column, ast.Call) else {}
        required = isinstance(options.get("nullable"), ast.Constant) and not options["nullable"].value  # type: ignore[attr-defined]
        return required and "server_default" not in options
    return operation in _TAKE_AWAY


@pytest.mark.parametrize("path", STEPS, ids=[f"{path.parts[-3]}-{path.stem}" for path in STEPS])
def test_a_migration_lets_the_version_before_it_go_on(path: Path) -> None:
    assert breaking(path.read_text()) == []


@pytest.mark.parametrize(
    ("step", "breaks"),
    [
        ("op.add_column('a', sa.Column('b', sa.Text(), nullable=True))", False),
        ("op.add_column('a', sa.Column('b', sa.Text(), nullable=False))", True),
        ("op.add_column('a', sa.Column('b', sa.Text(), nullable=False, server_default=''))", False),
        ("op.drop_column('a', 'b')", True),
        ("op.alter_column('a', 'b', nullable=False)", True),
        ("op.alter_column('a', 'b', new_column_name='c')", True),
        ("op.create_index('i', 'a', ['b'])", False),
    ],
)
def test_what_counts_as_taking_away(step: str, breaks: bool) -> None:
    assert bool(breaking(f"def upgrade() -> None:\n    {step}\n")) is breaks
    assert breaking(f"CONTRACTS = 'unused since 2.0'\ndef upgrade() -> None:\n    {step}\n") == []
