"""Whoever changes a module finds its tests: by its name, by its rule, or by its room."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = tuple(
    path.relative_to(ROOT / "analyzer").with_suffix("")
    for path in sorted((ROOT / "analyzer").rglob("*.py"))
    if not path.stem.startswith("__")
)
# Rooms and modules that no test is named after, and what tests them instead.
BESIDE = {
    "bundle/named_paths": "tests/samples/test_reading.py",
    "case/errors": "tests/story/errors tells of them",
    "case/reading": "tests/samples/test_reading.py",
    "checks/defects/_defects_file": "tests/checks/defects/test_known_defect.py",
    "checks/tools": "steps that several rules take: the tests of these rules",
    "judging": "tests/rules, tests/samples",
    "library/cbtriage/mcp": "tests/test_mcp.py",
    "model": "values: every test makes or reads some",
    "parsers/_api": "what every parser is: their tests",
    "parsers/_text": "what parsers share: their tests",
    "rebuilt/calls/line_again": "tests/cli/test_explain.py",
    "rebuilt/cbt/file_chain": "tests/story/disks/test_disk_chain.py",
    "rebuilt/cbt/walk_order": "tests/story/disks/test_disk_chain.py",
    "render/data/again": "tests/cli/test_render.py",
    "render/data/schema": "tests/render/test_golden.py",
    "render/terminal": "what a command prints: tests/cli, word by word tests/golden",
    "render/words": "sentences: tests/golden",
    "resources": "where the data is: tests/test_packaging.py",
    "rules/_build": "tests/rules/test_load.py",
    "rules/_format": "tests/rules/test_load.py",
    "rules/_meaning": "tests/rules/test_load.py",
    "rules/catalogue_file": "tests/rules/test_load.py",
    "run": "tests/samples",
    "story/explain": "tests/cli/test_explain.py",
    "story/objects": "tests/cli/test_show_host.py, test_show_sr.py",
    "story/timeline/line_rows": "tests/cli/test_case_file.py",
    "story/plans": "tests/story/plans by the stories of disks",
    "story/question": "tests/cli/test_question.py",
}


def _room_tests(module: Path) -> Path:
    return ROOT / "tests" / module.parent


def has_own_test(module: Path) -> bool:
    """Tell whether a test has the module's name, or that of its room."""
    names = (module.stem.lstrip("_"), module.parent.name)
    return any((_room_tests(module) / f"test_{name}.py").exists() for name in names if name)


def is_a_rule_under_test(module: Path) -> bool:
    """Tell whether it is a check, and a test of its subject names its rule."""
    if module.parts[0] != "checks" or not _room_tests(module).is_dir():
        return False
    rule = f'"{module.stem.replace("_", "-")}"'
    return any(rule in file.read_text("utf-8") for file in _room_tests(module).glob("test_*.py"))


@cache
def _found_by_name() -> frozenset[Path]:
    """Return the modules that have a test, and the steps that these import from their room."""
    found = {each for each in MODULES if has_own_test(each) or is_a_rule_under_test(each)}
    waiting = list(found)
    while waiting:
        module = waiting.pop()
        steps = set(_imported(module)) - found
        found |= steps
        waiting += steps
    return frozenset(found)


def _imported(module: Path) -> Iterator[Path]:
    """Yield the modules of the same room that a module imports."""
    text = (ROOT / "analyzer" / module).with_suffix(".py").read_text("utf-8")
    room = ".".join(("analyzer", *module.parent.parts))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
            yield from (
                module.parent / name.rpartition(".")[2]
                for name in names
                if name.rpartition(".")[0] == room
                and module.parent / name.rpartition(".")[2] in MODULES
            )


def _beside(module: Path) -> str | None:
    places = [module.as_posix(), *(parent.as_posix() for parent in module.parents)]
    return next((place for place in places if place in BESIDE), None)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.as_posix())
def test_module_has_a_test_of_its_name_or_a_reason(module: Path) -> None:
    assert module in _found_by_name() or _beside(module)


def test_every_reason_is_needed() -> None:
    needed = {_beside(module) for module in MODULES if module not in _found_by_name()}
    assert BESIDE.keys() - needed == set()
