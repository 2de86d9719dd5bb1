"""TCP sockets, as ss and netstat list them."""

import pytest

from analyzer.model.network import Socket, Sockets
from analyzer.parsers.network import sockets
from tests.parsers.memory_member import facts, problems

SS = """\
Netid State      Recv-Q Send-Q Local Address:Port   Peer Address:PortProcess
nl    UNCONN     0      0                  0:0                 *    \t skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d0)
u_str ESTAB      0      0      /run/systemd/journal/a b 20513      * 20512 users:(("xapi-nbd",pid=2161,fd=3))
\t skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d0)
??? UNCONN 0 0 * *
udp   UNCONN     0      0      127.0.0.53%lo:53            0.0.0.0:*     users:(("resolved",pid=9,fd=1))
tcp   LISTEN     0      5            0.0.0.0:10809         0.0.0.0:*     users:(("xapi-nbd",pid=2161,fd=6))
\t skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d0) cubic cwnd:10
tcp   LISTEN     0      128                *:80                  *:*     users:(("stunnel",pid=11,fd=5),("xapi",pid=12,fd=5))
\t skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d0) cubic cwnd:10
tcp   ESTAB      0      0      192.0.2.11:10809    192.0.2.50:51234 users:(("xapi-nbd",pid=2161,fd=9)) timer:(keepalive,14sec,0)
\t skmem:(r0,rb367360,t0,tb87040,f8192,w0,o0,bl0,d0) ts sack cubic wscale:9,9 rto:202 rtt:1.527/0.888
tcp   CLOSE-WAIT 1      0      [::ffff:192.0.2.11]:443 [::ffff:192.0.2.50]:41580
\t skmem:(r0,rb1,t0,tb1,f0,w0,o0,bl0,d0)
tcp   TIME-WAIT  0      0      [fe80::1]%xenbr0:10809 [fe80::2]%xenbr0:59350 timer:(timewait,34sec,0)
\t
"""
OLD_SS = """\
State       Recv-Q Send-Q Local Address:Port               Peer Address:Port
LISTEN      0      5         *:10809                    *:*                   users:(("xapi-nbd",1771,4))
\t mem:(r0,w0,f0,t0) cubic
LISTEN      0      128      :::22                      :::*
\t mem:(r0,w0,f0,t0)
"""
NETSTAT = """\
Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name     Timer
tcp        0      0 0.0.0.0:10809           0.0.0.0:*               LISTEN      2161/xapi-nbd        off (0.00/0/0)
tcp        0      0 192.0.2.11:10809        192.0.2.50:51234        ESTABLISHED 2161/xapi-nbd        keepalive (6932.42/0/0)
tcp        0      0 192.0.2.11:22           192.0.2.50:51235        ESTABLISHED 77/sshd: root@pts    keepalive (6932.42/0/0)
tcp        0      0 192.0.2.11:10809        192.0.2.50:51236        TIME_WAIT   -                    timewait (59.98/0/0)
tcp6       0      0 :::80                   :::*                    LISTEN      11/stunnel           off (0.00/0/0)
tcp6       1      0 ::ffff:192.0.2.11:443   ::ffff:192.0.2.50:41580 FIN_WAIT2   -                    off (0.00/0/0)
udp        0      0 0.0.0.0:123             0.0.0.0:*                           5/chronyd            off (0.00/0/0)
raw6       0      0 :::58                   :::*                    7           6/xha                off (0.00/0/0)
Active UNIX domain sockets (servers and established)
Proto RefCnt Flags       Type       State         I-Node   PID/Program name     Path
unix  3      [ ]         STREAM     CONNECTED     1219     -
tcp        0      0 203.0.113.1:1           203.0.113.1:2           LISTEN      1/unix-path          off (0.00/0/0)
"""


ANY = "0.0.0.0"  # noqa: S104  what ss writes, nothing is bound


