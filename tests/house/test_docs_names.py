"""What the documentation names exists: modules, their members, files, pages, headings, classes.

Read are the README, all pages of docs, and the docstrings and comments of the source.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import CodeType

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src/tollbook"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = sorted(SRC.rglob("*.py"))
FLOORS = [each.name for each in SRC.iterdir() if (each / "__init__.py").exists()]
# Folders whose files are named by their path: data/tollbook.toml is an installation's, not ours.
FOLDERS = {
    *FLOORS, "docs", "src", "tests", "packaging", "scripts",
    *(each.name for each in (ROOT / "docs").iterdir() if each.is_dir()),
}  # fmt: skip

SPAN = re.compile(r"`([^`\n]+)`")
# app.intake.mediate, tollbook.storage.db.door, core.rating.price(); not the endings of files.
DOTTED = re.compile(
    rf"(?<![\w`./])`?(?:tollbook\.)?((?:{'|'.join(FLOORS)})(?:\.(?!md|json|toml|py)[A-Za-z_]\w*)+)"
)
# Decider, Rater.price: words in code spans with a capital that is not the only one.
CLASS = re.compile(r"_?[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+(?:\.[a-z_]\w*)?|[A-Z][a-z]+\.[a-z_]\w*")
FILE = re.compile(r"(?<![\w/.<>{}*…-])((?:[\w-]+/)+[\w.-]+\.(?:py|md|toml))\b(?![\w*{<])")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SECTION = re.compile(r"(docs/[\w/-]+\.md),\s+\"([^\"]+)\"")
COMMENT = re.compile(r"(?:^|\s)# (.*)")
# door.bulk, rater.price: a member of a module that is named without its folder.
SHORT = re.compile(r"([a-z_]+)\.(?!md|json|toml|py)(\w+)(?:\(.*\))?")
# What is written in one of these forms and is something else: files, a parameter's attribute.
FOREIGN = frozenset({"Master.csv", "call.talk_s"})


def texts_of(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a page, or the docstrings and comments of a module, with their lines."""
    text = file.read_text("utf-8")
    if file.suffix == ".md":
        yield from enumerate(text.splitlines(), start=1)
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            if docstring is not None:
                yield node.body[0].lineno, docstring
    for number, line in enumerate(text.splitlines(), start=1):
        if comment := COMMENT.search(line):
            yield number, comment[1]


@cache
def members_of(module: Path) -> dict[str, frozenset[str]]:
    """Return the names that *module* defines or imports, each class with its own members."""
    found: dict[str, frozenset[str]] = {}
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.update({(one.asname or one.name): frozenset() for one in node.names})
        elif isinstance(node, ast.ClassDef):
            found[node.name] = frozenset(
                one.id if isinstance(one, ast.Name) else one.name
                for each in node.body
                for one in ast.walk(each)
                if isinstance(one, ast.Name | ast.FunctionDef | ast.AsyncFunctionDef)
            )
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.setdefault(node.name, frozenset())
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.setdefault(node.id, frozenset())
    return found


def is_module_or_member(name: str) -> bool:
    """Say whether *name*, dotted from a floor on, leads to a package, a module or a member."""
    place, parts = SRC, name.split(".")
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    if parts and (place / f"{parts[0]}.py").exists():
        module = place / f"{parts.pop(0)}.py"
    else:
        module = place / "__init__.py"
    if not parts:
        return module.exists()
    members = members_of(module)
    inside = members.get(parts[0], frozenset())
    return parts[0] in members and (len(parts) == 1 or not inside or parts[1] in inside)


@cache
def modules_called() -> dict[str, list[Path]]:
    """Return the source's modules and packages by the last part of their name."""
    found: dict[str, list[Path]] = {}
    for module in MODULES:
        name = module.parent.name if module.stem == "__init__" else module.stem
        found.setdefault(name, []).append(module)
    return found


def is_in_some(modules: list[Path], name: str) -> bool:
    """Say whether one of *modules* has *name*, itself, in a class of its own, or in its folder."""
    return any(
        name in members_of(one)
        or any(name in inside for inside in members_of(one).values())
        or (one.parent / f"{name}.py").exists()
        for one in modules
    )


def names_in(code: CodeType) -> Iterator[str]:
    """Yield all names that compiled *code* uses, those of the functions in it included."""
    yield from code.co_names
    yield from code.co_varnames
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant.co_name
            yield from names_in(constant)
        elif isinstance(constant, tuple):
            yield from (one for one in constant if isinstance(one, str))
        elif isinstance(constant, str) and constant.isidentifier():
            yield constant


@cache
def identifiers() -> frozenset[str]:
    """Return every name that the source's code uses, those of libraries included."""
    return frozenset(
        name
        for file in MODULES
        for name in names_in(compile(file.read_text("utf-8"), str(file), "exec", optimize=2))
    )


