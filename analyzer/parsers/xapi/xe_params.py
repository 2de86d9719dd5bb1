"""Read records that `xe` printed: the output of ``xe vdi-param-list``, ``xe sr-list`` and so on.

Writer: xen-api ``ocaml/xapi-cli-server/cli_printer.ml`` (`multi_line_record`), the texts from
``records.ml`` and ``record_util.ml``. Support staff attach it under any name, with shell prompts
or without. Times are UTC. A record begins at its ``uuid`` and ends at a blank line, a prompt or
the next ``uuid``; what stands alone belongs to nobody and is counted.

True line: ``cbt-enabled ( RO): true``, right-aligned behind blanks.

Not read: ``--minimal`` output (values without names) and records without their uuid.
"""

import re
from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import field

from analyzer.bundle.member import Member
from analyzer.model.report import CUT_SHORT, ParseProblem
from analyzer.model.source import Source
from analyzer.model.xapi import XapiDatabase, XapiObject
from analyzer.parsers._api import Fact
from analyzer.parsers._text import Text, command_of, head_lines, read_text
from analyzer.parsers.xapi.xapi_rows import BUILDERS
from analyzer.parsers.xapi.xe_values import Line, XeRow, XeValue
from analyzer.values import dataclass

# Which class of object a record of `xe` shows: by its keys, the command, or the file's name.

_NAMED = re.compile(r"(?<![a-z])(?P<class>[a-z]{2,12})[-_](?:params?[-_])?list")

_CLASSES = {
    "vdi": "VDI",
    "sr": "SR",
    "pbd": "PBD",
    "vbd": "VBD",
    "vm": "VM",
    "snapshot": "VM",
    "template": "VM",
    "host": "host",
    "pool": "pool",
    "network": "network",
    "pif": "PIF",
    "bond": "Bond",
    "vlan": "VLAN",
    "sm": "SM",
}

# Which keys tell the class, the first that fits; "" is one that is not modelled.
# `xe host-list`, `sm-list` and `template-list` show too little: the command or file name decides.
_SIGNATURES: tuple[tuple[str, frozenset[str]], ...] = (
    ("", frozenset({"vm-uuid", "network-uuid"})),  # a VIF
    ("", frozenset({"progress", "status"})),  # a task
    ("VDI", frozenset({"cbt-enabled"})),
    ("VDI", frozenset({"sr-uuid", "virtual-size"})),
    ("VDI", frozenset({"sr-uuid", "snapshot-of"})),
    ("VDI", frozenset({"sr-uuid", "location"})),
    ("VBD", frozenset({"vm-uuid", "vdi-uuid"})),
    ("PBD", frozenset({"sr-uuid", "host-uuid"})),
    ("PBD", frozenset({"device-config"})),
    ("Bond", frozenset({"master", "slaves"})),
    ("VLAN", frozenset({"tagged-PIF", "untagged-PIF"})),
    ("pool", frozenset({"master"})),
    ("VM", frozenset({"power-state"})),
    ("VM", frozenset({"is-control-domain"})),
    ("PIF", frozenset({"network-uuid", "device"})),
    ("PIF", frozenset({"IP-configuration-mode"})),
    ("SM", frozenset({"driver-filename"})),
    ("SM", frozenset({"required-api-version"})),
    ("host", frozenset({"software-version"})),
    ("host", frozenset({"address", "hostname"})),
    ("network", frozenset({"purpose"})),
    ("network", frozenset({"bridge"})),
    ("SR", frozenset({"content-type"})),
    ("SR", frozenset({"physical-size"})),
)


def class_of(keys: AbstractSet[str], command: str, path: str) -> str:
    """Return the table of the database, "" for a class that is not modelled or not known."""
    for table, signature in _SIGNATURES:
        if signature <= keys:
            return table
    if command in _CLASSES:
        return _CLASSES[command]
    named = _NAMED.search(path.rpartition("/")[2].lower())
    return _CLASSES.get(named["class"], "") if named else ""


