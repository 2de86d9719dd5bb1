"""NBD as the report shows it: whose it is, what is not known, and what was not read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from analyzer.case.case import Case
from analyzer.model.call import Answer
from analyzer.model.finding import (
    Basis,
    Confidence,
    Evidence,
    Finding,
    Outcome,
    Severity,
    Subject,
    Verdict,
)
from analyzer.model.moment import Moment
from analyzer.model.nbd import (
    ClientTrouble,
    Dom0Attachment,
    InfoWarning,
    NbdInfo,
    NbdSession,
    ServerRun,
    SessionFate,
)
from analyzer.model.nbd_view import NbdPlace, NbdView, PlaceState
from analyzer.model.network import HostCertificate
from analyzer.model.source import Source
from analyzer.model.xapi import PifMetrics, XapiObject
from analyzer.rebuilt.nbd.info.answer import nbd_infos
from analyzer.rebuilt.nbd.sessions.sessions import nbd_sessions, server_runs
from analyzer.story.nbd.connections import MOST_CONNECTIONS
from analyzer.story.nbd.hosts import MOST_RUNS, Served
from analyzer.story.nbd.views import nbd_views, views_of
from tests.checks.support import (
    CAPTURED,
    JUPITER,
    NETWORK,
    OTHER_NETWORK,
    POOL,
    SATURN,
    SNAPSHOT,
    SR,
    VDI,
    CaseBuilder,
    at,
    control_domain,
    network,
    pbd,
    pif,
    row,
    sr,
    vbd,
    vdi,
)

BOTH = ((JUPITER, "jupiter"), (SATURN, "saturn"))
NBD = network(purpose=("nbd",))
LAN = network(OTHER_NETWORK, name_label="lan", bridge="xenbr0")
VBD = "3f0b7c9e-52d4-4e0a-9a44-6d1f0c2b8e17"
LOG = f"""
    13:32:40 xapi-nbd[3102]: main: Starting xapi-nbd: port = '10809'; certfile = 'x'
    13:32:41 xapi-nbd[3102]: main: Got new client
    13:32:41 xapi-nbd[3102]: main: Plugging VBD OpaqueRef:{VBD}
