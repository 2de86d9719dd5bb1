"""An NBD client in the control domain: by its connection, or perhaps by who asked."""

from dataclasses import replace

import pytest

from analyzer.case.case import Case
from analyzer.checks.observation import Examined
from analyzer.model.finding import Basis, Confidence, Severity, Verdict
from analyzer.model.network import Interface, InterfaceAddress, Interfaces, Socket
from analyzer.model.report import Presence
from analyzer.model.source import Source
from tests.checks import support
from tests.checks.network_story import chain, chains_of, rule
from tests.checks.support import (
    CATALOGUE,
    JUPITER,
    SNAPSHOT,
    VDI,
    CaseBuilder,
    control_domain,
    network,
    pif,
    sr,
    vbd,
    vdi,
)
from tests.support import judging
from tests.support.judging import World, pair, whole

RULE = "nbd-client-in-dom0"
VBD = "3f0b7c9e-52d4-4e0a-9a44-6d1f0c2b8e17"
LOCAL, REMOTE = "UNIX /var/lib/xcp/xapi", "HTTPS 192.0.2.40->:::80"


def builder() -> CaseBuilder:
    rows = (sr(), vdi(SNAPSHOT, is_a_snapshot=True), control_domain(), vbd(VBD))
    return CaseBuilder().host().database(*rows, network(purpose=("nbd",)), pif())


def examine(case: Case) -> Examined:
    return support.examine(case, RULE)


def asked(time: str, via: str = LOCAL, disk: str = SNAPSHOT) -> str:
    head = f"{time} xapi: [ info||4711 {via}|VDI.get_nbd_info R:0a1b2c3d4e5f|message_forwarding]"
    return f"{head} VDI.get_nbd_info: vdi  = '{disk}'\n"


def served(time: str) -> str:
    return (
        f"{time} xapi-nbd[3102]: main: Got new client\n"
        f"{time} xapi-nbd[3102]: main: Plugging VBD OpaqueRef:{VBD}\n"
    )


def with_client(process: str | None = "qemu-img") -> Case:
    """Return a host that is connected to itself: both ends are listed."""
    case = builder().connected("192.0.2.11").build()
    report = case.hosts[0]
    assert report.sockets is not None
    _, server = report.sockets.sockets
    client = replace(
        server,
        source=replace(server.source, line=4),
        text="tcp   ESTAB  0      0         192.0.2.11:40822 192.0.2.11:10809",
        local_port=40822,
        peer_port=10809,
        process=process,
        pid=None if process is None else 4242,
    )
    return with_sockets(case, (server, client))


def with_sockets(case: Case, sockets: tuple[Socket, ...]) -> Case:
    report = case.hosts[0]
    assert report.sockets is not None
    return replace(case, hosts=(replace(report, sockets=replace(report.sockets, sockets=sockets)),))


def test_connection_of_the_host_to_itself_is_found() -> None:
    (finding,) = examine(with_client()).findings
    assert (finding.confidence, finding.basis) == (Confidence.LIKELY, Basis.STATE)
    assert finding.severity is Severity.ERROR
    assert "qemu-img (process 4242)" in finding.detail
    assert finding.evidence[0].text.endswith("192.0.2.11:10809")
    assert finding.subjects[0].uuid == JUPITER


def test_client_without_a_process_is_found_too() -> None:
    (finding,) = examine(with_client(None)).findings
    assert "whose process is not shown" in finding.detail


def test_address_of_an_interface_is_the_hosts_own() -> None:
    case = builder().connected("198.51.100.7").build()
    source = Source(bundle="jupiter", member="ip-s-addr.out", line=9)
    face = Interface(
        source=source,
        text="inet 198.51.100.7/24",
        name="xenbr3",
        up=True,
        carrier=True,
        state="UP",
        addresses=(InterfaceAddress(address="198.51.100.7", prefix=24),),
    )
    faces = Interfaces(source=source, complete=True, interfaces=(face,))
    case = replace(case, hosts=(replace(case.hosts[0], interfaces=faces),))
    assert len(examine(case).findings) == 1


def test_client_elsewhere_is_nothing() -> None:
    examined = builder().connected("192.0.2.40").examine(RULE)
    assert not examined.findings
    assert not examined.gaps


def test_connection_that_is_over_is_nothing() -> None:
    case = with_client()
    assert case.hosts[0].sockets is not None
    over = tuple(replace(s, state="TIME-WAIT") for s in case.hosts[0].sockets.sockets)
    assert not examine(with_sockets(case, over)).findings


