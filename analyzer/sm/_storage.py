"""The SR while one call works on it: what SM reads and writes, and how that fails.

A call may fail halfway and leave what it did; so it works on copies that are frozen at its end.
"""

from collections.abc import Callable
from dataclasses import field, replace

from analyzer.model.terms import CBT_BLOCK
from analyzer.sm.spans import Span, joined, within, without
from analyzer.sm.state import Body, Command, Log, Part, Result, SrKind, State, Use, Vdi, Verb
from analyzer.values import dataclass

TIMED_OUT = "Connection timed out"  # twenty times EIO, then ETIMEDOUT: ioretry(), util.py
INVALID = "Invalid argument"


class CommandFailed(Exception):  # noqa: N818 - as SM's CommandException
    """A command of the storage failed; the text is errno's."""


class Refused(Exception):  # noqa: N818 - an answer of xapi or SM, not our error
    """A call ends with an error: its code at xapi, and SM's words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(slots=True, kw_only=True)
class Storage:
    """Copies of an SR's logs and VDIs; the methods are cbt-util's commands and tapdisk's acts."""

    logs: dict[str, Log]
    vdis: dict[str, Vdi]
    sr: SrKind
    room: bool
    clock: int
    alert: str = ""
    did: list[Command] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    left_out: tuple[Span, ...] = ()

    def exists(self, log: str) -> bool:
        """Return whether the log is there; the null uuid never has one."""
        self._note_of_verb(Verb.LOOK, log)
        return log in self.logs

    def parent(self, log: str) -> str:
        """Do `cbt-util get -p`."""
        self._note_of_verb(Verb.GET, log, Part.PARENT)
        return self._header_of_log(log).parent

    def child(self, log: str) -> str:
        """Do `cbt-util get -c`."""
        self._note_of_verb(Verb.GET, log, Part.CHILD)
        return self._header_of_log(log).child

    def consistent(self, log: str) -> bool:
        """Do `cbt-util get -f`."""
        self._note_of_verb(Verb.GET, log, Part.CONSISTENT)
        return self._header_of_log(log).consistent

    def size(self, log: str) -> int:
        """Do `cbt-util get -s`."""
        self._note_of_verb(Verb.GET, log, Part.SIZE)
        return self._header_of_log(log).size

    def bitmap(self, log: str) -> None:
        """Do `cbt-util get -b`."""
        self._note_of_verb(Verb.GET, log, Part.BITMAP)
        self._whole_log(log)

    def set_parent(self, log: str, parent: str) -> None:
        """Do `cbt-util set -p`."""
        self._note_of_verb(Verb.SET, log, Part.PARENT, parent)
        self.logs[log] = replace(self._header_of_log(log), parent=parent)

    def set_child(self, log: str, child: str) -> None:
        """Do `cbt-util set -c`."""
        self._note_of_verb(Verb.SET, log, Part.CHILD, child)
        self.logs[log] = replace(self._header_of_log(log), child=child)

    def set_consistent(self, log: str, *, consistent: bool) -> None:
        """Do `cbt-util set -f`."""
        self._note_of_verb(Verb.SET, log, Part.CONSISTENT, str(int(consistent)))
        self.logs[log] = replace(self._header_of_log(log), consistent=consistent)

    def set_size(self, log: str, size: int) -> None:
        """Do `cbt-util set -s`, which reads the whole bitmap and never shrinks."""
        self._note_of_verb(Verb.SET, log, Part.SIZE, str(size))
        if size < self._header_of_log(log).size:
            raise self._failure_of_words(INVALID)
        self.logs[log] = replace(self._whole_log(log), size=size)

    def coalesce(self, older: str, newer: str) -> None:
        """Do `cbt-util coalesce`: the bits of one log are added to those of another."""
        self._note_of_verb(Verb.COALESCE, newer, Part.BITMAP, older)
        parent, child = self._header_of_log(older), self._header_of_log(newer)
        if bitmap_bits(parent.size) > bitmap_bits(child.size):
            raise self._failure_of_words(INVALID)
        parent, child = self._whole_log(older), self._whole_log(newer)
        recorded = joined(parent.recorded, child.recorded)
        self.logs[newer] = replace(child, recorded=recorded)

    def create_log(self, disk: str) -> None:
        """Make a new log as `_create_cbt_log` does: on failure it is gone again."""
        size = self.vdis[disk].size
        if not self.room and self.sr is SrKind.VOLUMES:
            raise CommandFailed("There is insufficient space")
        self._note_of_verb(Verb.CREATE, disk, Part.SIZE, str(size))
        # On a full file SR cbt-util says 0 and leaves a short file (it does not look at fclose);
        # the `set -f 1` that follows is what fails.
        body = Body.WHOLE if self.room else Body.CUT
        self.logs[disk] = Log(size=size, consistent=False, body=body)
        try:
            self.set_consistent(disk, consistent=True)
        except CommandFailed:
            self.remove(disk)
            raise

    def rename(self, log: str, name: str) -> None:
        """Give a log to another disk."""
        self._note_of_verb(Verb.RENAME, log, value=name)
        self.logs[name] = self.logs.pop(log)

    def remove(self, log: str) -> None:
        """Remove a log, if it is there."""
        if log in self.logs:
            self._note_of_verb(Verb.REMOVE, log)
            del self.logs[log]

    def disable_on_error(self, disk: str, alert: str) -> None:
        """Turn CBT off as `_disable_cbt_on_error` does: the parent keeps its child pointer."""
        self._note_of_verb(Verb.DROP, disk, value=alert)
        self.remove(disk)
        self.change(disk, cbt_enabled=False)
        self.alert = alert

    def _header_of_log(self, log: str) -> Log:
        if log not in self.logs:
            raise self._failure_of_words("No such file or directory")
        if self.logs[log].body is Body.CUT:
            raise self._failure_of_words(TIMED_OUT)
        return self.logs[log]

    def _whole_log(self, log: str) -> Log:
        found = self._header_of_log(log)
        if found.body is Body.SHORT:
            raise self._failure_of_words(TIMED_OUT)
        return found

    def _note_of_verb(
        self, verb: Verb, log: str, part: Part = Part.EXISTS, value: str = ""
    ) -> None:
        self.did.append(Command(verb, log, part, value))

    def _failure_of_words(self, words: str) -> CommandFailed:
        self.did[-1] = self.did[-1]._replace(failed=words)
        return CommandFailed(words)

    def change(self, vdi: str, **changes: object) -> None:
        """Change fields of a VDI."""
        self.vdis[vdi] = replace(self.vdis[vdi], **changes)  # type: ignore[arg-type]

    def lose(self, disk: str, since: int) -> None:
        """Take back what a log may have recorded from a time on (the host died with it)."""
        if log := self.logs.get(disk):
            lost = (Span(since=since, until=self.clock),) if since < self.clock else ()
            self.logs[disk] = replace(log, recorded=without(log.recorded, lost))

    def frozen(self) -> State:
        """Return the state after the call, one tick later: what is attached is written to."""
        now = (Span(since=self.clock, until=self.clock + 1),)
        for name, vdi in self.vdis.items():
            if vdi.use is not Use.WRITTEN:
                continue
            self.vdis[name] = replace(vdi, written=joined(vdi.written, now))
            log = self.logs.get(name)
            if log and log.body is Body.WHOLE:
                self.logs[name] = replace(log, recorded=joined(log.recorded, now))
        return State(
            vdis=self.vdis, logs=self.logs, sr=self.sr, room=self.room, clock=self.clock + 1
        )


