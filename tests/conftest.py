"""Options of the whole test suite."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes depends on who else uses the machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# What these reach is not counted as covered: measuring doubles their time, most of the suite's,
# and a line that nothing else reaches has no test of its own.
_CUTTING_ACROSS = ("hostile", "mutate", "property", "samples")
_TESTS = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    """Keep what is compiled between runs beside pytest's own files, not in the user's folder."""
    os.environ["XDG_CACHE_HOME"] = str(config.cache.mkdir("user-cache"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take no coverage of generated and slow tests, and of those that cut across the modules."""
    for item in items:
        room = item.path.relative_to(_TESTS).parts[0] if item.path.is_relative_to(_TESTS) else ""
        marks = {mark.name for mark in item.iter_markers()}
        if room in _CUTTING_ACROSS or marks & {"hypothesis", "slow"}:
            item.add_marker("no_cover")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites the golden files."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite tests/golden and reports/report.schema.json; then read the diff",
    )
