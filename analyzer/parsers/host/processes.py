"""Read process-tree.out: which processes of storage drivers there were.

Writer: ``ps wwwaxf -eo pid,tty,stat,…,args``, run by xen-bugtool (`process-list`); people also
send ``ps -ef``. Both have the process id as their first number. A driver is started by xapi with
the call as its only argument (xen-api `sm_exec.ml`): XML-RPC, the method first.

True lines: ``31292 ?  Z  00:00:00 … [LVMoISCSISR] <defunct>``, and
``root 807 1 … /usr/bin/python /opt/xensource/sm/LVMoISCSISR <methodCall><methodName>vdi_delete<…``

Not read: all other processes; the tree.
"""

import re
from collections.abc import Iterator

from analyzer.bundle.member import Member
from analyzer.model.host import ProcessList, SmProcess
from analyzer.model.source import Source
from analyzer.parsers._api import Fact
from analyzer.parsers._text import read_text
from analyzer.values import dataclass

_PID = re.compile(r"(?:^|\s)([0-9]{1,10})\s")
_DRIVER = r"(?P<driver>[A-Za-z]{2,16}SR)"
_DEFUNCT = re.compile(rf"\[{_DRIVER}\] <defunct>")
_RUNS = re.compile(
    rf"/opt/xensource/sm/{_DRIVER}(?: <methodCall>\s*<methodName>(?P<call>[a-z_]{{2,40}})<)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessTree:
    """The parser."""

    name: str = "process_tree"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == "process-tree.out"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the processes of storage drivers."""
        text = read_text(member, limit)
        found = (_process(line, text.at(index)) for index, line in text.closed())
        yield ProcessList(
            source=text.source,
            complete=text.whole,
            of_sm=tuple(process for process in found if process is not None),
        )


PARSER = ProcessTree()


def _process(line: str, source: Source) -> SmProcess | None:
    defunct = _DEFUNCT.search(line)
    found = defunct or _RUNS.search(line)
    pid = _PID.search(line)
    if found is None or pid is None or pid.start() > found.start():
        return None
    return SmProcess(
        source=source,
        text=line,
        pid=int(pid[1]),
        driver=found["driver"],
        call="" if defunct else found["call"] or "",
        defunct=defunct is not None,
    )
