"""The short cuts of reading give what reading in full gives, for every log of every sample."""

from pathlib import Path

import pytest

from analyzer.bundle.archive import open_bundle
from analyzer.bundle.budget import Budget
from analyzer.parsers import LOG_PARSERS, log_parser
from analyzer.parsers._api import Hit, LogStats, Record
from analyzer.parsers.scan.scan import Scanner
from analyzer.rules.load import load_catalogue

CATALOGUE = load_catalogue()
SAMPLES = sorted(
    path for path in Path("sample_bundles").iterdir() if path.suffix in (".bz2", ".zip")
)
Read = tuple[str, list[tuple[Record, tuple[Hit, ...]]], LogStats]


def read(path: Path, scanner: Scanner) -> list[Read]:
    found: list[Read] = []
    for member in open_bundle(path, budget=Budget()).members():
        parser = log_parser(member.log) if member.log else None
        if parser is not None:
            scan = scanner.scan(member, parser)
            found.append((member.path, list(scan), scan.stats))
    return found


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_quick_and_full_reading_agree(path: Path) -> None:
    quick = Scanner(LOG_PARSERS, CATALOGUE.selectors)
    full = Scanner(LOG_PARSERS, CATALOGUE.selectors, filtered=False, quick=False)

    assert read(path, quick) == read(path, full)
