"""``var/log/SMlog``: the storage manager, its garbage collector and fairlock (facility local2).

Written by ``_SMlog`` in util.py and cleanup.py (xapi-project/sm), one record per line of text,
with the process id inside the message; since sm 3.2.12-17.1 of XCP-ng followed by the thread.
Times are host local::

    Jun 10 13:32:41 jupiter SM: [24517] lock: opening lock file /var/lock/sm/…/cbtlog
    Jun 10 13:32:41 jupiter SM: [24517][MainThread] FAILED in util.pread: (rc 5) stdout: '', …
    Jan  2 16:01:16 jupiter fairlock[3906]: /run/fairlock/devicemapper acquired

A failed command whose stderr has line feeds, and a traceback, are several records of one pid;
they are joined again. So is the echo of a command that touches a CBT log, a tapdisk or the size of
an image, with the record that says how it ended, that a command of LVM is tried again with the next
try, and a wait for a lock with the line that says when the process had it. Not read: the thread.
"""

import re

from analyzer.parsers._api import Body, Joint, LogParser, Record, Usual
from analyzer.parsers.scan.failure import WORDS
from analyzer.parsers.scan.syslog import (
    ESCAPES,
    REPEATED,
    other_tag,
    unescape,
    unfold_repeats,
)

# SM writes its pid into the message, as all of it goes through one syslog ident; SMGC is its
# garbage collector (sm, util.py, SMlog; cleanup.py). Newer ones add the thread: [pid][thread].
_OWN = ("SM", "SMGC", "SM-GC")
_OF_XAPI = ("xapi", "xenopsd-xc")  # another facility: a file that has their lines is not SMlog
_NAMES = {"SM-GC": "SMGC"}
_PID = re.compile(r"\[([0-9]{1,10})(?:$|\](?:\[[^\]']*\])? ?(.*))")
_USUAL = re.compile(r"([^ \n]+) (SM|SMGC): \[([0-9]{1,10})\](?:\[[^\]']*\])? ?(.*)")
_STDERR = "', stderr: '"
_FRAME = '\n  File "'
_CERTAINLY_NEW = re.compile(
    r"\['|\[\"|  pread SUCCESS|lock: |FAILED in |Command was: |Raising exception \[|\*{5} "
    r"|Changed Block Tracking "
    r"| = -?[0-9]+$|(?:vdi|sr)_[a-z_]+ \{"
)
_WORD = r"""['"], u?['"]"""
_ECHO = (
    rf"""\[u?['"][a-z/]*(?:cbt-util{_WORD}|tap-ctl{_WORD}(?:open|close|pause|unpause)['"]"""
    rf"""|vhd-util{_WORD}resize['"]"""
    r"""|lv(?:create|remove|rename)['"], .*\.cbtlog['"])"""
)
_IS_ECHO = re.compile(_ECHO)
# What SM, its collector and tap-ctl say without any of the common words.
_FAILURE = (
    r"E X C E P T I O N|Raising exception \[|\s = -?[1-9]|[Nn]ot coalesceable|No progress"
    r"|hidden leaf|missing from disk|not detached cleanly"
)
_SETTING = (
    r"(?:vdi|sr)_[a-z_]+ \{|=== SR [0-9a-f-]+: "
    r"|lvremove['\"], [^\]\n]*\.cbtlog['\"][^\]\n]*\]\s  pread SUCCESS"  # it may have failed before
)
_AGAIN = ("*** lvremove failed on attempt #", "*** lvchange -an failed on attempt #")
_RESULT = re.compile(r"  pread SUCCESS| = -?[0-9]+")


_SYSLOG_PID = r"(?:\[[^\] \n]*\])?"
_REST = (
    rf"(?:{'|'.join(_OWN)}){_SYSLOG_PID}: ?(?:{REPEATED})?\[[0-9]{{1,10}}\]"
    rf"|(?:{other_tag(('', *_OWN, *_OF_XAPI))}){_SYSLOG_PID}:"
)


def _sm_body(tag: str, pid: int | None, text: str) -> Body | None:
    if tag in _OF_XAPI:
        return None
    inner, count = unfold_repeats(text)
    if tag not in _OWN:
        return Body(process=tag, pid=pid, message=unescape(inner), count=count)
    found = _PID.match(inner)
    if found is None:
        return None
    return Body(
        process=_NAMES.get(tag, tag),
        pid=int(found[1]),
        message=unescape(found[2] or ""),
        count=count,
    )


def _usual_head(line: str, head: int) -> Usual | None:
    found = _USUAL.match(line, head)
    if found is None or "#" in line:
        return None
    host, process, pid, message = found.groups()
    return host, process, message, int(pid), None, None


def _opens_a_record(record: Record) -> bool:
    """Tell whether it is a command, a failed one, an exception, or a wait for a lock."""
    message = record.message
    if record.process not in _OWN:
        return False
    if message.startswith("["):
        return record.process == "SM" and _IS_ECHO.match(message) is not None
    if message.startswith("FAILED in "):
        return "stdout: '" in message
    if message.startswith(("Failed to lock ", *_AGAIN)):
        return True
    return ": EXCEPTION " in message and (message.startswith("*****") or record.process == "SMGC")


def _joint_with(message: str, line: str) -> Joint:
    if message.startswith("["):
        # Look for how a command ended: the next line of its process, unless it did not come back.
        output = message.partition("\n")[2]
        if output:
            return _output_joint(output, line)
        if line.startswith("FAILED in "):
            return Joint.PART if "stdout: '" in line else Joint.LAST
        return Joint.LAST if _RESULT.fullmatch(line) else Joint.NEW
    if message.startswith("FAILED in "):
        return _output_joint(message, line)
    if message.startswith(_AGAIN):
        # The same command again, but not one that is a record of its own; then how it ended.
        if "\n" in message:
            return Joint.LAST if line == "  pread SUCCESS" else Joint.NEW
        return (
            Joint.PART if line.startswith(("['", "[u'")) and not _IS_ECHO.match(line) else Joint.NEW
        )
    if message.startswith("Failed to lock "):
        return Joint.LAST if line.startswith("lock: acquired ") else Joint.NEW
    return _traceback_joint(message, line)


def _traceback_joint(message: str, line: str) -> Joint:
    """Look for the empty line that ends a traceback."""
    if not line:
        return Joint.LAST
    if ": EXCEPTION " in line:
        return Joint.NEW
    if _FRAME in message:
        return Joint.PART if line.startswith("  ") and line != "  pread SUCCESS" else Joint.NEW
    return Joint.NEW if _CERTAINLY_NEW.match(line) else Joint.PART


def _output_joint(message: str, line: str) -> Joint:
    """Look for the quote that closes stderr; it often stands in a record of its own."""
    stderr = message.partition(_STDERR)[2]
    if stderr.endswith("'"):  # whole, unless the quote was one of the program's own
        return Joint.LAST if line == "'" else Joint.NEW
    if _CERTAINLY_NEW.match(line):
        return Joint.NEW
    return Joint.LAST if line == "'" and _STDERR in message else Joint.PART


PARSER = LogParser(
    name="smlog",
    rest=_REST,
    parse=_sm_body,
    always=rf"FAILED in |: EXCEPTION |{_ECHO}|{ESCAPES}",
    opens=_opens_a_record,
    joint=_joint_with,
    failure=f"{_FAILURE}|{WORDS}",
    setting=_SETTING,
    naming="'vdi_ref'",
    usual=_usual_head,
)