def test_connection_to_another_port_is_nothing() -> None:
    case = with_client()
    assert case.hosts[0].sockets is not None
    other = tuple(
        replace(s, local_port=443, peer_port=40822) for s in case.hosts[0].sockets.sockets
    )
    assert not examine(with_sockets(case, other)).findings


def test_sockets_that_were_not_read_are_a_gap() -> None:
    (gap,) = builder().examine(RULE).gaps
    assert gap.need == "sockets"
    (gap,) = builder().connected(complete=False).examine(RULE).gaps
    assert gap.need == "sockets"


def test_local_question_with_a_session_at_once_is_possible() -> None:
    log = builder().connected().xensource_log(asked("13:32:00")).daemon_log(served("13:32:41"))
    (finding,) = log.examine(RULE).findings
    assert (finding.confidence, finding.severity) == (Confidence.POSSIBLE, Severity.WARNING)
    assert "ask who ran the backup" in finding.detail
    assert [quoted.source.member for quoted in finding.evidence] == [
        "var/log/xensource.log",
        "var/log/daemon.log",
    ]


def test_local_question_that_is_repeated_is_one_finding() -> None:
    log = asked("13:32:00") + asked("13:32:20")
    found = builder().connected().xensource_log(log).daemon_log(served("13:32:41")).examine(RULE)
    assert [finding.count for finding in found.findings] == [2]


@pytest.mark.parametrize(
    "log",
    [
        asked("13:32:00", REMOTE),
        asked("13:00:00"),
        asked("13:33:30"),
        asked("13:32:00", disk=VDI),
        asked("13:32:00") + asked("13:31:00", REMOTE),
    ],
    ids=["from outside", "long before", "after", "another disk", "both"],
)
def test_question_that_does_not_explain_the_session_is_nothing(log: str) -> None:
    found = builder().connected().xensource_log(log).daemon_log(served("13:32:41")).examine(RULE)
    assert not found.findings


def test_local_question_alone_is_nothing() -> None:
    assert not builder().connected().xensource_log(asked("13:32:00")).examine(RULE).findings


def test_without_nbd_it_is_not_applicable() -> None:
    unused = judging.pool(judging.JUPITER, networks=())
    assert whole(pools=(unused,)).judge(CATALOGUE, RULE).verdict is Verdict.NOT_APPLICABLE


def test_whole_pool_without_it_is_ruled_out() -> None:
    assert pair().judge(CATALOGUE, RULE).verdict is Verdict.RULED_OUT


def test_sockets_that_are_missing_leave_it_open() -> None:
    hosts = (replace(judging.report(), sockets=None),)
    breaks = {("a", "sockets"): Presence.TIMED_OUT}
    assert whole(hosts=hosts, breaks=breaks).judge(CATALOGUE, RULE).verdict is Verdict.CANNOT_TELL


def test_without_a_database_nobody_can_tell() -> None:
    assert World().judge(CATALOGUE, RULE).verdict is Verdict.CANNOT_TELL


def filtered(packets: int) -> CaseBuilder:
    """Return a host whose NBD chain has rejected so many packets."""
    own = chain("xapi_nbd_input_chain (1 references)", rule("REJECT", packets=packets))
    return builder().connected().shows(iptables=chains_of(own))


def test_local_question_and_a_rejecting_firewall_are_possible() -> None:
    (finding,) = filtered(2).xensource_log(asked("13:32:00")).examine(RULE).findings
    assert (finding.confidence, finding.severity) == (Confidence.POSSIBLE, Severity.WARNING)
    assert [quoted.source.member for quoted in finding.evidence] == [
        "var/log/xensource.log",
        "iptables-nvL.out",
    ]


@pytest.mark.parametrize(
    ("packets", "log", "daemon"),
    [
        (0, asked("13:32:00"), ""),
        (2, "", ""),
        (2, asked("13:32:00", REMOTE), ""),
        (2, asked("13:32:00") + asked("13:31:00", REMOTE), ""),
    ],
    ids=["nobody rejected", "nobody asked", "from outside", "both"],
)
def test_rejected_packets_alone_are_nothing(packets: int, log: str, daemon: str) -> None:
    found = filtered(packets).xensource_log(log).daemon_log(daemon).examine(RULE)
    assert not found.findings


def test_local_question_is_open_where_the_counters_were_not_read() -> None:
    examined = builder().connected().xensource_log(asked("13:32:00")).examine(RULE)
    assert [gap.need for gap in examined.gaps] == ["firewall"]
