"""Read rpm-qa.out: the packages installed on the host.

Writer: ``rpm -qa``, run by xen-bugtool (`xenserver-install`); no times, no order.

True line: ``sm-3.2.12-17.1.xcpng8.3.x86_64``.
"""

import re
from collections.abc import Iterator

from analyzer.bundle.member import Member
from analyzer.model.host import Packages
from analyzer.model.report import ParseProblem
from analyzer.parsers._api import Fact
from analyzer.parsers._text import read_text
from analyzer.values import dataclass

_PACKAGE = re.compile(r"[A-Za-z0-9][\w.+~^-]*-[\w.+~^:]+-[\w.+~^]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RpmQa:
    """The parser."""

    name: str = "packages"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == "rpm-qa.out"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the packages, then the first line that is none."""
        text = read_text(member, limit)
        lines = [(index, line.strip()) for index, line in text.closed() if line.strip()]
        names = sorted({line for _, line in lines if _PACKAGE.fullmatch(line)})
        strange = [index for index, line in lines if not _PACKAGE.fullmatch(line)]
        yield Packages(
            source=text.source,
            complete=text.whole and not strange,
            names=tuple(names),
        )
        for index in strange[:1]:
            yield ParseProblem(source=text.at(index), what="no name of a package")


PARSER = RpmQa()