# A key is padded on the left, the first one on the right (cli_printer.ml).
_KEY = re.compile(
    r"^\s*(?P<key>[A-Za-z][\w-]{0,60}) \( ?(?P<kind>[SM]?R[OW])\)(?: \[DEPRECATED\])?[ \t]*:"
    r"(?: (?P<value>.*))?$"
)
_BEGINS = re.compile(r"^\s*uuid \( ?RO\)[ \t]*:")
_COMMAND = re.compile(r"\bxe\s+(?P<class>[a-z]{2,12})-(?:param-)?list\b")
# Class of a record → the table of its metrics, and the key that shows them (records.ml).
_METRICS = {"PIF": ("PIF_metrics", "carrier"), "host": ("host_metrics", "host-metrics-live")}
_ELSEWHERE = ("var/log/", "etc/", "proc/", "sys/", "var/xapi/", "run/", "opt/")
_COLLECTED = frozenset({"task_list.out", "list_plugins.out", "list_domains.out"})


@dataclass(slots=True, kw_only=True)
class _Record:
    """Lines of one record by key; a key that came twice is no longer to be trusted."""

    source: Source
    command: str
    values: dict[str, XeValue] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class XeParams:
    """The parser; it knows its files by what they hold."""

    name: str = "xe_params"

    def claims(self, path: str, head: bytes) -> bool:
        """Tell whether a loose file begins with a record, or with an `xe` command that lists."""
        if path.startswith(_ELSEWHERE) or path in _COLLECTED:
            return False
        return any(_BEGINS.match(line) or _class_of_command(line) for line in head_lines(head))

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield one incomplete database of all records, then what was not understood."""
        text = read_text(member, limit)
        problems: Counter[str] = Counter()
        objects_of_problems: list[XapiObject] = []
        for record in _records_of_problems(text, problems):
            keys = record.values.keys() | record.twice
            table = class_of(keys, record.command, text.source.member)
            row = XeRow(record.source, table, record.values, problems)
            if record.twice:
                problems["a key stands twice in one record: neither value is used"] += 1
            if table not in BUILDERS:
                problems["a record of a class that is not read"] += 1
            elif row.uuid:
                objects_of_problems.append(BUILDERS[table](row))
                # What a record shows of an object that has no command of its own in `xe`.
                of, key = _METRICS.get(table, ("", ""))
                if key in record.values:
                    objects_of_problems.append(
                        BUILDERS[of](XeRow(record.source, of, record.values, problems))
                    )
            else:
                problems["a record's uuid is no uuid"] += 1
        objects = tuple(objects_of_problems)
        yield XapiDatabase(
            source=text.source,
            generation=None,
            schema_minor=None,
            live=True,
            complete=False,
            tables=frozenset(),
            objects=objects,
        )
        if text.why:
            yield ParseProblem(source=text.source, what=f"{CUT_SHORT}{text.why}")
        for what, count in sorted(problems.items()):
            yield ParseProblem(source=text.source, what=f"{what} ({count} times)")


PARSER = XeParams()


def _records_of_problems(text: Text, problems: Counter[str]) -> Iterator[_Record]:
    record: _Record | None = None
    command = ""
    for line in _lines_of_text(text):
        typed = _class_of_command(line.text)
        if typed is not None or not line.text.strip():
            command = command if typed is None else typed
            ended, record = record, None
        elif _BEGINS.match(line.text):
            ended, record = record, _Record(source=text.at(line.index), command=command)
        else:
            ended = None
        if ended:
            yield ended
        if not (record and _take_line(line, record)) and _KEY.match(line.text):
            problems["a line that belongs to no record"] += 1
    if record:
        yield record


def _lines_of_text(text: Text) -> Iterator[Line]:
    for index, line in text.closed():
        yield Line(index=index, text=line, closed=True)
    if text.open_line:
        yield Line(index=len(text.lines) - 1, text=text.lines[-1], closed=False)


def _take_line(line: Line, record: _Record) -> bool:
    """Add a line to a record; False if it is no line with a key."""
    found = _KEY.match(line.text)
    if found is None:
        return False
    key = found["key"]
    if key in record.values or key in record.twice:
        # A description of several lines can imitate a key; then nobody knows which one is true.
        record.twice.add(key)
        record.values.pop(key, None)
    else:
        value = found["value"] or ""
        record.values[key] = XeValue(line=line, kind=found["kind"], value=value.strip())
    return True


def _class_of_command(line: str) -> str | None:
    """Return the class in an `xe` list command on this line, None if there is none."""
    command = command_of(line) or (line.strip() if line.lstrip().startswith("xe ") else None)
    found = _COMMAND.search(command) if command else None
    return found["class"] if found else ("" if command_of(line) else None)
