"""Every command line that the documents show is one that the program understands."""

import re
import shlex
from pathlib import Path

import pytest

from tollbook.cli import build_parser

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FENCED = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def commands_of(document: Path) -> list[str]:
    """Return the lines of *document* that begin with `tollbook`, continued lines joined."""
    blocks = FENCED.findall(document.read_text("utf-8"))
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line.strip() for line in lines if line.strip().startswith("tollbook ")]


SHOWN = [
    pytest.param(command, id=f"{document.name}: {command[:60]}")
    for document in DOCUMENTS
    for command in commands_of(document)
]


def test_the_documents_show_commands() -> None:
    assert len(SHOWN) > 15


@pytest.mark.parametrize("command", SHOWN)
def test_a_command_that_is_shown_is_understood(command: str) -> None:
    words = shlex.split(command, comments=True)[1:]
    words = words[: next((at for at, word in enumerate(words) if word in {"|", ">", "<"}), None)]

    assert build_parser().parse_args(words).module is not None


def test_links_between_documents_lead_somewhere() -> None:
    missing = [
        f"{document.relative_to(ROOT)} → {target}"
        for document in (*DOCUMENTS, ROOT / "CHANGELOG.md")
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", document.read_text("utf-8"))
        if not (document.parent / target).exists()
    ]

    assert missing == []
