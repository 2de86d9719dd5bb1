"""One place says what a status report holds: nothing is read that does not stand there."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import get_args

import pytest

from analyzer import parsers
from analyzer.bundle.budget import Budget
from analyzer.bundle.names import log_name
from analyzer.model.report import LedgerEntry, ParseProblem, Presence
from analyzer.parsers import DOCUMENT_PARSERS, LOG_PARSERS, document_parser, log_parser
from analyzer.parsers._api import DocumentParser, Fact, LogParser
from analyzer.rules.load import load_catalogue
from analyzer.run import Options, analyze
from analyzer.sources import LOGS, SCOPES, SOURCES, SourceKind
from tests.support.bundle import BundleBuilder

CUT = "\n** timeout **\n"
DISK = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"


def values() -> Iterator[object]:
    """Yield all that modules of `analyzer.parsers` define."""
    for found in walk_packages(parsers.__path__, "analyzer.parsers."):
        yield from vars(import_module(found.name)).values()


def test_every_parser_has_its_entry() -> None:
    written = [v for v in values() if isinstance(v, LogParser | DocumentParser)]
    known = [*LOG_PARSERS, *DOCUMENT_PARSERS]
    lost = [v for v in written if not isinstance(v, type) and v not in known]
    assert lost == []
    names = {parser.name for parser in LOG_PARSERS} | {parser.name for parser in DOCUMENT_PARSERS}
    assert names <= {kind.name for kind in SOURCES}


@pytest.mark.parametrize("kind", [kind for kind in SOURCES if kind.parsers], ids=lambda k: k.name)
def test_what_an_entry_names_is_claimed_by_its_parsers(kind: SourceKind) -> None:
    paths = [kind.family, *kind.paths, *([f"{kind.folder}x"] if kind.folder else [])]
    for path in filter(None, paths):
        log = log_name(path)
        parser = log_parser(log) if log else document_parser(path, b"")
        assert parser is not None
        assert parser.name == kind.name


def test_every_fact_is_that_of_an_entry() -> None:
    facts = {fact for kind in SOURCES for fact in kind.facts}
    assert facts == {*get_args(Fact)} - {ParseProblem}


def test_no_two_entries_have_one_name() -> None:
    assert len({kind.name for kind in SOURCES}) == len(SOURCES)


def test_what_most_hosts_do_not_have_nobody_may_need() -> None:
    logs = {kind.name for kind in SOURCES if kind.is_log}
    assert logs - {*LOGS} == {"xha_log"}
    assert "xha_log" not in SCOPES


def test_no_rule_needs_what_has_no_scope() -> None:
    catalogue = load_catalogue()
    assert {need for pattern in catalogue.patterns for need in pattern.text.needs} <= set(SCOPES)


def ledger_of(bundle: BundleBuilder, folder: Path) -> dict[str, LedgerEntry]:
    path = bundle.write_tar(folder / "report.tar.bz2")
    report = analyze([path], Options(budget=Budget()))
    return {entry.source: entry for entry in report.ledger}


@pytest.mark.parametrize(
    ("source", "path", "content"),
    [
        ("sm_diagnostics", "sm_diagnostics.out", f"The following SRs are attached:{CUT}"),
        ("xe_params", "vdi.txt", f"uuid ( RO) : {DISK}\n  cbt-enabled ( RO): true{CUT}"),
    ],
)
def test_what_timed_out_is_called_so(source: str, path: str, content: str, tmp_path: Path) -> None:
    entry = ledger_of(BundleBuilder().file(path, content), tmp_path)[source]
    assert (entry.presence, entry.members) == (Presence.TIMED_OUT, (path,))


def test_an_empty_copy_of_a_cbt_log_is_called_so(tmp_path: Path) -> None:
    entry = ledger_of(BundleBuilder().file(f"{DISK}.cbtlog", ""), tmp_path)["cbtlog"]
    assert entry.presence is Presence.EMPTY


def test_one_of_two_added_files_that_timed_out_counts(tmp_path: Path) -> None:
    bundle = BundleBuilder().file("a.txt", f"uuid ( RO) : {DISK}\n  cbt-enabled ( RO): true\n")
    bundle.file("b.txt", f"uuid ( RO) : {DISK}\n  managed ( RO): true{CUT}")
    entry = ledger_of(bundle, tmp_path)["xe_params"]
    assert (entry.presence, entry.why) == (Presence.TIMED_OUT, "b.txt ends with ** timeout **")


def test_an_empty_log_of_high_availability_that_is_off_is_whole(tmp_path: Path) -> None:
    entry = ledger_of(BundleBuilder().file("var/log/xha.log", ""), tmp_path)["xha_log"]
    assert entry.presence is Presence.PRESENT