def read(content: str, parser: sockets.SocketListing = sockets.SS) -> Sockets:
    found = facts(parser, parser.files[0], content)[0]
    assert isinstance(found, Sockets)
    return found


def ends(found: Socket) -> tuple[str, str, int | None, str, int | None]:
    return (
        found.state,
        found.local_address,
        found.local_port,
        found.peer_address,
        found.peer_port,
    )


@pytest.mark.parametrize("path", ["ss-nampio.out", "ss-nampi.out"])
def test_the_files_of_ss_are_claimed_by_name(path: str) -> None:
    assert sockets.SS.claims(path, b"")
    assert not sockets.NETSTAT.claims(path, b"")


def test_the_file_of_netstat_is_claimed_by_name() -> None:
    assert sockets.NETSTAT.claims("netstat-anop.out", b"")
    assert not sockets.SS.claims("ss-s.out", SS.encode())


@pytest.mark.parametrize(
    ("parser", "text", "count"),
    [(sockets.SS, SS, 5), (sockets.SS, OLD_SS, 2), (sockets.NETSTAT, NETSTAT, 6)],
)
def test_a_whole_listing_is_complete_and_holds_tcp_only(
    parser: sockets.SocketListing, text: str, count: int
) -> None:
    found = read(text, parser)
    assert found.complete
    assert len(found.sockets) == count
    assert problems(facts(parser, parser.files[0], text)) == ()


def test_a_listener_of_ss_has_its_process() -> None:
    found = read(SS).sockets[0]
    assert ends(found) == ("LISTEN", ANY, 10809, ANY, None)
    assert (found.process, found.pid) == ("xapi-nbd", 2161)
    assert (found.source.line, found.text) == (7, SS.split("\n")[6])


def test_of_several_holders_the_first_is_taken() -> None:
    found = read(SS).sockets[1]
    assert (found.local_address, found.process, found.pid) == ("*", "stunnel", 11)


def test_a_connection_of_ss_has_both_ends() -> None:
    found = read(SS).sockets[2]
    assert ends(found) == ("ESTAB", "192.0.2.11", 10809, "192.0.2.50", 51234)


def test_ipv4_in_ipv6_is_plain_ipv4() -> None:
    found = read(SS).sockets[3]
    assert ends(found) == ("CLOSE-WAIT", "192.0.2.11", 443, "192.0.2.50", 41580)
    assert (found.process, found.pid) == (None, None)


def test_brackets_and_devices_are_taken_off() -> None:
    assert ends(read(SS).sockets[4]) == ("TIME-WAIT", "fe80::1", 10809, "fe80::2", 59350)


def test_an_old_ss_without_netid_is_read() -> None:
    first, second = read(OLD_SS).sockets
    assert ends(first) == ("LISTEN", "*", 10809, "*", None)
    assert (first.process, first.pid) == ("xapi-nbd", 1771)
    assert ends(second) == ("LISTEN", "::", 22, "::", None)


@pytest.mark.parametrize(
    ("index", "state", "pid", "process"),
    [
        (0, "LISTEN", 2161, "xapi-nbd"),
        (1, "ESTAB", 2161, "xapi-nbd"),
        (2, "ESTAB", 77, "sshd: root@pts"),
        (3, "TIME-WAIT", None, None),
        (5, "FIN-WAIT-2", None, None),
    ],
)
def test_netstat_is_spelled_as_ss(
    index: int, state: str, pid: int | None, process: str | None
) -> None:
    found = read(NETSTAT, sockets.NETSTAT).sockets[index]
    assert (found.state, found.pid, found.process) == (state, pid, process)


def test_the_ends_of_netstat_are_read() -> None:
    found = [ends(each)[1:] for each in read(NETSTAT, sockets.NETSTAT).sockets]
    assert found[1] == ("192.0.2.11", 10809, "192.0.2.50", 51234)
    assert found[4] == ("::", 80, "::", None)
    assert found[5] == ("192.0.2.11", 443, "192.0.2.50", 41580)


