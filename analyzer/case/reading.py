"""Reading: the paths of a run become the contents of its status reports."""

import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from analyzer.bundle.archive import Archive, Progress, open_bundle
from analyzer.bundle.budget import Budget
from analyzer.bundle.named_paths import STDIN, named_paths
from analyzer.bundle.spool import Spool
from analyzer.case.gather import Gathering
from analyzer.case.given_back import Joined, joined
from analyzer.case.member_places import place_of
from analyzer.errors import InputError
from analyzer.model.report import Omission
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRead:
    """An archive that was read to its end, and the status reports that were found in it."""

    archive: Archive
    bundles: frozenset[str]


def read_all(
    paths: Sequence[Path],
    gathering: Gathering,
    *,
    budget: Budget,
    log_as: str | None = None,
    stdin: BinaryIO | None = None,
    progress: Callable[[Progress], None] | None = None,
    spool: Spool | None = None,
) -> tuple[tuple[ArchiveRead, ...], tuple[Omission, ...]]:
    """Read every path once, into `gathering`; return the archives, and the paths left out.

    What had to be unpacked is laid into `spool`; a folder can be read again.

    Raises:
        InputError: nothing in any of the paths belongs to a status report.
    """
    reads: list[ArchiveRead] = []
    errors: dict[str, InputError] = {}
    for path, name in named_paths(paths).items():
        try:
            archive = open_bundle(
                None if path == STDIN else path,
                budget=budget,
                log_as=log_as,
                name=name,
                stdin=stdin,
                progress=progress,
            )
        except InputError as error:
            errors[name] = error
        else:
            gathering.make_room(archive.size)
            again = None if archive.kind == "folder" else spool
            reads.append(_read_archive(archive, gathering, again))
    gathering.finish()
    if not any(content.understood for content in gathering.bundles.values()):
        raise next(iter(errors.values()), InputError(_nothing_read(paths, reads)))
    return tuple(reads), tuple(_left_out(name, error) for name, error in errors.items())


def size_of_logs(paths: Sequence[Path]) -> int:
    """Return about how many bytes of logs the paths hold, of standard input 0.

    Logs are packed to a tenth, and lie in a folder partly packed as rotations do.
    """
    packed = loose = 0
    try:
        for path in paths:
            if path.is_file():
                packed += path.stat().st_size
            for at, _, names in os.walk(path) if path != STDIN else ():
                loose += sum(Path(at, name).lstat().st_size for name in names)
    except OSError:  # it will be told when it is opened
        return 0
    return packed * 10 + loose * 2


def _left_out(name: str, error: InputError) -> Omission:
    settle_with = "run again with a file that can be read"
    return Omission(bundle=name, member="", why=str(error), settle_with=settle_with)


def _read_archive(archive: Archive, gathering: Gathering, spool: Spool | None) -> ArchiveRead:
    found = set()
    for member in archive.members():
        if not gathering.has_room(member):
            continue
        if spool is not None:
            member.keep = spool.keeper(member.bundle, member.path)
        found.add(member.bundle)
        try:
            gathering.take(member)
        except Exception:  # noqa: BLE001 - one bad member must not cost the others theirs
            gathering.failed(member, traceback.format_exc(limit=-3))
        gathering.content(member.bundle).places[member.path] = place_of(member)
    for bundle in found:
        content = gathering.content(bundle)
        content.given, content.blocks = archive.name, archive.blocks
        content.stopped = archive.stopped
        content.seen = [
            replace(seen, doubled=True) if (bundle, seen.path) in archive.doubled else seen
            for seen in content.seen
        ]
    return ArchiveRead(archive=archive, bundles=frozenset(found))


def _nothing_read(paths: Sequence[Path], reads: Sequence[ArchiveRead]) -> str:
    lost = [omission.why for read in reads for omission in read.archive.omissions]
    why = f" ({'; '.join(lost[:3])})" if lost else ""
    names = ", ".join(str(path) for path in paths)
    return (
        f"{names}: nothing in it belongs to a status report{why}; "
        "give what xen-bugtool wrote, or say with --as which log a single file is"
    )


def contents_of(gathering: Gathering) -> Joined:
    """Return what was gathered, by name, with the clocks set, what was given back beside it."""
    known = [gathering.bundles[name] for name in sorted(gathering.bundles)]
    for content in known:
        content.clock.settle()
    return joined(known)
