"""One place says what a status report holds: nothing is read that does not stand there."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from shutil import copytree, ignore_patterns
from subprocess import run

import pytest

from analyzer import parsers
from analyzer.bundle.budget import Budget
from analyzer.bundle.names import log_name
from analyzer.model.report import LedgerEntry, Presence
from analyzer.parsers import DOCUMENT_PARSERS, LOG_PARSERS, document_parser, log_parser
from analyzer.parsers._api import DocumentParser, LogParser
from analyzer.rules.load import load_catalogue
from analyzer.run import Options, analyze
from analyzer.sources import LOGS, SCOPES, SOURCES, SourceKind
from tests.support.bundle import BundleBuilder

ROOT = Path(__file__).parents[1]
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


NEW_FACT = """
from dataclasses import dataclass

from analyzer.model.source import Source


@dataclass(frozen=True)
class Moons:
    source: Source
    complete: bool
    names: tuple[str, ...]
"""
NEW_PARSER = """
from analyzer.model.moons import Moons
from analyzer.model.source import Source


class MoonsParser:
    name = "moons"

    def claims(self, path, head):
        return path == "moons.out"

    def read(self, member, limit):
        text = member.read(limit).decode()
        source = Source(bundle=member.bundle, member=member.path)
        yield Moons(source=source, complete="end" in text, names=tuple(text.split()))


PARSER = MoonsParser()
"""
NEW_ENTRY = """
    SourceKind(
        name="moons",
        capability="xapi",
        settle_with="moons",
        parsers=("host.moons:PARSER",),
        facts=(Moons,),
        scope=Scope.EVERY_HOST,
        paths=("moons.out",),
    ),
"""
ASKS = """
import sys
from pathlib import Path
from analyzer.model.moons import Moons
from analyzer.run import load_case
for name in sys.argv[1:]:
    case, report = load_case([Path(name)])
    (host,) = case.hosts
    presence = {entry.source: entry.presence.value for entry in report.ledger}["moons"]
    gap = case.gap("moons", host.bundle)
    print(presence, [fact.names[0] for fact in host.of(Moons)], gap.why if gap else "whole")
"""


@pytest.mark.slow
def test_a_format_is_added_by_its_parser_and_its_entry(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for folder in ("analyzer", "patterns", "reports"):
        copytree(ROOT / folder, tree / folder, ignore=ignore_patterns("__pycache__"))
    (tree / "analyzer/model/moons.py").write_text(NEW_FACT)
    (tree / "analyzer/parsers/host/moons.py").write_text(NEW_PARSER)
    registry = tree / "analyzer/sources.py"
    text = registry.read_text()
    start = "SOURCES: tuple[SourceKind, ...] = ("
    assert start in text
    text = text.replace(start, "from analyzer.model.moons import Moons\n" + start + NEW_ENTRY)
    registry.write_text(text)
    whole, cut = (
        BundleBuilder()
        .file("moons.out", f"io\neuropa\n{end}\n")
        .write_tar(tmp_path / f"{end}.tar.bz2")
        for end in ("end", "eur")
    )
    done = run(
        [sys.executable, "-c", ASKS, whole, cut],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "present ['io'] whole",
        "damaged ['io'] it is there but not whole",
    ], done.stderr