def run(state: State, act: Callable[[Storage], None], code: str) -> Result:
    """Run one call on copies of a state; `code` is what xapi makes of a command that failed."""
    storage = Storage(
        logs=dict(state.logs),
        vdis=dict(state.vdis),
        sr=state.sr,
        room=state.room,
        clock=state.clock,
    )
    words, error = "ok", ""
    try:
        act(storage)
    except Refused as refused:
        words, error = str(refused), refused.code
    except CommandFailed as failed:
        words, error = str(failed), code
    return Result(
        state=storage.frozen(),
        outcome=words,
        code=error,
        alert=storage.alert,
        did=tuple(storage.did),
        visited=tuple(storage.visited),
        left_out=storage.left_out,
    )


def missing(storage: Storage, disk: str, since: int, until: int) -> tuple[Span, ...]:
    """Return when a disk was written to between two times, and no visited log recorded it."""
    written = within(storage.vdis[disk].written, since, until)
    return without(written, *(storage.logs[log].recorded for log in storage.visited))


def bitmap_bits(size: int) -> int:
    """Return the length of a log's bitmap as SM reads it: whole bytes (cbt-util.h).

    >>> bitmap_bits(9 * CBT_BLOCK)
    16
    """
    blocks = -(-size // CBT_BLOCK)
    return -(-blocks // 8) * 8
