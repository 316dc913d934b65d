"""What stands in a list is written out: no `*(a, b)` packs items into fewer lines."""

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src/tollbook"


def packed(file: Path) -> list[str]:
    """Return the places in *file* where a tuple, list or set is written only to be spread."""
    return [
        f"{file.name}:{node.lineno}"
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Starred) and isinstance(node.value, ast.Tuple | ast.List | ast.Set)
    ]


def test_no_items_are_packed() -> None:
    files = sorted(SRC.rglob("*.py"))

    assert files
    assert [place for file in files for place in packed(file)] == []


@pytest.mark.parametrize("code", ["x = (*(1, 2), 3)", "print(*[1, 2])", "x = [*{1, 2}]"])
def test_packed_items_are_seen(tmp_path: Path, code: str) -> None:
    file = tmp_path / "broken.py"
    file.write_text(code, "utf-8")

    assert packed(file) == ["broken.py:1"]
