"""Names inside a bundle: which status report, which path on the host, which log and rotation."""

import re
from functools import lru_cache

from analyzer.sources import SOURCES
from analyzer.values import dataclass

# What is read, and what is known to be a log of the host and nothing else.
_UNREAD = ("messages", "secure", "crit.log", "xenstored-access.log")
LOG_FAMILIES = (*(kind.label for kind in SOURCES if kind.is_log), *_UNREAD)

_LOG = re.compile(
    r"(?P<family>" + "|".join(map(re.escape, LOG_FAMILIES)) + r")"
    r"(?:\.(?P<rotation>\d{1,4}))?(?:\.(?:gz|bz2|xz))?",
    re.ASCII,
)
# collect_data() in xen-bugtool names its top folder so; XenCenter adds " (1)" to a second one.
# Other names that people and other settings of logrotate give: SMlog-20241120.gz, SMlog.old
_OTHER = re.compile(r"(?:" + "|".join(map(re.escape, LOG_FAMILIES)) + r")[-._~].*", re.DOTALL)
_REPORT = re.compile(r"bug-report-\d{14}(?: \(\d+\))?", re.ASCII)
_SYSTEM_FOLDERS = frozenset(
    {"var", "etc", "proc", "run", "root", "opt", "tmp", "boot", "usr", "sys", "home"}
)
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class LogName:
    """A syslog family and the age of the file: ``var/log/SMlog`` and 2 for ``SMlog.2.gz``."""

    family: str
    rotation: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Placed:
    """A stored name taken apart: the folder of its status report, and the path on the host."""

    root: str
    path: str


def place(stored_path: str) -> Placed:
    r"""Tell the status report that a stored name belongs to, and its path on the host.

    The folder of a status report ends at ``bug-report-<14 digits>`` (main() in xen-bugtool),
    else before the first system folder, else it is the folder of the file. A log that lies
    there bare is put where syslog writes it. ``OpaqueRef_…`` becomes ``OpaqueRef:…`` again
    (TarSanitization in XenCenter). What cannot be printed is escaped, and nothing leads outside.

    >>> place("2024-bugtool-jupiter/bug-report-20240610133241/var/log/SMlog")
    Placed(root='2024-bugtool-jupiter/bug-report-20240610133241', path='var/log/SMlog')
    >>> place("ticket/SMlog.2.gz")
    Placed(root='ticket', path='var/log/SMlog.2.gz')
    >>> place("./xapi-db.xml")
    Placed(root='', path='xapi-db.xml')
    """
    parts = [part for part in printable(stored_path).split("/") if part not in ("", ".", "..")]
    folders = parts[:-1]
    for index, root_part in enumerate(folders):
        if _REPORT.fullmatch(root_part):
            cut = index + 1
            break
    else:
        for index, root_part in enumerate(folders):
            if root_part in _SYSTEM_FOLDERS:
                cut = index
                break
        else:
            cut = len(folders)
    inner = [
        (f"OpaqueRef:{part[10:]}" if part.startswith("OpaqueRef_") else part)
        for part in parts[cut:]
    ]
    if len(inner) == 1 and _LOG.fullmatch(inner[0]):
        inner = ["var", "log", *inner]
    return Placed(root="/".join(parts[:cut]), path="/".join(inner))


@lru_cache(maxsize=4096)  # the same few members, asked for with every line of theirs
def log_name(path: str) -> LogName | None:
    """Return the log family and rotation that a placed path names, if it is a syslog file.

    >>> log_name("var/log/SMlog.2.gz")
    LogName(family='var/log/SMlog', rotation=2)
    """
    folder, _, name = path.rpartition("/")
    match = _LOG.fullmatch(name) if folder == "var/log" else None
    if match is None:
        return None
    return LogName(family=f"var/log/{match['family']}", rotation=int(match["rotation"] or 0))


def is_log_of_other_name(path: str) -> bool:
    """Tell whether a placed path looks like a syslog file of which the age cannot be told.

    >>> is_log_of_other_name("var/log/SMlog-20241120.gz"), is_log_of_other_name("var/log/SMlog.1")
    (True, False)
    """
    folder, _, name = path.rpartition("/")
    return folder == "var/log" and bool(_OTHER.fullmatch(name)) and log_name(path) is None


def escapes(stored_path: str) -> bool:
    """Tell whether a stored name leads outside of the folder it would be unpacked in."""
    parts = stored_path.replace("\\", "/").split("/")
    return stored_path.startswith(("/", "\\")) or ".." in parts or bool(_DRIVE.fullmatch(parts[0]))


def printable(text: str) -> str:
    r"""Escape what a terminal would act on or not show: controls, ANSI, direction marks.

    Bytes that were no UTF-8 (lone surrogates, as tarfile and os.fsdecode give them) become
    ``\xNN`` too.

    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped_code_point(ord(char)) for char in text)


def _escaped_code_point(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - the range of PEP 383
        code -= 0xDC00
    if code <= 0xFF:  # noqa: PLR2004 - one byte
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - 16 bits


APPLE_DOUBLE = b"\0\5\x16\7"


def is_fork_of_mac(name: str, head: bytes) -> bool:
    """Tell whether a member is what a Mac packs beside a file: its attributes, none of its bytes.

    >>> is_fork_of_mac("__MACOSX/bug-report-20241122100601/var/log/._SMlog", APPLE_DOUBLE)
    True
    """
    return name.rpartition("/")[2].startswith("._") and head == APPLE_DOUBLE
