r"""What a line that says something failed is about: which code, which call, which text.

SM builds an error and logs it (``Raising exception [46, …]``, xs_errors.py, up to sm 3.2), raises
it and logs it again, once or twice, with a traceback (``***** generic exception: vdi_attach:
EXCEPTION <class 'xs_errors.SROSError'>, …``, SRCommand.py); xapi then tells it a last time
(``Async.VM.start R:… failed with exception Server_error(SR_BACKEND_FAILURE_46, [ ; …;  ])``).
All of them carry the same text, and that makes them one failure here.
"""

import re
from enum import IntEnum
from typing import NamedTuple

from analyzer.model.terms import BACKEND_CODE
from analyzer.parsers._api import Record

LONGEST_SAID = 600
_LONGEST_FOLDED = 300


class Weight(IntEnum):
    """How much a line tells of a failure: of one process the heaviest line speaks for all."""

    REMARK = 0
    COMMAND = 1
    BUILT = 2  # an error object of SM, which may be caught
    RAISED = 3


class Said(NamedTuple):
    """What a line says: ``code`` and ``call`` are "" where it names none."""

    weight: Weight
    code: str
    call: str
    text: str


class Setting(NamedTuple):
    """What a process is at: SM's call and its objects, or the SR that the collector cleans."""

    call: str
    sr: str
    disk: str


class Failure(NamedTuple):
    """A record that says something failed, and what its process was at.

    ``is_over`` takes one back that was told before: what failed was tried again, and done.
    """

    record: Record
    told: Said
    at: Setting
    is_over: bool = False


_BUILT = re.compile(r"Raising exception \[([0-9]{1,5}), (.*)\]$", re.DOTALL)
_RAISED = re.compile(
    r"(?:\*{3,} *)?(?P<where>[^\n]*?): EXCEPTION (?P<cls><[^>]*>|[^\s,]+),? ?(?P<text>[^\n]*)"
)
_CALL = re.compile(r"(?:generic exception: )?((?:vdi|sr)_[a-z_]+)$")
_COMMAND = re.compile(
    r"(?P<echo>\[[^\n]*\])?\n?FAILED in [\w.]+: \(rc (?P<rc>-?[0-9]+)\) "
    r"stdout: '(?P<out>.*)', stderr: '(?P<err>.*)",
    re.DOTALL,
)
_TAP_CTL = re.compile(r"\[u?'[^']*tap-ctl', u?'([a-z]+)'[^\n]*\]\n = (-?[1-9][0-9]*)$")
_XAPI = re.compile(
    r"(?:(?P<call>[A-Za-z_][\w. /\[\]-]*?) (?:[RD]:[0-9a-f]{12} )?)?failed with exception "
    r"(?P<exception>.*)",
    re.DOTALL,
)
_SERVER = re.compile(r"Server_error\((?P<code>\w+), \[ ?(?P<params>.*?) ?\]\)", re.DOTALL)
_FRAME = re.compile(r"(?:Raised |[0-9]+/[0-9]+ \S+ (?:@ \S+ )?(?:Raised|Re-raised|Called|Killed) )")
# Units that read, write or serve disks, and those that they need; systemd tells of many others.
_UNITS = re.compile(
    r"xapi|XenAPI|xenopsd|forkexec|message-switch|squeezed|xenstore|\bxha|qemu"
    r"|SMGC|[Gg]arbage [Cc]ollector|\bsm\b|fairlock|NBD|nbd|tapdisk|blktap"
    r"|iscsi|multipath|mpath|lvm|drbd|linstor|nfs|rpc|mount"
)
_COMMAND_RUN = re.compile(r"Running cmd \[")  # nbd_client_manager.py, with its -timeout
_NOT_SAID = re.compile(
    r"\['|\[\"|\[u['\"]|(?:vdi|sr)_[a-z_]+ \{|lock: |LVMCache|Refcount |=== SR |\s*$"
)