def test_an_address_that_netstat_has_cut_stays_cut() -> None:
    line = "tcp6       0      0 2001:db8:1:2:3:4:10809  2001:db8:1:2:3:50:51234 ESTABLISHED 1/x"
    text = f"{NETSTAT.split('Active UNIX', maxsplit=1)[0]}{line}\n"
    found = read(text, sockets.NETSTAT).sockets[-1]
    assert ends(found) == ("ESTAB", "2001:db8:1:2:3:4", 10809, "2001:db8:1:2:3:50", 51234)


@pytest.mark.parametrize(
    ("parser", "text"),
    [
        (sockets.SS, f"{SS}ss: cannot open netlink\n"),
        (sockets.SS, f"{SS}tcp   LISTEN 0      5            10809\n"),
        (sockets.SS, f"{SS}tcp   LISTEN 0      5            10809   *\n"),
        (sockets.NETSTAT, f"netstat: no support\n{NETSTAT}"),
        (sockets.NETSTAT, f"tcp 0 0 10809 0.0.0.0:* LISTEN 1/x off (0.00/0/0)\n{NETSTAT}"),
    ],
)
def test_a_line_not_understood_is_a_problem(parser: sockets.SocketListing, text: str) -> None:
    assert not read(text, parser).complete
    assert problems(facts(parser, parser.files[0], text)) == ("no line of a socket",)


@pytest.mark.parametrize(
    ("parser", "text"),
    [
        (sockets.SS, ""),
        (sockets.SS, SS[:-1]),
        (sockets.SS, SS.split("\n", 1)[1]),
        (sockets.SS, f"{SS}\n** timeout **\n"),
        (sockets.NETSTAT, NETSTAT[:-1]),
        (sockets.NETSTAT, "\n"),
    ],
)
def test_what_is_cut_or_empty_is_not_complete(parser: sockets.SocketListing, text: str) -> None:
    assert not read(text, parser).complete


def test_without_any_tcp_socket_the_listing_may_be_complete() -> None:
    text = SS.split("\n", maxsplit=1)[0] + "\n"
    assert read(text).complete
    assert read(text).sockets == ()


@pytest.mark.parametrize(("parser", "text"), [(sockets.SS, SS), (sockets.NETSTAT, NETSTAT)])
def test_blanks_at_the_ends_of_lines_change_nothing(
    parser: sockets.SocketListing, text: str
) -> None:
    found = read(text.replace("\n", "   \n"), parser)
    assert found.complete
    assert [ends(each) for each in found.sockets] == [
        ends(each) for each in read(text, parser).sockets
    ]


LISTENING = """\
[root@jupiter ~]# ss -tlnp
State      Recv-Q Send-Q Local Address:Port               Peer Address:Port
LISTEN     0      5            *:10809                    *:*      users:(("xapi-nbd",1771,4))
LISTEN     0      128          *:22                       *:*      users:(("sshd",1500,3))
"""
NETSTAT_TLN = """\
Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State
tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN
tcp        0      0 0.0.0.0:10809           0.0.0.0:*               LISTEN
"""


@pytest.mark.parametrize(
    ("parser", "text", "listeners"),
    [
        (sockets.SS, LISTENING, True),
        (sockets.NETSTAT, NETSTAT_TLN, True),
        (sockets.SS, "\n".join(LISTENING.splitlines()[:3]) + "\n", False),
    ],
)
def test_what_somebody_typed_shows_no_more_than_it_says(
    parser: sockets.SocketListing, text: str, listeners: bool
) -> None:
    assert parser.claims("paste.txt", text.encode())
    assert not parser.claims("var/log/paste.txt", text.encode())
    (found,) = facts(parser, "paste.txt", text)
    assert isinstance(found, Sockets)
    assert (found.complete, found.listeners) == (False, listeners)
