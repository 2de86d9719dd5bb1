"""The chain that several binary ``.cbtlog`` files make, by their own pointers."""

from collections.abc import Iterable

from analyzer.model.cbt import CbtLog, CbtLogFile, Known
from analyzer.model.disk import DiskChain, DiskLog, LogKind
from analyzer.model.finding import Confidence, Evidence
from analyzer.rebuilt.cbt.walk_order import join

_ABSENT = "is not among the files that could be read"


def chain_of_files(files: Iterable[CbtLogFile]) -> DiskChain:
    """Return the files with a header and a uuid in their name, oldest first.

    Of two files of one disk the first counts.
    """
    own: dict[str, CbtLogFile] = {}
    for file in files:
        if file.header and file.uuid:
            own.setdefault(file.uuid, file)
    joined = join({uuid: _log_of_file(own[uuid]) for uuid in sorted(own)}, _ABSENT)
    return DiskChain(
        logs=tuple(_log_as_drawn(own[uuid]) for uuid in joined.order),
        links=joined.links,
        breaks=joined.breaks,
    )


def _log_of_file(file: CbtLogFile) -> CbtLog:
    proof = _file_quoted(file)

    def pointer(value: str) -> Known[str]:
        return Known(value=value, evidence=proof, confidence=Confidence.CERTAIN)

    return CbtLog(
        sr="",
        uuid=file.uuid,
        exists=Known(value=True, evidence=proof, confidence=Confidence.CERTAIN),
        parent=pointer(file.parent),
        child=pointer(file.child),
    )


def _log_as_drawn(file: CbtLogFile) -> DiskLog:
    return DiskLog(
        uuid=file.uuid,
        name=None,
        kind=LogKind.UNKNOWN,
        exists=True,
        confidence=Confidence.CERTAIN,
        consistent=bool(file.consistent),
        size=file.size,
        evidence=_file_quoted(file),
    )


def _file_quoted(file: CbtLogFile) -> Evidence:
    return Evidence(source=file.source, text=file.words)
