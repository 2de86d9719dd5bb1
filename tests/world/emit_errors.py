"""Errors of SM: raised by the emitters, and logged as SM logs them when a command fails.

Writer imitated: sm `xs_errors.py`, `util.py` (`CommandException`, `ioretry`, `logException`),
`SRCommand.py` (`run`), `XE_SR_ERRORCODES.xml`.
"""

import os

from tests.world.emit_sm import Frames, SmProcess
from tests.world.objects import Storage

TEXTS = {
    44: "There is insufficient space",
    66: "Invalid VDI type",
    80: "Failed to mark VDI hidden",
    202: "General backend error",
    457: "Unable to activate changed block tracking.",
    459: "Changed block tracking log is in an inconsistent state.",
    460: "Failed to calculate changed blocks for given VDIs.",
}
_DRIVERS = {
    "lvm": "Local VHD on LVM",
    "lvmoiscsi": "LVHD over iSCSI",
    "ext": "Local EXT3 VHD",
    "nfs": "NFS VHD",
}
_OWN_CODES = {"vdi_delete": 80}  # the error that a failed program becomes; 202 elsewhere
# Lines of a function in sm 2.30, 3.2 and 4.1: the file, and where in it.
_RUN = ("SRCommand.py", (110, 113, 112), "run", "return self._run_locked(sr)")
_LOCKED = ("SRCommand.py", (159, 163, 162), "_run_locked", "rv = self._run(sr, target)")
_MAIN = ("SRCommand.py", (378, 388, 391), "run", "ret = cmd.run(sr)")
_WRAPPED = ("SRCommand.py", (121, 124, 123), "run", "raise xs_errors.XenError(excType, opterr=msg)")
_CALLED = {
    "vdi_enable_cbt": ((309, 318, 321), "return target.configure_blocktracking("),
    "vdi_disable_cbt": ((313, 322, 325), "return target.configure_blocktracking("),
    "vdi_data_destroy": ((317, 326, 329), "return target.data_destroy("),
    "vdi_list_changed_blocks": ((320, 329, 332), "return target.list_changed_blocks()"),
    "vdi_delete": ((242, 250, 253), "return target.delete("),
}
_RAISED = {
    66: ((576, 585, 587), "configure_blocktracking", "raise xs_errors.XenError('VDIType',"),
    457: ((606, 615, 617), "configure_blocktracking", "raise xs_errors.XenError("),
    459: ((714, 723, 726), "list_changed_blocks", "raise xs_errors.XenError("),
    460: ((750, 758, 761), "list_changed_blocks", "raise xs_errors.XenError("),
}

Spot = tuple[str, tuple[int, int, int], str, str]


class SmError(Exception):
    """An error with a code of its own; ``reason`` is what xapi and its clients are told."""

    def __init__(self, code: int, detail: str = "") -> None:
        self.code = code
        self.reason = TEXTS[code] + (f" [opterr={detail}]" if detail else "")
        super().__init__(self.reason)


class CommandError(Exception):
    """A program that SM ran and that failed: ``command`` and ``cause`` as SM shows them."""

    def __init__(self, status: int, command: str, cause: str) -> None:
        self.status = status
        self.command = command
        self.cause = cause
        super().__init__(os.strerror(status))


class NeverEndsError(Exception):
    """The process goes on for ever; nothing that it would log at its end is logged."""


def raised(sm: SmProcess, code: int, detail: str = "") -> SmError:
    """Log that an error object is made; returns it."""
    error = SmError(code, detail)
    sm.raising(code, error.reason)
    return error


def failed(sm: SmProcess, name: str, error: SmError | CommandError, storage: Storage) -> SmError:
    """Log the end of a command that fails; returns the error that xapi is told."""
    spots: list[Spot] = [_RUN, _LOCKED]
    if name in _CALLED:
        lines, code = _CALLED[name]
        spots.append(("SRCommand.py", lines, "_run", code))
    if isinstance(error, CommandError):
        _trace(sm, name, _command_class(sm), str(error), spots)
        detail = f"Command {error.command} failed ({error.cause}): {error}"
        told = raised(sm, _OWN_CODES.get(name, 202), detail)
        spots = [_WRAPPED]
    else:
        told = error
        lines, function, code = _RAISED[error.code]
        spots.append(("VDI.py", lines, function, code))
        _trace(sm, f"generic exception: {name}", sm.error_class, told.reason, spots)
    _trace(sm, _DRIVERS[storage.type], sm.error_class, told.reason, [_MAIN, *spots])
    return told


def _trace(sm: SmProcess, tag: str, kind: str, text: str, spots: list[Spot]) -> None:
    era = sm.host.release.sm_major - 2
    frames: Frames = tuple((file, lines[era], where, code) for file, lines, where, code in spots)
    sm.exception(tag, kind, text, frames)


def _command_class(sm: SmProcess) -> str:
    prefix = "sm.core." if sm.host.release.sm_major > 3 else ""
    return f"{prefix}util.CommandException"
