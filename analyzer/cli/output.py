"""Where all commands print: text goes out as UTF-8, or as what the console can show.

A name in a bundle may be in any script, and the encoding of a stream is no property of the
bundle: without this a disk named ``データ`` ends a run whose output goes into a file on a host
with another locale.
"""

import codecs
import io
import os
import sys
from pathlib import Path
from typing import TextIO

_BYTES = range(0xDC80, 0xDD00)  # how ``surrogateescape`` carries the bytes 80 to ff

_VTE = 5000
_LINKING_PROGRAMS = ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio")
_LINKING_TERMINALS = ("xterm-kitty", "xterm-ghostty", "wezterm", "foot", "foot-extra", "contour")


def prepare_streams() -> None:
    """Make standard output and error able to take any text, whatever the locale says.

    A file or a pipe gets UTF-8, and bytes of a log that were none come out as they were. A
    console keeps its encoding and gets ``?`` for a character that it cannot show.
    """
    codecs.register_error("cbtriage", _replaced_character)
    # Let what goes to a stream that was closed before we came go nowhere. Left free, its number
    # would be that of the next file opened, a report among them.
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until we end
            setattr(sys, name, nowhere)
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue  # closed, or a test's own
        if stream.isatty():
            stream.reconfigure(errors="replace")
        else:
            stream.reconfigure(encoding="utf-8", errors="cbtriage")


def in_color() -> bool:
    """Tell whether standard output is a terminal whose reader takes colours."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and sys.stdout.isatty()


def knows_links() -> bool:
    """Tell whether standard output is a terminal known to show links (OSC 8) as links.

    Others may print their signs; tmux and screen tell nothing of the terminal around them.
    """
    known = os.environ
    if not in_color() or known.get("TERM", "").startswith(("tmux", "screen")):
        return False
    vte = known.get("VTE_VERSION", "")  # 5202 is 0.52.2; 0.50.0 crashed on links
    return (
        (vte.isdecimal() and int(vte) > _VTE)
        or "WT_SESSION" in known
        or known.get("TERM_PROGRAM") in _LINKING_PROGRAMS
        or known.get("TERM") in _LINKING_TERMINALS
    )


def say(text: str) -> None:
    """Print an answer on standard output, as it is."""
    _write_to(sys.stdout, text)


def note(text: str) -> None:
    """Print a line about the run itself on standard error."""
    _write_to(sys.stderr, f"cbtriage: {text}\n")


def _write_to(stream: TextIO | None, text: str) -> None:
    if stream is not None:  # None: closed by whoever started us
        stream.write(text)
        stream.flush()  # a reader that went away is noticed here, not at exit


def _replaced_character(error: UnicodeError) -> tuple[bytes | str, int]:
    """Return what stands for one character that UTF-8 has no bytes for: half a pair, or a byte."""
    assert isinstance(error, UnicodeEncodeError)
    code = ord(error.object[error.start])
    return (bytes([code - 0xDC00]) if code in _BYTES else "?"), error.start + 1