"""


def builder(*rows: XapiObject, **database: object) -> CaseBuilder:
    every = (sr(), vdi(), pbd(), *rows)
    return CaseBuilder().host().database(*every, **database)  # type: ignore[arg-type]  # keywords of the builder


def only(case: Case, *outcomes: Outcome) -> NbdView:
    (view,) = nbd_views(case, outcomes)
    return view


def place(*rows: XapiObject, **database: object) -> NbdPlace:
    view = only(builder(*rows, **database).build())
    return next(place for net in view.networks for place in net.places)


def session(number: int, fate: SessionFate, **fields: object) -> NbdSession:
    made = NbdSession(
        host="jupiter",
        bundle="jupiter",
        pid=3102,
        events=(),
        fate=fate,
        joined=Confidence.CERTAIN,
        began=Moment.exact(at("00:00:00").at + timedelta(seconds=number), "test"),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of a session


def viewed(case: Case, served: Served) -> NbdView:
    return views_of(case, (), {}, served)[0]


# Networks


def test_endpoint_is_a_place_that_get_nbd_info_names() -> None:
    named = place(NBD, pif(device="eth1", vlan=20))
    assert (named.state, named.host, named.device) == (PlaceState.NAMED, JUPITER, "eth1.20")
    assert 'ip="192.0.2.11"' in named.evidence.text


def test_untagged_interface_has_no_tag() -> None:
    assert place(NBD, pif(device="eth1", vlan=-1)).device == "eth1"
    assert place(NBD, pif()).device == ""


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"currently_attached": False}, PlaceState.DETACHED),
        ({"ip": ""}, PlaceState.EMPTY),
        ({"ip": "", "ipv6": None}, PlaceState.UNKNOWN),
        ({"currently_attached": None}, PlaceState.UNKNOWN),
    ],
)
def test_place_that_is_not_named_says_why(fields: dict[str, object], state: PlaceState) -> None:
    assert place(NBD, pif(**fields)).state is state  # type: ignore[arg-type]  # fields of a PIF


def test_address_of_a_host_without_the_sr_is_named_for_no_sr() -> None:
    elsewhere = place(NBD, pif(host=SATURN), hosts=BOTH)
    assert elsewhere.state is PlaceState.IDLE


def test_address_is_not_called_idle_where_no_answer_is_known() -> None:
    case = CaseBuilder().host().database(NBD, pif()).build()
    (view,) = nbd_views(case, ())
    assert view.networks[0].places[0].state is PlaceState.UNKNOWN


def test_network_without_purpose_is_plain_and_one_that_hides_it_is_not_known() -> None:
    assert place(LAN, pif(OTHER_NETWORK)).state is PlaceState.PLAIN
    hidden = network(purpose=None)
    assert place(hidden, pif()).state is PlaceState.UNKNOWN


def test_endpoint_with_a_warning_is_doubted() -> None:
    case = builder(NBD, pif()).build()
    info = nbd_infos(case)[SR]
    warning = InfoWarning(what="no carrier", confidence=Confidence.LIKELY, evidence=())
    doubted = replace(info, endpoints=(replace(info.endpoints[0], warnings=(warning, warning)),))
    (view,) = views_of(case, (), {SR: doubted}, Served())
    found = view.networks[0].places[0]
    assert (found.state, found.warnings) == (PlaceState.DOUBTED, (warning,))


def test_carrier_comes_from_the_metrics_and_is_else_not_known() -> None:
    metrics = row(PifMetrics, "91c0de7a-5b3f-4a62-8d17-e4f6029ab3c8", carrier=False)
    assert place(NBD, pif(metrics=metrics.ref), metrics).carrier is False
    assert place(NBD, pif()).carrier is None


def test_network_without_purpose_and_address_is_left_out() -> None:
    view = only(builder(NBD, pif(), LAN, pif(OTHER_NETWORK, ip="")).build())
    assert [each.network.uuid for each in view.networks] == [NETWORK]


def test_networks_with_a_purpose_stand_first() -> None:
    view = only(builder(LAN, pif(OTHER_NETWORK), NBD).build())
    assert [each.network.uuid for each in view.networks] == [NETWORK, OTHER_NETWORK]


def test_interface_of_an_unknown_host_keeps_its_reference() -> None:
    assert place(NBD, pif(host="OpaqueRef:gone")).host == "OpaqueRef:gone"


# Hosts


def certificate(**fields: object) -> HostCertificate:
    made = HostCertificate(
        source=Source(bundle="jupiter", member="xapi_cert.out"),
        text="Subject: CN = jupiter",
        complete=True,
        common_name="jupiter",
        names=(),
        addresses=(),
        not_before=datetime(2014, 1, 1, tzinfo=UTC),
        not_after=datetime(2034, 1, 1, tzinfo=UTC),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of a certificate


@pytest.mark.parametrize(
    ("end", "expired"),
    [
        (CAPTURED - timedelta(days=1), True),
        (CAPTURED + timedelta(days=1), False),
        (CAPTURED, None),
        (None, None),
    ],
)
def test_certificate_is_held_against_the_time_of_the_report(
    end: datetime | None, expired: bool | None
) -> None:
    case = builder(NBD).shows(certificate=certificate(not_after=end)).build()
    assert only(case).hosts[0].expired is expired


def test_certificate_of_a_report_without_time_is_not_judged() -> None:
    case = CaseBuilder().host(captured=None).shows(certificate=certificate()).database().build()
    assert only(case).hosts[0].expired is None


def test_log_that_was_not_read_is_a_gap_of_its_host() -> None:
    host = only(builder(NBD).without("daemon_log").build()).hosts[0]
    assert [gap.need for gap in host.unread] == ["daemon_log"]


def test_host_whose_report_was_not_given_is_shown_and_unread() -> None:
    (_, saturn) = only(builder(NBD, hosts=BOTH).build()).hosts
    assert (saturn.host.name, saturn.bundles) == ("saturn", ())
    assert saturn.unread[0].why == "no status report of this host was given"


def test_sources_that_could_speak_against_an_endpoint_and_are_missing_are_named() -> None:
    host = only(builder(NBD).without("firewall").build()).hosts[0]
    assert host.unchecked == ("firewall",)


def test_second_report_of_a_host_covers_for_the_first() -> None:
    case = builder(NBD).without("firewall").host(bundle="later").build()
    assert only(case).hosts[0].unchecked == ()


def test_connections_and_runs_are_counted_by_host() -> None:
    case = builder(NBD).daemon_log(LOG).build()
    (host,) = only(case).hosts
    assert host.sessions == len(nbd_sessions(case)) == 1
    assert sum(count for _, count in host.fates) == 1
    assert len(host.runs) == len(server_runs(case)) == 1
    assert host.runs[0].started == at("13:32:40")
    assert host.runs[0].evidence[0].text.endswith("certfile = 'x'")


def test_fates_and_troubles_are_counted_in_the_order_of_their_definition() -> None:
    sessions = (
        session(1, SessionFate.FAILED, trouble=ClientTrouble.OTHER),
        session(2, SessionFate.CLOSED),
        session(3, SessionFate.FAILED, trouble=ClientTrouble.SERVER_BUSY),
    )
    (host,) = viewed(builder(NBD).build(), Served(sessions=sessions)).hosts
    assert host.fates == ((SessionFate.CLOSED, 1), (SessionFate.FAILED, 2))
    assert host.troubles == ((ClientTrouble.SERVER_BUSY, 1), (ClientTrouble.OTHER, 1))


def test_runs_beyond_the_room_are_counted() -> None:
    one = ServerRun(
        host="jupiter",
        bundle="jupiter",
        pid=1,
        started=None,
        listening=None,
        ended=None,
        crashed=None,
        events=(),
    )
    (host,) = viewed(builder(NBD).build(), Served(runs=(one,) * (MOST_RUNS + 3))).hosts
    assert (len(host.runs), host.runs_left_out) == (MOST_RUNS, 3)
    assert host.runs[0].evidence == ()


# Connections and leftovers


def test_connections_closed_in_order_are_not_listed() -> None:
    sessions = (session(1, SessionFate.CLOSED), session(2, SessionFate.LEAKED, vdi=VDI))
    view = viewed(builder(NBD).build(), Served(sessions=sessions))
    (shown,) = view.connections
    assert (shown.fate, shown.vdi) == (
        SessionFate.LEAKED,
        Subject(type="VDI", uuid=VDI, name="web-01 0"),
    )


def test_worst_and_latest_connections_have_room_and_stand_in_order_of_time() -> None:
    sessions = (
        session(0, SessionFate.OPEN),
        *(session(n, SessionFate.FAILED) for n in range(1, MOST_CONNECTIONS + 1)),
        session(9999, SessionFate.LEAKED, began=None),
    )
    view = viewed(builder(NBD).build(), Served(sessions=sessions))
    assert (len(view.connections), view.connections_left_out) == (MOST_CONNECTIONS, 2)
    assert view.connections[0].began == sessions[2].began
    assert view.connections[-1].fate is SessionFate.LEAKED


def test_connection_quotes_its_first_and_last_lines() -> None:
    case = builder(NBD).daemon_log(LOG).build()
    (real,) = nbd_sessions(case)
    many = replace(real, events=real.events * 5, fate=SessionFate.FAILED)
    (shown,) = viewed(case, Served(sessions=(many,))).connections
    assert shown.lines == 10
    assert [quote.source for quote in shown.evidence[:2]] == [e.source for e in real.events]
    assert len(shown.evidence) - len(many.rows[:2]) == 4


def attachment(**fields: object) -> Dom0Attachment:
    made = Dom0Attachment(
        pool=POOL,
        host=JUPITER,
        vdi=VDI,
        vbd=VBD,
        mode="RO",
        plugged=True,
        leaked=None,
        evidence=(),
        session=session(1, SessionFate.LEAKED),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of an attachment


def test_leftover_has_names_and_the_connection_that_plugged_it() -> None:
    (shown,) = viewed(builder(NBD).build(), Served(attachments=(attachment(),))).leftovers
    assert (shown.host.name, shown.vdi.name) == ("jupiter", "web-01 0")
    assert shown.connection == (
        "a connection to xapi-nbd (pid 3102) on jupiter, its disk was never unplugged"
    )


def test_leftover_without_connection_or_pid_says_no_more_than_is_known() -> None:
    nameless = attachment(session=session(1, SessionFate.OPEN, pid=None), vbd=None)
    served = Served(attachments=(attachment(session=None), nameless))
    words = {each.connection for each in viewed(builder(NBD).build(), served).leftovers}
    assert words == {"", "a connection to xapi-nbd on jupiter, open at the end of what was read"}


def test_leftover_of_an_unknown_host_stays_with_its_pool() -> None:
    served = Served(attachments=(attachment(host=""),))
    (view,) = views_of(builder(NBD).build(), (), {}, served)
    assert view.leftovers[0].host == Subject(type="host", uuid="")


def test_leftover_that_belongs_nowhere_is_not_lost() -> None:
    served = Served(attachments=(attachment(host="elsewhere", pool=""),))
    pool, other = views_of(builder(NBD).build(), (), {}, served)
    assert (pool.leftovers, other.uuid) == ((), "")
    assert len(other.leftovers) == 1


# Pools


def test_pool_with_a_purpose_uses_nbd() -> None:
    view = only(builder(NBD, pif()).build())
    assert (view.pool, view.uuid, view.in_use) == ("lab", POOL, True)
    assert [info.answer for info in view.infos] == [Answer.OK]


def test_pool_without_purpose_connection_and_leftover_does_not() -> None:
    assert only(builder(LAN, pif(OTHER_NETWORK)).build()).in_use is False


def test_pool_before_nbd_does_not_use_it_even_unread() -> None:
    case = builder(LAN, schema_minor=100).without("daemon_log").build()
    assert only(case).in_use is False


def test_use_cannot_be_told_where_a_log_was_not_read() -> None:
    assert only(builder(LAN).without("daemon_log").build()).in_use is None
    assert only(builder(LAN, hosts=BOTH).build()).in_use is None


def test_connection_or_leftover_alone_is_use() -> None:
    assert only(builder(LAN).daemon_log(LOG).build()).in_use is True
    held = builder(LAN, vdi(SNAPSHOT, is_a_snapshot=True), control_domain(), vbd(VBD))
    assert only(held.build()).in_use is True


def test_database_that_is_not_whole_is_named() -> None:
    (gap,) = only(builder(NBD, complete=False).build()).unread
    assert gap.need == "xapi_db"
    assert gap.why.startswith("the copy of the database is not whole: xapi-db.xml")


def test_pool_without_its_own_row_is_known_by_its_database() -> None:
    view = only(builder(NBD, pool=None, complete=False).build())
    assert (view.pool, view.uuid) == ("", "xapi-db.xml")


def test_host_of_no_database_has_a_view_of_its_own() -> None:
    case = builder(NBD).host("venus", None).daemon_log(LOG).build()
    pool, alone = nbd_views(case, ())
    assert (pool.uuid, alone.uuid, alone.in_use) == (POOL, "", True)
    assert [host.host.name for host in alone.hosts] == ["venus"]
    assert [gap.need for gap in alone.unread] == ["xapi_db"]
    assert pool.connections == ()


def test_silent_host_of_no_database_is_no_proof_that_nbd_is_unused() -> None:
    assert only(CaseBuilder().host("venus", None).build()).in_use is None


def test_case_without_hosts_and_pools_has_no_view() -> None:
    assert nbd_views(CaseBuilder().build(), ()) == ()


def test_pools_are_ordered_by_use_and_name() -> None:
    other = "0b5d8e71-39fa-4c26-b8d4-6ea1f7025c93"
    case = (
        builder(LAN, pif(OTHER_NETWORK))
        .host("saturn", SATURN)
        .database(NBD, hosts=((SATURN, "saturn"),), pool=other)
        .build()
    )
    assert [view.uuid for view in nbd_views(case, ())] == [other, POOL]


def finding(rule: str, *subjects: Subject, bundle: str = "jupiter") -> Finding:
    source = Source(bundle=bundle, member="xapi-db.xml")
    return Finding(
        rule=rule,
        title="It is so",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        basis=Basis.STATE,
        subjects=subjects,
        detail="",
        action=(),
        evidence=(Evidence(source=source, text="row"),),
    )


def outcome(each: Finding) -> Outcome:
    return Outcome(
        rule=each.rule,
        title=each.title,
        severity=each.severity,
        verdict=Verdict.FOUND,
        reason="",
        findings=(each,),
    )


def test_findings_stand_at_what_they_name() -> None:
    net, host = Subject(type="Network", uuid=NETWORK), Subject(type="host", uuid=JUPITER)
    one = finding("nbd-host-without-address", net, host)
    view = only(builder(NBD, pif()).build(), outcome(one))
    assert view.findings == view.networks[0].findings == view.hosts[0].findings == (one.id,)


def test_findings_of_other_kinds_and_of_other_pools_are_left_out() -> None:
    cbt = finding("cbt-log-missing")
    other = finding("nbd-tls-mismatch", bundle="elsewhere")
    assert only(builder(NBD).build(), outcome(cbt), outcome(other)).findings == ()


def test_answer_of_an_sr_that_the_pool_does_not_have_is_left_out() -> None:
    info = NbdInfo(
        vdi=Subject(type="VDI", uuid="elsewhere"),
        sr=Subject(type="SR", uuid="elsewhere"),
        answer=Answer.OK,
        stopped_at=None,
        because="",
        endpoints=(),
        evidence=(),
    )
    (view,) = views_of(builder(NBD).build(), (), {"elsewhere": info}, Served())
    assert view.infos == ()