def headings(page: Path) -> list[str]:
    """Return the headings of a page, those that open a paragraph in bold included."""
    lines = page.read_text("utf-8").splitlines() if page.exists() else []
    found = [line.lstrip("# ").replace("`", "") for line in lines if line.startswith("#")]
    return found + [bold for line in lines for bold in re.findall(r"^\*\*(.+?)\.\*\*", line)]


def is_there(page: Path, link: str) -> bool:
    """Say whether a link of *page* leads to a file and a heading; addresses are not asked."""
    if re.match(r"[a-z]+:", link):
        return True
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    if not anchor:
        return target.exists()
    plain = [re.sub(r"[^\w -]", "", one.lower()) for one in headings(target)]
    return anchor in [one.replace(" ", "-") for one in plain]


def named_in(file: Path, text: str) -> Iterator[tuple[str, bool]]:
    """Yield each thing that *text* of *file* names, and whether it exists."""
    for name in DOTTED.findall(text):
        yield name, is_module_or_member(name)
    for span in SPAN.findall(text):
        if CLASS.fullmatch(span) and span not in FOREIGN:
            yield span, all(part in identifiers() for part in span.split("."))
        short = SHORT.fullmatch(span) if file.suffix == ".py" and span not in FOREIGN else None
        if short and short[1] in modules_called() and short[1] not in {*FLOORS, "tollbook"}:
            yield span, is_in_some(modules_called()[short[1]], short[2])
    bases = (ROOT, ROOT / "docs", SRC, file.parent)
    for path in FILE.findall(text):
        if path.partition("/")[0] in FOLDERS:
            yield path, any((base / path).exists() for base in bases)
    for page, section in SECTION.findall(" ".join(text.split())):
        known = any(one.startswith(section) for one in headings(ROOT / page))
        yield f'{page}, "{section}"', known
    if file.suffix == ".md":
        yield from ((link, is_there(file, link)) for link in LINK.findall(text))


def broken_names(file: Path) -> list[str]:
    """Return what *file* names and what does not exist, each with its place."""
    return [
        f"{file.name}:{line} {name}"
        for line, text in texts_of(file)
        for name, exists in named_in(file, text)
        if not exists
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_what_exists(page: Path) -> None:
    assert broken_names(page) == []


def test_docstrings_and_comments_name_only_what_exists() -> None:
    assert len(MODULES) > 300
    assert [one for module in MODULES for one in broken_names(module)] == []


@pytest.mark.parametrize(
    "text",
    [
        "`app.intake.gone` reads it",
        "`tollbook.storage.db.door.Gone`, once",
        "in core.rating.gone",
        "`core.rating.model.TalkedCall.gone`",
        "`GoneAway` and `Rater.gone_away`",
        "see docs/manual/gone.md",
        "storage/db/gone.py writes it",
        "`door.gone` and `door.gone(steps)`",
        "[a page](manual/gone.md)",
        "[a heading](glossary.md#gone-away)",
        'Source: docs/algorithms/rating.md, "Gone".',
    ],
)
def test_a_name_of_something_that_is_gone_is_seen(text: str) -> None:
    found = [*named_in(ROOT / "docs/index.md", text), *named_in(SRC / "cli.py", text)]

    assert False in [exists for _, exists in found]


@pytest.mark.parametrize(
    "text",
    [
        "`app.intake.mediate` and `core.rating.price()`",
        "`tollbook.storage.db.door` keeps `Rater.price` waiting",
        '[money](glossary.md#money), in docs/algorithms/rating.md, "Money and rounding"',
        "`door.bulk(steps)` in `db.door`",
        "the file api.json of `demo.json` and data/tollbook.toml",
    ],
)
def test_a_name_of_something_that_exists_passes(text: str) -> None:
    found = [*named_in(ROOT / "docs/index.md", text), *named_in(SRC / "cli.py", text)]

    assert False not in [exists for _, exists in found]


def test_every_decision_has_the_same_form() -> None:
    sections = ["Context", "Decision", "Consequences", "Alternatives"]
    index = (ROOT / "docs/decisions/README.md").read_text("utf-8")
    pages = sorted((ROOT / "docs/decisions").glob("0*.md"))

    assert pages
    for page in pages:
        lines = page.read_text("utf-8").splitlines()
        title = lines[0].removeprefix(f"# {page.name[:4]} ")
        assert f"| [{page.name[:4]}]({page.name}) | {title} |" in index, page.name
        assert re.fullmatch(r"Accepted \d{4}-\d\d-\d\d\.", lines[2]), page.name
        assert [one[3:] for one in lines if one.startswith("## ")] == sections, page.name
    numbers = range(1, int(pages[-1].name[:4]) + 1)
    assert [one for one in numbers if f"{one:04}" not in index] == []
