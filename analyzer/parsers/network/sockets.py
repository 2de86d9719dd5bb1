"""Read ss-nampio.out, ss-nampi.out and netstat-anop.out: who listens and who is connected.

Writers, run by xen-bugtool (`network-status`): iproute2 ``ss -nampi`` since 1.2.0 (``-nampio``
since 2.0.9; ``misc/ss.c``, `inet_stats_print`: an entry, then a line behind a tab with its memory
and TCP state), and before 2.0.9 also net-tools ``netstat -anop``. No times.

True lines: ``tcp   LISTEN 0      5            0.0.0.0:10809      0.0.0.0:*
users:(("xapi-nbd",pid=2161,fd=6))`` and ``tcp        0      0 0.0.0.0:10809           0.0.0.0:*
LISTEN      2161/xapi-nbd       off (0.00/0/0)``, each on one line.

Not read: sockets other than TCP, memory, timers.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from ipaddress import IPv6Address, ip_address

from analyzer.bundle.member import Member
from analyzer.model.network import Socket, Sockets
from analyzer.model.report import ParseProblem
from analyzer.model.source import Source
from analyzer.parsers._api import Fact
from analyzer.parsers._text import command_of, opening, read_text
from analyzer.values import dataclass

_SS_HEADER = re.compile(
    r"(?:Netid +)?State +Recv-Q +Send-Q +Local Address:Port +Peer Address:Port.*"
)
_SS_ENTRY = re.compile(
    r"(?:(?P<netid>[a-z][a-z0-9_]{1,15}|\?\?\?) +)?(?P<state>[A-Z][A-Z0-9-]{3,15}) +"
    r"[0-9]+ +[0-9]+ +(?P<rest>.*)"
)
_SS_TCP = re.compile(r"(?P<local>\S+) +(?P<peer>\S+)(?P<more>(?:\s.*)?)")
_SS_USER = re.compile(r'users:\(\("(?P<process>[^"]{1,64})",(?:pid=)?(?P<pid>[0-9]{1,9}),')
_NETSTAT_HEADER = re.compile(
    r"Proto +Recv-Q +Send-Q +Local Address +Foreign Address +State(?: .*)?"
)
_NETSTAT_BEGINS = re.compile(rf"Active Internet connections .*|{_NETSTAT_HEADER.pattern}")
_NETSTAT_UNIX = re.compile(r"Active UNIX domain sockets .*")
_NETSTAT_OTHER = re.compile(r"(?:Active Internet connections .*|(?:udp|udplite|raw|sctp)6? .*)")
_NETSTAT_TCP = re.compile(
    r"tcp6? +[0-9]+ +[0-9]+ (?P<local>\S+) +(?P<peer>\S+) +(?P<state>[A-Z][A-Z0-9_]+)"
    r"(?: +(?:-|(?P<pid>[0-9]{1,9})/(?P<process>.{1,64}?)))?(?: +\S+ \([0-9./]+\))?\s*"
)
_PORT = re.compile(r"[0-9]{1,5}")
_STATES = {
    "ESTABLISHED": "ESTAB",
    "FIN_WAIT1": "FIN-WAIT-1",
    "FIN_WAIT2": "FIN-WAIT-2",
    "CLOSE": "UNCONN",
}


class Place(Enum):
    """What a line is that shows no TCP socket."""

    HEADER = "the words above the columns"
    OTHER = "something that is not read"
    END = "nothing below it is read"
    STRANGE = "not understood"


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketListing:
    """The parser of one program's listing."""

    files: tuple[str, ...]
    begins: re.Pattern[str]
    line: Callable[[Source, str], Socket | Place]
    name: str = "sockets"

    def claims(self, path: str, head: bytes) -> bool:
        """Tell whether the file is named so, or is a loose file that begins with the table."""
        return path.rpartition("/")[2] in self.files or bool(
            self.begins.fullmatch(opening(path, head).rstrip())
        )

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the TCP sockets in the order of the file, then the first line that is none."""
        text = read_text(member, limit)
        sockets: list[Socket] = []
        strange: list[ParseProblem] = []
        headed = False
        for index, line in text.closed():
            if not line.strip() or command_of(line) is not None:
                continue
            answer = self.line(text.at(index), line)
            if isinstance(answer, Socket):
                sockets.append(answer)
            elif answer is Place.STRANGE:
                strange.append(ParseProblem(source=text.at(index), what="no line of a socket"))
            elif answer is Place.END:
                break
            headed = headed or answer is Place.HEADER
        collected = member.path.rpartition("/")[2] in self.files
        whole = text.whole and headed and not strange
        # Whether it shows connections too: `-l` leaves them out, and `-a` is needed for both.
        yield Sockets(
            source=text.source,
            complete=whole
            and (
                collected
                or (_shows_listeners(sockets) and any(each.state != "LISTEN" for each in sockets))
            ),
            sockets=tuple(sockets),
            listeners=whole and (collected or _shows_listeners(sockets)),
        )
        yield from strange[:1]


def _shows_listeners(sockets: Sequence[Socket]) -> bool:
    """Tell whether a list that anybody asked for shows all that listened.

    dom0 always listens for ssh and for xapi, so what shows one port alone was selected from.
    """
    return len({each.local_port for each in sockets if each.state == "LISTEN"}) > 1


def _ss_line(source: Source, line: str) -> Socket | Place:
    if line[0].isspace():
        return Place.OTHER  # what ss shows below an entry
    if _SS_HEADER.fullmatch(line):
        return Place.HEADER
    entry = _SS_ENTRY.fullmatch(line)
    if entry is None:
        return Place.STRANGE
    if entry["netid"] not in (None, "tcp"):
        return Place.OTHER
    found = _SS_TCP.fullmatch(entry["rest"])
    if found is None:
        return Place.STRANGE
    return _socket_of_line(source, line, entry["state"], found, _SS_USER.search(found["more"]))


def _netstat_line(source: Source, line: str) -> Socket | Place:
    if _NETSTAT_HEADER.fullmatch(line):
        return Place.HEADER
    if _NETSTAT_UNIX.fullmatch(line):
        return Place.END
    if _NETSTAT_OTHER.fullmatch(line):
        return Place.OTHER
    found = _NETSTAT_TCP.fullmatch(line)
    if found is None:
        return Place.STRANGE
    state = _STATES.get(found["state"], found["state"].replace("_", "-"))
    return _socket_of_line(source, line, state, found, found)


SS = SocketListing(files=("ss-nampio.out", "ss-nampi.out"), begins=_SS_HEADER, line=_ss_line)
NETSTAT = SocketListing(files=("netstat-anop.out",), begins=_NETSTAT_BEGINS, line=_netstat_line)


def _socket_of_line(
    source: Source, line: str, state: str, ends: re.Match[str], user: re.Match[str] | None
) -> Socket | Place:
    if ":" not in ends["local"] or ":" not in ends["peer"]:
        return Place.STRANGE
    local, local_port = _address_and_port(ends["local"])
    peer, peer_port = _address_and_port(ends["peer"])
    return Socket(
        source=source,
        text=line,
        state=state,
        local_address=local,
        local_port=local_port,
        peer_address=peer,
        peer_port=peer_port,
        process=user["process"] if user else None,
        pid=int(user["pid"]) if user and user["pid"] else None,
    )


def _address_and_port(text: str) -> tuple[str, int | None]:
    """Return the address and the port of one end of a socket.

    >>> _address_and_port("[::ffff:192.0.2.1]:10809")
    ('192.0.2.1', 10809)
    >>> _address_and_port("192.0.2.1%xenbr0:68"), _address_and_port(":::*")
    (('192.0.2.1', 68), ('::', None))
    """
    address, _, port = text.rpartition(":")
    bare = address.partition("%")[0].strip("[]")
    return _plain_address(bare), int(port) if _PORT.fullmatch(port) else None


def _plain_address(address: str) -> str:
    """Return IPv4 in IPv6 as plain IPv4, all else as it is."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address  # `*`, or an IPv6 address that netstat has cut
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or address)
