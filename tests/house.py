"""Measure the house: ``python -m tests.house`` prints the table of docs/ARCHITECTURE.md."""

import ast
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from tests.test_mirror import MODULES, has_own_test

CODE = Path(__file__).parent.parent / "analyzer"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    """A function or method: ``used`` is how often its module names it."""

    name: str
    lines: int
    used: int

    @property
    def private(self) -> bool:
        return self.name.startswith("_") and not self.name.startswith("__")


def _functions(file: Path) -> Iterator[_Function]:
    nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
    used = Counter(node.id for node in nodes if isinstance(node, ast.Name))
    used += Counter(node.attr for node in nodes if isinstance(node, ast.Attribute))
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            yield _Function(name=node.name, lines=lines, used=used[node.name])


def _comment_lines(file: Path) -> int:
    with file.open("rb") as content:
        tokens = tokenize.tokenize(content.readline)
        return len({token.start[0] for token in tokens if token.type == tokenize.COMMENT})


def _table() -> Iterator[tuple[str, str]]:
    files = sorted(CODE.rglob("*.py"))
    functions = [each for file in files for each in _functions(file)]
    private = [each for each in functions if each.private]
    lines = sum(file.read_bytes().count(b"\n") for file in files)
    named = sum(has_own_test(module) for module in MODULES)

    def share(count: int, of: int) -> str:
        return f"{100 * count / of:.1f} %"

    yield "lines in files", f"{lines} in {len(files)}"
    sizes = [each.lines for each in functions]
    yield "function median / p90, lines", f"{median(sizes):.0f} / {quantiles(sizes, n=10)[8]:.0f}"
    once = sum(each.used == 1 for each in private)
    yield "private functions used once, of all", share(once, len(functions))
    one_word = sum("_" not in each.name[1:] for each in private)
    yield "one-word private names, of all", share(one_word, len(functions))
    yield "lines with a comment", share(sum(map(_comment_lines, files)), lines)
    yield "modules with a test of their name", f"{named} of {len(MODULES)}"


if __name__ == "__main__":
    for what, measured in _table():
        sys.stdout.write(f"| {what} | {measured} |\n")
