"""What is fuzzed: functions that take any bytes, with some true bytes to begin with."""

import contextlib
import random
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from analyzer.bundle.archive import open_bundle
from analyzer.bundle.budget import MIB
from analyzer.errors import CatalogueError, InputError
from analyzer.parsers import DOCUMENT_PARSERS, LOG_PARSERS
from analyzer.parsers.scan.scan import Scanner
from analyzer.parsers.storage.cbtlog_format import read_cbtlog
from analyzer.parsers.xapi.xapi_values import read_map, read_set, unprotect
from analyzer.rules.catalogue_file import read_catalogue
from analyzer.rules.load import PatternText, load_catalogue
from tests.mutate.packed import SHAPES, packed
from tests.parsers.memory_member import MemoryMember
from tests.property.test_document_properties import SAMPLES
from tests.property.test_line_soup import SMALL, test_any_lines_in_any_order_end_in_a_report
from tests.world.recipes import RECIPES

_ROOT = Path(__file__).parents[2]
_KEPT = Path(__file__).parent / "seeds"
_PATTERN = _ROOT / "patterns" / "storage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A function that must end for any bytes, and bytes that it knows."""

    name: str
    run: Callable[[bytes], None]
    true: Callable[[], Sequence[bytes]]

    def kept(self) -> Sequence[bytes]:
        """Return what reached new code in an earlier run, as far as it is kept: the short ones."""
        path = _KEPT / f"{self.name}.zip"
        if not path.exists():
            return ()
        with zipfile.ZipFile(path) as archive:
            return [archive.read(name) for name in archive.namelist()]

    def seeds(self) -> Sequence[bytes]:
        """Return what a run begins with."""
        return [*self.true(), *self.kept()]


def archive(data: bytes) -> None:
    """Read an input of any shape to its end."""
    with TemporaryDirectory(dir=_memory()) as folder:
        path = Path(folder) / "SMlog.1"
        path.write_bytes(data)
        try:
            opened = open_bundle(path, budget=SMALL)
        except InputError:
            return
        for member in opened.members():
            for _ in member.blocks():
                pass
        assert opened.complete or opened.omissions


def document(data: bytes) -> None:
    """Read a document with the parser that the first byte chooses."""
    parser = DOCUMENT_PARSERS[(data[0] if data else 0) % len(DOCUMENT_PARSERS)]
    member = MemoryMember("x.out", data[1:])
    parser.claims(member.path, member.head())
    for _ in parser.read(member, MIB):
        pass


def log(data: bytes) -> None:
    """Read a log with the parser that the first byte chooses."""
    parser = LOG_PARSERS[(data[0] if data else 0) % len(LOG_PARSERS)]
    scan = _scanner().scan_blocks([data[1:]], parser)
    for record, _ in scan:
        assert record.line >= 1
    assert scan.stats.lines >= scan.stats.not_understood + scan.stats.blank


def value(data: bytes) -> None:
    """Read a value of xapi's database."""
    text = data.decode("utf-8", "replace")
    read_set(text)
    read_map(text)
    unprotect(text)


def cbtlog(data: bytes) -> None:
    """Read a CBT log."""
    found = read_cbtlog(data, "6aa12bd4-6fcb-4ad9-8042-8c4875667415.cbtlog")
    assert found.bits >= 0


def pattern(data: bytes) -> None:
    """Read a pattern file."""
    with contextlib.suppress(CatalogueError):
        read_catalogue([PatternText(name="fuzz.yaml", content=data)], "0")


def soup(data: bytes) -> None:
    """Send the lines that hypothesis makes of the bytes through the whole pipeline."""
    test_any_lines_in_any_order_end_in_a_report.hypothesis.fuzz_one_input(data)


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - under a fresh name


@cache
def _scanner() -> Scanner:
    return Scanner(LOG_PARSERS, load_catalogue().selectors)


def _archives() -> Sequence[bytes]:
    (recipe,) = (each for each in RECIPES if each.name == "resize-failed")
    reports = recipe.tell().reports
    return [packed(reports, shape)[:200_000] for shape in SHAPES]


def _documents() -> Sequence[bytes]:
    place = {parser.name: number for number, parser in enumerate(DOCUMENT_PARSERS)}
    return [bytes([place[parser.name]]) + content.encode() for parser, _, content in SAMPLES]


def _logs() -> Mapping[str, bytes]:
    """Return the first 40 kB of a log of each kind."""
    (recipe,) = (each for each in RECIPES if each.name == "nbd-trouble")
    (report,) = recipe.tell().reports
    paths = {path for path in report.paths() if path.startswith("var/log/")}
    return {path: report.content(path)[:40_000] for path in sorted(paths) if "." not in path[-3:]}


def _log_seeds() -> Iterator[bytes]:
    families = {number: parser.name for number, parser in enumerate(LOG_PARSERS)}
    for number in families:
        yield from (bytes([number]) + content[:4000] for content in _logs().values())


def _patterns() -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted(_PATTERN.glob("*.yaml"))[:12]]


def _soup() -> Sequence[bytes]:
    chance = random.Random("soup")  # noqa: S311 - nothing here is secret
    return [chance.randbytes(size) for size in (500, 2000, 8000)]


_VALUES = (
    b"(('a' 'b') ('c' 'd%.'e'))",
    b"('enable_cbt' 'OpaqueRef:6aa12bd4-6fcb-4ad9-8042-8c4875667415')",
    b"()",
    rb"a\'b\\c%.d%nl%%",
)
_CBTLOG = b"\1\0\0\0" + b"6aa12bd4-6fcb-4ad9-8042-8c4875667415\0" * 2 + bytes(8) + b"\xff" * 600

TARGETS: tuple[Target, ...] = (
    Target(name="archive", run=archive, true=_archives),
    Target(name="document", run=document, true=_documents),
    Target(name="log", run=log, true=lambda: tuple(_log_seeds())),
    Target(name="value", run=value, true=lambda: _VALUES),
    Target(name="cbtlog", run=cbtlog, true=lambda: (_CBTLOG, b"\xff" * 600)),
    Target(name="pattern", run=pattern, true=_patterns),
    Target(name="soup", run=soup, true=_soup),
)
