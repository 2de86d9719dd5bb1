from pathlib import Path

import pytest

from analyzer.rules.load import load_catalogue
from analyzer.rules.reference import reference

DOCS = Path(__file__).parents[2] / "docs" / "rules"


@pytest.mark.parametrize("name", ["README.md", "cbt.md", "nbd.md", "storage.md"])
def test_pages_are_those_of_the_catalogue(name: str) -> None:
    pages = reference(load_catalogue())
    assert (DOCS / name).read_text("utf-8") == pages[name], "run `make rules`"
    assert sorted(pages) == sorted(path.name for path in DOCS.iterdir())


def test_state_and_version_are_told() -> None:
    page = reference(load_catalogue())["storage.md"]
    assert "where the host is a supporter and the SR is of type lvmoiscsi or" in page
    assert "Mended in sm 3.2.9." in page
