"""Read ``<uuid>.cbtlog``: the CBT log of a disk, which somebody copied and put beside the report.

xen-bugtool collects none. Writer: ``cbt-util`` and tapdisk; the format is in
`analyzer.parsers.storage.cbtlog_format`. It has no times. Not read: what follows the bitmap, which
is the rest of the volume where the log was copied from LVM.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from analyzer.bundle.loose import is_cbt_log
from analyzer.bundle.member import Member
from analyzer.model.report import ParseProblem
from analyzer.model.source import Source
from analyzer.model.terms import UUID
from analyzer.parsers._api import Fact
from analyzer.parsers._text import is_loose
from analyzer.parsers.storage.cbtlog_format import read_cbtlog
from analyzer.values import dataclass

LARGEST = 64 * 1024 * 1024  # the log of a disk of 32 TiB
_NAME = re.compile(rf"{UUID}\.cbtlog")


@dataclass(frozen=True, slots=True, kw_only=True)
class CbtLogParser:
    """The parser of ``<uuid>.cbtlog``, wherever it lies, and of logs under other names."""

    name: str = "cbtlog"

    def claims(self, path: str, head: bytes) -> bool:
        """Tell whether the file is named as SM names a log, or is a loose file that is one."""
        if _NAME.fullmatch(path.rpartition("/")[2].lower()) is not None:
            return True
        return is_loose(path) and is_cbt_log(head)

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the log, then what is wrong with it."""
        data = member.read(min(limit, LARGEST))
        source = Source(bundle=member.bundle, member=member.path)
        log = replace(read_cbtlog(data, member.path), source=source)
        if not log.uuid:
            what = (
                "a CBT log, of which disk its name does not tell: name it <uuid of the disk>.cbtlog"
            )
            yield ParseProblem(source=source, what=what)
            return
        yield log
        if log.problem:
            yield ParseProblem(source=source, what=log.problem)


PARSER = CbtLogParser()
