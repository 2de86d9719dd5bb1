"""Lines that are read only in company: of which conditions and kinds, and that nothing is lost."""

from pathlib import Path

import pytest

from analyzer.errors import CatalogueError
from analyzer.parsers import LOG_PARSERS
from analyzer.rules.load import load_catalogue
from analyzer.run import Options, load_case
from tests.support.bundle import BundleBuilder

ENDED = (
    "Jun 10 13:32:41 jupiter xapi: [ info||35 HTTPS 192.0.2.20->:::80|session.logout"
    " R:5d1f0c2b8e17|xapi_session] Session.destroy trackid=5f4dcc3b5aa765d61d8327deb882cf99\n"
)
BOOTED = (
    "Jun 10 13:40:02 jupiter kernel: [    0.000000] Linux version 4.19.0+1 (mockbuild@x) #1 SMP\n"
)


def kept(tmp_path: Path, *, booted: bool, jobs: int = 1) -> tuple[int, int]:
    """Return how many logouts were kept, and how many lines are told to be used."""
    report = BundleBuilder().log("var/log/xensource.log", ENDED * 3)
    report.log("var/log/kern.log", BOOTED if booted else BOOTED.replace("Linux version", "x"))
    case, told = load_case([report.write_tar(tmp_path / "b.tar.gz")], Options(jobs=jobs))
    used = sum(row.events for row in told.coverage if row.member.endswith("xensource.log"))
    return len(case.events.of("session-life.ended")), used


def test_logouts_are_read_only_where_something_asks_for_them(tmp_path: Path) -> None:
    assert kept(tmp_path, booted=False) == (0, 0)


@pytest.mark.parametrize("jobs", [1, 3])
def test_logouts_are_signs_of_life_where_a_host_started(
    tmp_path: Path, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.case.log_processes.WORTH_IT", 0)
    assert kept(tmp_path, booted=True, jobs=jobs) == (3, 3)


def test_all_that_is_read_later_stands_alone_and_is_kept_whole() -> None:
    catalogue = load_catalogue()
    alone = {parser.name for parser in LOG_PARSERS if parser.opens is None}
    for selector in catalogue.selectors:
        if selector.only_with:
            assert selector.parser in alone, selector.id
            keep = catalogue.keep
            assert selector.id not in keep.sparse | keep.noise | keep.hourly | keep.repeated


def test_company_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    pattern = tmp_path / "x-life.yaml"
    pattern.write_text(
        "id: x-life\nrole: state\ntitle: x\nselect:\n  parser: xensource_log\n  message: 'abc'\n"
        "  only-with: nobody\nsamples:\n  hit: ['Jun 10 13:32:41 a xapi: abc']\n"
        "  miss: ['Jun 10 13:32:41 a xapi: abd']\n"
    )
    with pytest.raises(CatalogueError, match="only-with: nothing is called 'nobody'"):
        load_catalogue(extra=[pattern])
