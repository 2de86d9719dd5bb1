"""Options of the whole test suite."""

import pytest
from hypothesis import settings

# How long an example takes depends on who else uses the machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites the golden files."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite tests/golden and reports/report.schema.json; then read the diff",
    )