def said(process: str, message: str, *, loud: bool) -> Said | None:
    """Return what a message says of a failure; None: it is part of another's, or says none.

    ``loud`` tells that its level says so.
    """
    if process in ("SM", "SMGC"):
        return _said_by_storage(message)
    if process == "systemd" and not _UNITS.search(message):
        return None
    if _FRAME.match(message) or (loud and not message.strip()):
        return None
    found = _XAPI.search(message)
    if found:
        call = found["call"] or ""
        exception = found["exception"]
        toolstack_found = _SERVER.search(exception)
        if toolstack_found is None:
            return Said(
                Weight.RAISED, "", _bare_name_of_call(call), exception.strip()[:LONGEST_SAID]
            )
        code, params = toolstack_found["code"], toolstack_found["params"]
        if code.startswith("SR_BACKEND_FAILURE"):
            params = params.strip("; ")
        return Said(Weight.RAISED, code, _bare_name_of_call(call), params[:LONGEST_SAID])
    found = _SERVER.search(message)
    text = message.partition("\n  File ")[0][:LONGEST_SAID]
    if _COMMAND_RUN.match(text):
        return None
    return Said(Weight.REMARK, found["code"] if found and loud else "", "", text)


def _said_by_storage(message: str) -> Said | None:
    found = _BUILT.match(message)
    if found:
        return Said(Weight.BUILT, BACKEND_CODE + found[1], "", found[2].strip()[:LONGEST_SAID])
    found = _RAISED.match(message)
    if found:
        call = _CALL.search(found["where"])
        # The text of an exception, or its class where it has none.
        text = found["text"].strip()
        if "SROSError" in found["cls"] and text:
            text_of_exception = text[:LONGEST_SAID]
        else:
            kind = found["cls"].strip("<>").replace("class ", "").replace("type ", "").strip("'")
            text_of_exception = f"{kind}: {text}".rstrip(": ")[:LONGEST_SAID]
        return Said(Weight.RAISED, "", call[1] if call else found["where"], text_of_exception)
    found = _COMMAND.search(message)
    if found:
        words = re.findall(r"'([^']*)'", found["echo"] or "")[:2]
        name = " ".join(word.rpartition("/")[2] for word in words) or "a command"
        told = " ".join((found["err"].strip(" '\n") or found["out"].strip(" '\n")).split())
        text_of_failed_command = f"{name} failed (rc {found['rc']}): {told}".rstrip(": ")[
            :LONGEST_SAID
        ]
        return Said(Weight.COMMAND, "", "", text_of_failed_command)
    found = _TAP_CTL.match(message)
    if found:
        return Said(Weight.COMMAND, "", "", f"tap-ctl {found[1]} = {found[2]}")
    if _NOT_SAID.match(message):
        return None
    return Said(Weight.REMARK, "", "", message.strip()[:LONGEST_SAID])


def _bare_name_of_call(call: str) -> str:
    """Return a call without what says how it was made.

    >>> _bare_name_of_call("Async.VDI.destroy")
    'VDI.destroy'
    """
    return call.strip().removeprefix("Async.").removeprefix("host.")


_UUID = r"[0-9a-f]{8}(?:-{1,2}[0-9a-f]{4}){3}-{1,2}[0-9a-f]{12}"
_FOLDED = re.compile(
    rf"(?:OpaqueRef:|DummyRef:)?{_UUID}|\bNULL\b"
    r"|\b[RD]:[0-9a-f]{12}\b|\b0x[0-9a-fA-F]+\b|\b(?=[a-f]*[0-9])[0-9a-f]{8,}\b"
    r"|(?<![A-Za-z_])[0-9]+(?:\.[0-9]+)*[GMKT]?"
)
_CODE = re.compile(r"\b(?:error|rc|status|code is|errno|Signalled|failed:|signal|=)[ =(]*-?[0-9]+")


def folded(text: str) -> str:
    """Return the form of a text: what differs from one time to the next is an ellipsis.

    Numbers that say *why* it failed (``error 28``, ``rc 5``) stay.

    >>> folded("VHD *3f7a91d2(80.000G/2.155G) corrupted")
    'VHD *…(…/…) corrupted'
    >>> folded("VDI clone failed error 13")
    'VDI clone failed error 13'
    """
    kept: list[str] = []
    place = 0
    for code in _CODE.finditer(text):
        kept += (_FOLDED.sub("…", text[place : code.start()]), code[0])
        place = code.end()
    return "".join((*kept, _FOLDED.sub("…", text[place:])))[:_LONGEST_FOLDED]
