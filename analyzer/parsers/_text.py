"""The text of a document member: its lines, and whether they are all of it.

Shared by the documents that commands wrote (lvs, df, xe, ls …). The collector appends
``** timeout **`` to what a killed command had written (xen-bugtool, ``ProcOutput``); a command
that ends by itself closes its last line, so an open last line is a cut. A cut just after a line
feed leaves no trace in the text: only ``Member.damage`` tells of it.
"""

import codecs
import re

from analyzer.bundle.member import Member
from analyzer.model.source import Source
from analyzer.values import dataclass

MIB = 1024 * 1024
LARGEST = 16 * MIB  # no listing of a real host comes near it; a text is held in memory
LONGEST_LINE = 64 * 1024
TIMEOUT = "** timeout **"

# What PowerShell and Notepad put before a text that somebody saved for us.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OF_HOSTS = ("var/log/", "var/xapi/", "etc/", "proc/", "sys/", "opt/", "boot/", "usr/")
_PROMPT = re.compile(r"\s*(?:\[[^\]]{1,200}\]|[\w.@~:/-]{0,200})\s?[#$](?: |$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Lines without their ends; ``why`` says what is missing of the member, "" for nothing.

    ``open_line`` tells that the last line has no end, so its last word may be half a word.
    """

    source: Source
    lines: tuple[str, ...]
    why: str
    open_line: bool

    @property
    def whole(self) -> bool:
        """Tell whether nothing shows that a part of the text is missing."""
        return not self.why

    def at(self, index: int) -> Source:
        """Return where the line `index` (from 0) stands."""
        return Source(bundle=self.source.bundle, member=self.source.member, line=index + 1)

    def closed(self) -> tuple[tuple[int, str], ...]:
        """Return (index, line) of the lines that have their end and a length one can read."""
        end = len(self.lines) - 1 if self.open_line else len(self.lines)
        return tuple(
            (index, line)
            for index, line in enumerate(self.lines[:end])
            if len(line) <= LONGEST_LINE and line.strip() != TIMEOUT
        )


def read_text(member: Member, limit: int) -> Text:
    """Read a member whole, at most `limit` bytes of it, as text of any bytes."""
    most = min(limit, LARGEST)
    content = member.read(most + 1)
    lines = _split_lines(decode(content[:most]))
    source = Source(bundle=member.bundle, member=member.path)
    open_line = bool(lines) and lines[-1] != ""
    kept = tuple(lines if open_line else lines[:-1])
    if len(content) > most:
        why = f"it is longer than the {most} bytes that are read of a document"
    elif member.damage:
        why = member.damage
    elif any(len(line) > LONGEST_LINE for line in kept):
        why = f"a line of it is longer than {LONGEST_LINE} characters"
    else:
        last = next((line.strip() for line in reversed(kept) if line.strip()), "")
        if not last:
            why = "it is empty"
        elif last == TIMEOUT:
            why = "the command that wrote it timed out"
        else:
            why = "its last line has no end" if open_line else ""
    return Text(source=source, lines=kept, why=why, open_line=open_line)


def decode(content: bytes) -> str:
    """Return bytes as text: UTF-8, or UTF-16 with its mark; what is neither is replaced."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, errors="replace")
    return content.decode("utf-8", errors="replace")


def head_lines(head: bytes) -> list[str]:
    """Return the lines of a member's head, the last one maybe cut."""
    return _split_lines(decode(head))


def command_of(line: str) -> str | None:
    """Return what was typed after a shell prompt, maybe nothing; None for a line without one.

    >>> command_of("[root@host1 ~]# xe vdi-list")
    'xe vdi-list'
    """
    prompt = _PROMPT.match(line)
    return line[prompt.end() :].strip() if prompt else None


def is_loose(path: str) -> bool:
    """Tell whether a member lies where no file of the host does: somebody may have put it there."""
    return not path.startswith(_OF_HOSTS)


def opening(path: str, head: bytes) -> str:
    """Return the first line of a loose file below the command that was typed, "" of another.

    What ends in ``.out`` is of the collector, which names what it holds.
    """
    lines = head_lines(head) if is_loose(path) and not path.endswith(".out") else ()
    return next((line for line in lines if line.strip() and command_of(line) is None), "")


def _split_lines(text: str) -> list[str]:
    # Not splitlines(): a form feed or U+2028 in a name is no line end to any other program.
    return [line.removesuffix("\r") for line in text.split("\n")]
