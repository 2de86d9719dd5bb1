"""Options of the whole test suite."""

import os

import pytest
from hypothesis import settings

# How long an example takes depends on who else uses the machine; CI tries more of them.
settings.register_profile("fast", deadline=None, max_examples=30)
settings.register_profile("ci", deadline=None, max_examples=100)
settings.load_profile("ci" if os.environ.get("CI") else "fast")


def pytest_configure(config: pytest.Config) -> None:
    """Keep what is compiled between runs beside pytest's own files, not in the user's folder."""
    if cache := getattr(config, "cache", None):  # none with -p no:cacheprovider
        os.environ["XDG_CACHE_HOME"] = str(cache.mkdir("user-cache"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites the golden files."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite tests/golden and reports/report.schema.json; then read the diff",
    )
