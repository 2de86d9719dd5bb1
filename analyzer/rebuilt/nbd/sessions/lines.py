"""What xapi-nbd's lines are called here, and what stands behind an exception that it prints.

Writers: xen-api `ocaml/nbd/src/main.ml` and `cleanup.ml`, the nbd library's `server.ml`; the
exceptions are printed by ``Printexc.to_string``, which shows a registered printer's text
(``Server_error(CODE, [ a; b ])``, xapi-consts `api_errors.ml`) or the constructor with its plain
arguments (``Ssl.Accept_error(5)``). A line over 1024 bytes ends with ``<truncated>``.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.model.event import Event
from analyzer.model.nbd import ClientTrouble
from analyzer.values import dataclass

CLIENT, ACCEPTED = "nbd-connection.client", "nbd-connection.accepted"
PLUGGING, SERVING = "nbd-connection.plugging", "nbd-connection.serving"
GOODBYE, UNPLUGGING = "nbd-connection.goodbye", "nbd-connection.unplugging"
DESTROYING, CAUGHT = "nbd-connection.destroying", "nbd-connection.caught"
CONNECTION_KINDS = (
    CLIENT,
    ACCEPTED,
    PLUGGING,
    SERVING,
    GOODBYE,
    UNPLUGGING,
    DESTROYING,
    CAUGHT,
)
OF_VBDS = (PLUGGING, UNPLUGGING, DESTROYING)
STARTED, LISTENING = "nbd-server.started", "nbd-server.listening"
SIGNAL, EXCEPTION = "nbd-server.signal", "nbd-server.exception"
LOOKED, CLEANED = "nbd-server.looked", "nbd-server.cleaned"
NOT_CLEANED = "nbd-server.not-cleaned"
STARTING, STOPPING = "nbd-server.starting", "nbd-server.stopping"
STOPPED, EXITED = "nbd-server.stopped", "nbd-server.exited"
FAILED, KILLED, LIMIT = "nbd-server.failed", "nbd-server.killed", "nbd-server.limit"
SERVER_KINDS = (
    STARTED,
    LISTENING,
    SIGNAL,
    EXCEPTION,
    LOOKED,
    CLEANED,
    NOT_CLEANED,
    STARTING,
    STOPPING,
    STOPPED,
    EXITED,
    FAILED,
    KILLED,
    LIMIT,
)

_DATAGRAM = 1024  # bytes; lwt_log cuts each record there, so what is longer is not the server's
_PREFIX = "Caught exception while handling client: "
_SERVER_ERROR = re.compile(
    r'(?s)Server_error\("?(?P<code>[A-Z][A-Z0-9_]*)"?(?:, ?\[? ?(?P<rest>.*?))?(?: ?\]? ?\))?'
    r"(?:<truncated>)?$"
)
_GONE = "VDI"
_NO_SUCH_OBJECT = ("UUID_INVALID", "HANDLE_INVALID")
_SSL = re.compile(r"Ssl\.(?P<step>\w+)\((?:Ssl\.)?(?P<why>\w+)")
# ocaml-ssl's type ssl_error in the order of ssl.ml, printed as a number without a printer
_SSL_BROKEN = frozenset({"Error_syscall", "5", "Error_zero_return", "6"})
_UNIX = re.compile(r'Unix_error\((?:Unix\.)?(?P<errno>\w+), "(?P<call>\w*)", "(?P<what>[^"]*)"?')
_NETWORK = frozenset(
    {
        "ECONNRESET",
        "EPIPE",
        "ETIMEDOUT",
        "ECONNABORTED",
        "EHOSTUNREACH",
        "EHOSTDOWN",
        "ENETUNREACH",
        "ENETDOWN",
        "ENOTCONN",
    }
)
# What a text begins with or holds, the first that fits.
_TEXTS: Sequence[tuple[str, ClientTrouble]] = (
    ("Server busy: ", ClientTrouble.SERVER_BUSY),
    ("Contradictory XenServer configuration", ClientTrouble.PURPOSES_MIXED),
    ("Refusing connection: no network", ClientTrouble.NO_PURPOSE),
    ("Failed to log in via xapi", ClientTrouble.XAPI_DOWN),
    ("server is in FORCEDTLS mode", ClientTrouble.PLAIN_ON_TLS),
    ("Client requested abort", ClientTrouble.CLIENT_ABORT),
    ("Client_requested_abort", ClientTrouble.CLIENT_ABORT),
    ("No session_id parameter", ClientTrouble.NO_SESSION),
    ("Partial failure during a Block.read", ClientTrouble.STORAGE),
    ("unexpected eof while reading", ClientTrouble.CLIENT_GONE),
    ("/dev/", ClientTrouble.DEVICE_MISSING),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """An exception of xapi-nbd: its kind, xapi's code if it has one, and the code's parameters.

    Parameters cannot be told apart where one of them holds ``; ``; they are for looking up.
    """

    trouble: ClientTrouble
    code: str | None = None
    parameters: tuple[str, ...] = ()


def caught_by(message: str) -> Caught:
    """Return what an exception says; ``message`` is the line, or the exception alone.

    >>> caught_by("Server_error(VDI_IN_USE, [ OpaqueRef:1; attach ])").parameters
    ('OpaqueRef:1', 'attach')
    >>> caught_by("Ssl.Accept_error(Ssl.Error_ssl)").trouble.name
    'TLS_HANDSHAKE'
    """
    text = message.partition(_PREFIX)[2] or message
    if found := _SERVER_ERROR.search(text):
        code = found["code"]
        rest = found["rest"] or ""
        told = rest[:_DATAGRAM].removesuffix("]")
        parts = (part.strip(' ;"') for part in told.split("; "))
        parameters = tuple(part for part in parts if part and part != "_")
        if code == "SESSION_INVALID":
            trouble = ClientTrouble.SESSION_INVALID
        elif code in _NO_SUCH_OBJECT and parameters[:1] == (_GONE,):
            trouble = ClientTrouble.VDI_GONE
        else:
            trouble = ClientTrouble.VBD_REFUSED
        return Caught(trouble=trouble, code=code, parameters=parameters)
    return Caught(
        trouble=next((trouble for part, trouble in _TEXTS if part in text), None)
        or _told_by_library(text)
    )


def _told_by_library(text: str) -> ClientTrouble:
    if found := _SSL.search(text):
        # What a TLS error means: only what fails in the handshake speaks of versions.
        why = found["why"]
        if found["step"] in ("Read_error", "Write_error"):
            return ClientTrouble.CLIENT_GONE if why in _SSL_BROKEN else ClientTrouble.NETWORK
        return ClientTrouble.TLS_HANDSHAKE
    if found := _UNIX.search(text):
        errno = found["errno"]
        call = found["call"]
        if call == "connect":  # the only socket that xapi-nbd connects to is xapi's
            return ClientTrouble.XAPI_DOWN
        if errno == "EIO":
            return ClientTrouble.STORAGE
        return ClientTrouble.NETWORK if errno in _NETWORK else ClientTrouble.OTHER
    return ClientTrouble.CLIENT_GONE if "End_of_file" in text else ClientTrouble.OTHER


def host_keys(case: Case) -> Mapping[str, str]:
    """Return bundle → what tells its host from others: its uuid, or the bundle."""
    keys = {report.bundle: report.host_uuid or report.bundle for report in case.hosts}
    return MappingProxyType(keys)


def by_host(case: Case, events: Sequence[Event]) -> Mapping[str, list[Event]]:
    """Return the events of each host in the table's order; reports of one host are one."""
    keys = host_keys(case)
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(keys.get(event.source.bundle, event.source.bundle), []).append(event)
    return MappingProxyType(found)
