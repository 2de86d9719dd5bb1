"""What single lines of SMlog say: the entry of a call, a command with its result, an error.

Writers: sm ``SRCommand._run`` (entry), ``util.pread`` and ``blktap2.TapCtl`` (commands),
``xs_errors.XenError`` and ``util.logException`` (errors).
"""

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from sys import intern
from types import MappingProxyType

from analyzer.model.event import Event
from analyzer.model.operation import Command, Raised, Result
from analyzer.model.terms import SM_CALL_ENTRY, SM_KICKED, SM_LOCKED
from analyzer.values import dataclass

# The kinds of SM's lines: the ids of the selectors that keep them.
PLUGIN = "sm-call.plugin"
COMMANDS = (
    "sm-command.image",
    "sm-command.log",
    "sm-command.tapdisk",
    "sm-command.tapdisk-failed",
    "sm-command.volume",
)
RAISING = "sm-trouble.raising"
EXCEPTION = "sm-trouble.exception"
FAILED = "sm-trouble.failed"
DONE = "sm-step.done"
NOTES = (
    "cbt-told.attached",
    "cbt-told.coalesce",
    "cbt-told.database",
    "cbt-told.dropped",
    SM_LOCKED,
    "cbt-told.renamed",
    "cbt-told.volume",
    "cbt-told.walk",
    "sm-step.attached",
    "sm-step.copied",
    DONE,
    SM_KICKED,
    "sm-step.paused",
)
KINDS = (SM_CALL_ENTRY, PLUGIN, *COMMANDS, RAISING, EXCEPTION, FAILED, *NOTES)

