"""Read task_list.out: the tasks of xapi, which its database file never has.

Writer: ``xe task-list``, run by xapi's plugin for xen-bugtool in newer releases (xen-api
`bugtool-plugin/xapi/stuff.xml`); records as xen-api `cli_printer.ml` prints them. xapi forgets a
task some time after it ended; one that a client made itself stays until the client destroys it.

True line: ``          name-label ( RO): [XO] Exporting content of VDI web-01 using NBD``.

Not read: progress, what a task answered, who made it.
"""

import re
from collections.abc import Iterator, Mapping

from analyzer.bundle.member import Member
from analyzer.model.host import ListedTask, TaskList
from analyzer.model.source import Source
from analyzer.model.terms import UUID_PATTERN
from analyzer.parsers._api import Fact
from analyzer.parsers._text import Text, read_text
from analyzer.values import dataclass

_LINE = re.compile(r"\s*(?P<key>[a-z][a-z-]{0,40}) \( ?R[OW]\)\s*: ?(?P<value>.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """The parser."""

    name: str = "task_list"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == "task_list.out"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the tasks in the order of the file; where it is cut, without the last."""
        text = read_text(member, limit)
        records = list(_records(text))
        whole = records if text.whole else records[:-1]
        tasks = (_task_of_source(*record, text) for record in whole)
        yield TaskList(
            source=text.source,
            complete=text.whole,
            tasks=tuple(task for task in tasks if task is not None),
        )


PARSER = Tasks()


def _records(text: Text) -> Iterator[tuple[Source, dict[str, tuple[int, str]]]]:
    """Yield each record: where it begins, and key → (line, value); the first of a key counts."""
    source, record = text.source, dict[str, tuple[int, str]]()
    for index, line in text.closed():
        found = _LINE.fullmatch(line)
        if found and found["key"] == "uuid":
            if record:
                yield source, record
            source, record = text.at(index), {}
        if found:
            record.setdefault(found["key"], (index, found["value"].strip()))
    if record:
        yield source, record


def _task_of_source(
    source: Source, record: Mapping[str, tuple[int, str]], text: Text
) -> ListedTask | None:
    values = {key: value for key, (_, value) in record.items()}
    if not UUID_PATTERN.fullmatch(values.get("uuid", "")):
        return None
    shown = record["name-label"][0] if "name-label" in record else source.line - 1
    return ListedTask(
        source=text.at(shown),
        text=text.lines[shown],
        uuid=values["uuid"],
        name=values.get("name-label", ""),
        status=values.get("status", ""),
        created=values.get("created", ""),
    )