_LONGEST = 64 * 1024  # characters of a literal that is worth decoding
_MOST_BRACKETS = 400
_DEEPEST = 4
_PY2_SET = re.compile(r"\b(?:frozen)?set\((\[[^\[\]]*\])\)")
_STRING = re.compile(r"""u?'([^']*)'|u?"([^"]*)\"""")
_PAIR = re.compile(
    r"""u?'(vdi_uuid|sr_uuid|command|subtask_of|vdi_ref|sr_ref)': u?(?:'([^']*)'|"([^"]*)")"""
)
_PLAIN_STRING = re.compile(r"u?'([^']*)'")
_PLAIN_LIST = re.compile(r"\[((?:u?'[^']*'(?:, )?)*)\]")
_ARGS = re.compile(r"'args': \[([^\]]*)\]")
_PLAIN = re.compile(r"\['[^'\\\"]*'(?:, '[^'\\\"]*')*\]")
_RC = re.compile(r"\(rc (-?[0-9]{1,9})\)")
_RAISING = re.compile(r"Raising exception \[([0-9]{1,9}), (.*?)\]?\Z", re.DOTALL)
_FRAME = '\n  File "'
_CODES: Mapping[str, int] = MappingProxyType(
    {
        "There is insufficient space": 44,
        "The VDI is not available": 46,
        "Logical Volume request must come from master": 58,
        "Failed to load VDI": 65,
        "Invalid VDI type": 66,
        "VDI Invalid size": 79,
        "Failed to mark VDI hidden": 80,
        "Failed to clone VDI": 81,
        "Failed to snapshot VDI": 82,
        "The snapshot chain is too long": 109,
        "VDI resize failed": 110,
        "A protocol error was received when accessing the API": 154,
        "General IO error": 200,
        "General backend error": 202,
        "tapdisk experienced an error": 453,
        "Unable to activate changed block tracking.": 457,
        "Unable to deactivate changed block tracking.": 458,
        "Changed block tracking log is in an inconsistent state.": 459,
        "Failed to calculate changed blocks for given VDIs.": 460,
        "The file system for SR cannot be written to.": 461,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The entry line of a call: its name, the decoded texts of its dictionary, the list args.

    ``vdi``, ``sr`` and ``task`` are those of the arguments.
    """

    name: str
    arguments: Mapping[str, str]
    args: tuple[str, ...]
    vdi: str | None
    sr: str | None
    task: str | None


class _Arguments(Mapping[str, str]):
    """The arguments of a call, decoded when somebody asks: of thousands of calls nobody does."""

    __slots__ = ("_decoded", "_entry")

    def __init__(self, entry: Event) -> None:
        self._entry = entry
        self._decoded: Mapping[str, str] | None = None

    def __getitem__(self, key: str) -> str:
        return self._all_arguments()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all_arguments())

    def __len__(self) -> int:
        return len(self._all_arguments())

    def __repr__(self) -> str:
        return repr(dict(self))

    def _all_arguments(self) -> Mapping[str, str]:
        if self._decoded is None:
            _, _, text = self._entry.message.partition(" ")
            self._decoded, _ = _decoded_arguments(text)
        return self._decoded


def entry_of(entry: Event) -> Entry:
    """Take an entry line apart; a dictionary that cannot be decoded gives what can be found in it.

    ``vdi_activate {'args': ['true'], 'device_config': {'SRmaster': 'true'}}`` has the args
    ``('true',)``.
    """
    name, _, text = entry.message.partition(" ")
    arguments: Mapping[str, str] = _Arguments(entry)
    told = _plainly_told(text)
    if told is None:
        arguments, args = _decoded_arguments(text)
        told = arguments
    else:
        args = _strings_in(told["args"])
    vdi, sr = told.get("vdi_uuid"), told.get("sr_uuid")
    return Entry(  # thousands of calls have the same words
        name=intern(name),
        arguments=arguments,
        args=args,
        vdi=vdi and intern(vdi),
        sr=sr and intern(sr),
        task=told.get("subtask_of"),
    )


def _plainly_told(text: str) -> Mapping[str, str] | None:
    """Return the arguments that matter, found without decoding, None where that is not certain.

    Without double quotes and escapes every quoted word is a string of its own, so that a key is
    found only where one stands.
    """
    if '"' in text or "\\" in text or not text.endswith("}"):
        return None
    told = {}
    for key in ("vdi_uuid", "sr_uuid", "subtask_of", "args"):
        name = f"'{key}': "
        _, _, rest = text.partition(name)
        if name in rest:
            return None
        if found := (_PLAIN_LIST if key == "args" else _PLAIN_STRING).match(rest):
            told[key] = found[1]
    return told if "args" in told else None


def _decoded_arguments(text: str) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return (arguments, args) of a dictionary as it is written."""
    value = _literal_of(text)
    if isinstance(value, dict):
        args = value.get("args")
        listed = tuple(map(str, args)) if isinstance(args, list | tuple) else ()
        return MappingProxyType(dict(_flat_items(value, "", 0))), listed
    pairs = {key: one or other for key, one, other in _PAIR.findall(text)}
    part = _ARGS.search(text)
    return MappingProxyType(pairs), _strings_in(part[1]) if part else ()


def _flat_items(
    value: Mapping[object, object], before: str, depth: int
) -> Iterator[tuple[str, str]]:
    """Yield (key, text); nested dictionaries as ``outer.inner``."""
    for key, inner in value.items():
        name = f"{before}{key}"
        if isinstance(inner, dict) and depth < _DEEPEST:
            yield from _flat_items(inner, f"{name}.", depth + 1)
        elif name != "args":
            yield name, str(inner)


def _literal_of(text: str) -> object:
    """Return the Python literal that a text is, None if it is none; nothing is executed."""
    brackets = sum(map(text.count, "([{"))
    if len(text) > _LONGEST or brackets > _MOST_BRACKETS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes in somebody's name label
            value: object = ast.literal_eval(_PY2_SET.sub(r"\1", text).strip())
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return value


def _strings_in(text: str) -> tuple[str, ...]:
    return tuple(one or other for one, other in _STRING.findall(text))


def command_of(event: Event) -> Command:
    """Take the echo of a command and the result that was joined to it apart."""
    echo, _, output = event.message.partition("\n")
    if _PLAIN.fullmatch(echo):  # nearly all are
        argv_of_echo: tuple[str, ...] = tuple(map(intern, echo[2:-2].split("', '")))
    else:
        value = _literal_of(echo)
        argv_of_echo = tuple(map(str, value)) if isinstance(value, list) else _strings_in(echo)
    result, rc, stderr = _ended(output) or (Result.UNKNOWN, None, "")
    return Command(argv=argv_of_echo, result=result, rc=rc, stderr=stderr, event=event)


def with_result(command: Command, output: str) -> Command:
    """Return the command, ended as SM's line `output` says; one that says nothing is no end."""
    ended = _ended(output)
    if ended is None:
        return command
    result, rc, stderr = ended
    return replace(command, result=result, rc=rc, stderr=stderr or command.stderr)


def _ended(output: str) -> tuple[Result, int | None, str] | None:
    """Return the result, the exit status and what was said on stderr; None: it is no end."""
    if output == "  pread SUCCESS":
        return Result.SUCCEEDED, 0, ""
    if output.startswith(" = "):
        rc = int(output[3:])
        return Result.FAILED if rc else Result.SUCCEEDED, rc, ""
    if not output.startswith("FAILED in "):
        return None
    found = _RC.search(output)
    stderr = output.partition("', stderr: '")[2].removesuffix("'").strip()
    return Result.FAILED, int(found[1]) if found else None, stderr


def raised_of(event: Event) -> Raised:
    """Take ``Raising exception [code, text]`` or ``***** tag: EXCEPTION class, text`` apart.

    Since sm 4 no line has the code; it follows from the text of SM's own errors.
    """
    if found := _RAISING.match(event.message):
        return Raised(code=int(found[1]), text=found[2], event=event)
    tag, _, rest = event.message.removeprefix("***** ").partition(": EXCEPTION ")
    kind, _, told = rest.partition(", ")
    text, _, trace = told.partition(_FRAME)
    # Whether SRCommand itself caught it: there the call ends, whatever it was.
    caught_in = trace.partition('"')[0]
    if caught_in:
        ends_call = caught_in.endswith("SRCommand.py")
    else:
        words = ("generic exception: ", "tapdisk failed exception", "tapdisk exists exception")
        ends_call = tag.startswith(words) or re.fullmatch(r"(?:vdi|sr)_[a-z_]+", tag) is not None
    return Raised(
        code=_CODES.get(text.strip().partition(" [opterr=")[0]) if "SROSError" in kind else None,
        text=text.strip(),
        event=event,
        final=ends_call,
    )


def call_in(raised: Raised) -> str:
    """Return the call that an exception's tag names, "" if it names none.

    A call whose disk or SR cannot be loaded has no entry line; this is all that names it.
    """
    found = re.match(
        r"\*{5} (?:generic exception: )?((?:vdi|sr)_[a-z_]+): EXCEPTION ", raised.event.message
    )
    return found[1] if found else ""
