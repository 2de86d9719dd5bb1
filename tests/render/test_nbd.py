"""NBD in every format: what is wrong is marked, what was not read is never shown as well."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.call import Answer
from analyzer.model.finding import Confidence, Subject
from analyzer.model.moment import Moment
from analyzer.model.nbd import ClientTrouble, Concurrency, SessionFate
from analyzer.model.nbd_view import NbdHost, NbdView, PlaceState
from analyzer.model.report import Report
from analyzer.render.data.json import render_json
from analyzer.render.data.schema import json_schema
from analyzer.render.html import nbd_chart, nbd_drawing, nbd_pages, time_axis
from analyzer.render.html.html import render_html
from analyzer.render.html.nbd_chart import HostChart, client_chart
from analyzer.render.html.nbd_drawing import NetworkDrawing, network_drawing
from analyzer.render.html.nbd_pages import NbdPage, info_groups, nbd_context
from analyzer.render.markdown import render_markdown
from analyzer.render.terminal.text import render_text
from analyzer.render.words import nbd_words
from analyzer.render.words.nbd_lines import nbd_lines
from analyzer.render.words.nbd_peaks import MOST_HOURS_SAID, Peak, hourly, peaks_of
from analyzer.render.words.summary import findings
from tests.render.disks import moment
from tests.render.nbd import (
    BACKUP,
    DISK,
    FIRST,
    JUPITER,
    LOCAL,
    SATURN,
    TANK,
    certificate,
    clients,
    connection,
    empty_info,
    endpoint,
    gap,
    idle_pool,
    info,
    jupiter,
    leftover,
    network,
    place,
    run,
    saturn,
    troubled_pool,
    unknown_hosts,
    warning,
)
from tests.render.support import HOST, at, clear_report, crash, empty_report, found, rich_report


def drawn(view: NbdView, report: Report | None = None) -> NetworkDrawing:
    known = {finding.id: finding for finding in findings(report or clear_report())}
    drawing = network_drawing(view, known)
    assert drawing is not None
    return drawing


def pool(**changes: object) -> NbdView:
    return replace(troubled_pool(), **changes)  # type: ignore[arg-type]  # fields of the view


def shown(*views: NbdView) -> str:
    return render_html(replace(rich_report(), nbd=views))


def charted(*hosts: NbdHost) -> tuple[HostChart, ...]:
    chart = client_chart(rich_report(), pool(hosts=hosts))
    assert chart is not None
    return chart.hosts


def page_of(view: NbdView) -> NbdPage:
    pages = nbd_context(replace(rich_report(), nbd=(view,)))["nbd_pages"]
    assert isinstance(pages, tuple)
    (page,) = pages
    assert isinstance(page, NbdPage)
    return page


# The drawing


def test_drawing_tells_purposes_by_their_lines() -> None:
    assert [wire.style for wire in drawn(troubled_pool()).wires] == [
        "secure",
        "insecure",
        "unknown",
        "none",
    ]


def test_drawing_marks_a_network_with_both_purposes() -> None:
    both = pool(networks=(network(BACKUP, ("insecure_nbd", "nbd")),))
    assert drawn(both).wires[0].style == "both"
    assert 'class="wire both"' in shown(both)


def test_drawing_has_a_box_per_host_and_none_where_no_interface_is() -> None:
    wires = drawn(troubled_pool()).wires
    assert [len(wire.boxes) for wire in wires] == [2, 1, 1, 1]
    assert [box.style for box in wires[0].boxes] == ["named", "empty"]


def test_drawing_marks_an_endpoint_that_something_speaks_against() -> None:
    sign = drawn(troubled_pool()).wires[0].boxes[0].sign
    assert sign is not None
    assert (sign.kind, sign.letter, sign.title) == ("warning", "!", "the interface has no carrier")


def test_mark_names_every_warning() -> None:
    doubled = place(JUPITER, PlaceState.DOUBTED, "192.0.2.11", warnings=(warning(), warning("b")))
    sign = drawn(pool(networks=(network(BACKUP, ("nbd",), doubled),))).wires[0].boxes[0].sign
    assert sign is not None
    assert sign.title == "the interface has no carrier; b"


def test_drawing_marks_what_is_not_known_by_a_question_mark() -> None:
    sign = drawn(troubled_pool()).wires[2].boxes[0].sign
    assert sign is not None
    assert (sign.kind, sign.letter) == ("unsure", "?")


def test_drawing_marks_what_a_finding_names_by_its_worst_severity() -> None:
    finding = crash()
    report = replace(clear_report(), outcomes=(found(finding),))
    named = place(JUPITER, PlaceState.NAMED, "192.0.2.11", findings=(finding.id, "F-unknown"))
    view = pool(networks=(network(BACKUP, ("nbd",), named, findings=(finding.id,)),))
    wire = drawn(view, report).wires[0]
    assert wire.sign is not None
    assert wire.boxes[0].sign == wire.sign
    assert (wire.sign.letter, wire.sign.finding) == ("E", finding.id)


def test_drawing_of_a_finding_that_is_not_in_the_report_has_no_mark() -> None:
    assert drawn(troubled_pool()).wires[0].sign is None


def test_drawing_shows_no_carrier_and_several_interfaces() -> None:
    several = network(
        BACKUP,
        ("nbd",),
        place(JUPITER, PlaceState.DETACHED, carrier=False),
        place(JUPITER, PlaceState.IDLE, "192.0.2.11", pif="another", carrier=False, device=""),
    )
    (box,) = drawn(pool(networks=(several,))).wires[0].boxes
    assert box.lines == ("192.0.2.11", "no carrier, for no SR +1")
    assert "not attached" in box.title


def test_drawing_says_that_a_report_was_not_given() -> None:
    lost = NbdHost(host=SATURN, bundles=(), unread=(gap(),))
    assert drawn(pool(hosts=(lost,))).heads[0].lines == ("saturn", "its report was not given")


def test_drawing_never_says_no_connection_where_the_log_was_not_read() -> None:
    assert drawn(troubled_pool()).heads[1].lines[1] == "not known"


def test_drawing_without_host_or_network_is_none() -> None:
    assert network_drawing(pool(hosts=()), {}) is None
    assert network_drawing(pool(networks=()), {}) is None


def test_drawing_has_a_limit_and_the_page_says_so() -> None:
    hosts = tuple(
        NbdHost(host=Subject(type="host", uuid=f"{n:08x}"), bundles=())
        for n in range(nbd_drawing.MOST_HOSTS + 3)
    )
    wires = tuple(network(BACKUP, ("nbd",)) for _ in range(nbd_drawing.MOST_NETWORKS + 1))
    view = pool(hosts=hosts, networks=wires)
    drawing = drawn(view)
    assert (drawing.hosts_left_out, drawing.networks_left_out) == (3, 1)
    assert "Not drawn: 3 hosts, 1 network" in shown(view)


# What get_nbd_info answers


def test_page_shows_the_step_that_empties_the_list_and_the_smallest_change() -> None:
    text = shown(pool(infos=(empty_info(),)))
    assert "such a host has an address on such a network" in text
    assert "Smallest change:" in text
    assert "xe pif-reconfigure-ip" in text
    assert "The link drops." in text


def test_page_shows_what_would_settle_an_unknown_answer() -> None:
    text = shown(pool(infos=(replace(empty_info(), answer=Answer.UNKNOWN, stopped_at=None),)))
    assert "What would settle it:" in text
    assert "CANNOT BE TOLD" in text


def test_srs_with_the_same_endpoints_are_shown_once() -> None:
    one, other = (
        info(TANK, endpoint(JUPITER, "192.0.2.11")),
        info(LOCAL, endpoint(JUPITER, "192.0.2.11")),
    )
    (group,) = info_groups(pool(infos=(one, other)))
    assert group.srs == (TANK, LOCAL)


def test_answers_that_fail_stand_first() -> None:
    unknown = replace(empty_info(), answer=Answer.UNKNOWN)
    groups = info_groups(pool(infos=(info(), unknown, empty_info())))
    assert [group.tone for group in groups] == ["warning", "unsure", "context"]


def test_empty_answer_of_a_pool_without_nbd_is_no_warning() -> None:
    (group,) = info_groups(idle_pool())
    assert group.tone == "context"


def test_no_answer_is_green_since_no_port_was_tried() -> None:
    tones = {group.tone for group in info_groups(troubled_pool())}
    assert "clear" not in tones


def test_certificate_that_ended_is_said_and_one_not_read_too() -> None:
    assert nbd_words.certificate_words(jupiter()) == "2024-11-01, ended before the report was made"
    assert nbd_words.certificate_words(saturn()) == "not read"
    assert nbd_words.certificate_words(None) == "not read"
    without = replace(certificate(), not_after=None)
    assert nbd_words.certificate_words(jupiter(certificate=without)) == "end not shown"


def test_endpoint_of_a_host_whose_firewall_was_not_read_is_not_cleared() -> None:
    text = shown(pool(infos=(info(TANK, endpoint(SATURN, "192.0.2.12")),)))
    assert "nothing that was read<br>" in text
    assert "not read: firewall, sockets" in text
    lost = pool(infos=(info(TANK, endpoint(SATURN, "192.0.2.12")),), hosts=(jupiter(),))
    assert "nothing of this host was read" in shown(lost)


def test_page_says_that_no_tls_is_spoken() -> None:
    plain = replace(endpoint(JUPITER, "192.0.2.11"), secure=False)
    assert "without TLS</td>" in shown(pool(infos=(info(TANK, plain),)))


def test_release_without_nbd_is_said_to_fail() -> None:
    old = replace(empty_info(), stopped_at=None)
    assert nbd_words.info_words(old) == "fails"


def test_many_answers_and_endpoints_are_cut_and_the_page_says_so() -> None:
    many = info(TANK, *(endpoint(JUPITER, f"2001:db8::{n:x}/64") for n in range(120)))
    others = tuple(
        replace(empty_info(), because=f"because {n}", sr=Subject(type="SR", uuid=f"sr-{n}"))
        for n in range(nbd_pages.MOST_GROUPS)
    )
    text = shown(pool(infos=(many,)), pool(infos=(many, *others)))
    assert "the first 100, more are in report.json as far as it has room" in text
    assert "1 more answer in report.json" in text


# Clients over time


def test_chart_proves_the_limit_by_a_mark_and_words() -> None:
    (chart, _) = charted(jupiter(), saturn())
    assert (chart.full, chart.peak and chart.peak[2]) == (True, "peak 16")
    assert "peak 16: limit reached" in shown(troubled_pool())


def test_chart_of_few_clients_marks_nothing() -> None:
    quiet = jupiter(concurrency=(clients(("08:10:00", 1, 1), ("08:20:00", 0, 0)),))
    (chart,) = charted(quiet)
    assert not chart.full
    assert "limit reached" not in shown(pool(hosts=(quiet,)))


def test_chart_hatches_what_was_not_read() -> None:
    (chart,) = charted(jupiter())
    assert len(chart.holes) == 3  # before, between the rotations, and after


def test_chart_of_a_log_that_was_cut_says_that_there_may_be_more() -> None:
    (_, chart) = charted(jupiter(), saturn())
    assert chart.missing == "not all of daemon.log was read: there may be more clients"


def test_chart_of_a_log_that_was_not_read_is_one_hole() -> None:
    lost = NbdHost(host=SATURN, bundles=("elsewhere",), unread=(gap(),))
    (_, chart) = charted(jupiter(), lost)
    (hole,) = chart.holes
    assert (hole.x, hole.x + hole.width) == (time_axis.LEFT, time_axis.WIDTH - time_axis.RIGHT)
    assert chart.missing == "daemon.log was not read: nothing is known"


def test_chart_leaves_out_hosts_that_certainly_served_nobody() -> None:
    quiet = NbdHost(host=SATURN, bundles=(FIRST,))
    assert [chart.name for chart in charted(jupiter(), quiet)] == ["jupiter"]


def test_runs_show_which_ends_were_seen_and_a_crash() -> None:
    (chart,) = charted(jupiter())
    seen = [(each.start_seen, each.end_seen, each.crashed) for each in chart.runs]
    assert seen == [(False, True, False), (True, True, True), (True, False, False)]
    assert chart.runs[1].title.endswith(": crashed")


def test_run_of_which_no_end_is_dated_is_not_drawn() -> None:
    undated = replace(run("08:00:00", None, crashed=None), started=None, listening=None)
    (chart,) = charted(jupiter(runs=(undated,)))
    assert chart.runs == ()


def test_run_reaches_over_the_drawing_where_no_log_is_dated() -> None:
    report = replace(rich_report(), coverage=())
    chart = client_chart(report, pool(hosts=(jupiter(concurrency=()),)))
    assert chart is not None
    assert chart.hosts[0].runs[0].x == time_axis.LEFT


def test_pool_that_served_nobody_has_no_chart() -> None:
    assert client_chart(rich_report(), idle_pool()) is None
    assert client_chart(rich_report(), pool(hosts=(saturn(),))) is None


def test_many_hosts_are_cut_and_the_page_says_so() -> None:
    view = pool(hosts=(jupiter(),) * (nbd_chart.MOST_CHARTS + 2))
    assert "2 more hosts not drawn" in shown(view)


def without_year(clock: str) -> Moment:
    day = moment(clock)
    return replace(day, earliest=day.at - timedelta(days=366), latest=day.at + timedelta(days=366))


def test_changes_without_a_year_are_counted_and_not_drawn() -> None:
    points = ((without_year("08:00:00"), 3, 3), (moment("08:30:00"), 1, 1))
    odd = jupiter(concurrency=(Concurrency(host="jupiter", bundle=FIRST, points=points, peak=3),))
    text = shown(pool(hosts=(odd,)))
    assert "1 moment could not be drawn, because the year is unknown" in text
    assert "peak 1<" in text


def test_no_band_lies_outside_the_drawing_however_many_may_have_been_there() -> None:
    wild = jupiter(concurrency=(clients(("08:10:00", 900, 5000), ("08:20:00", 0, 9)),))
    (chart,) = charted(wild)
    heights = [float(part.partition("H")[0]) for part in chart.most.split("V")[1:] if "H" in part]
    assert min(heights) >= chart.y


Steps = st.lists(
    st.tuples(st.integers(0, 86_000), st.integers(0, 20), st.integers(0, 20)), max_size=30
)


@given(Steps)
def test_no_peak_is_lost_in_hours_or_in_the_drawing(steps: list[tuple[int, int, int]]) -> None:
    start = moment("00:00:00")
    points = tuple(
        (Moment.exact(start.at + timedelta(seconds=seconds), "test"), low, low + more)
        for seconds, low, more in sorted(steps)
    )
    peak = max((low for _, low, _ in points), default=0)
    counted = Concurrency(host="jupiter", bundle=FIRST, points=points, peak=peak)
    hours = list(hourly("jupiter", counted, None))
    assert max((hour.least for hour in hours), default=0) == peak
    assert all(hour.least <= hour.most and hour.first < hour.last for hour in hours)
    assert all(a.last <= b.first for a, b in pairwise(hours))
    (chart,) = charted(jupiter(concurrency=(counted,)))
    assert chart.peak is None if not peak else chart.peak and chart.peak[2] == f"peak {peak}"


def test_hours_in_a_row_that_are_alike_are_one_row() -> None:
    steady = jupiter(concurrency=(clients(("07:30:00", 1, 2)),))
    peaks = peaks_of(pool(hosts=(steady,)))
    assert peaks == (
        Peak(host="jupiter", first=at("07:00:00").at, last=at("12:00:00").at, least=1, most=2),
    )


def test_table_of_hours_is_cut_and_says_so() -> None:
    points = [
        (f"{hour:02d}:{minute:02d}:00", (hour + minute) % 4, 4)
        for hour in range(24)
        for minute in (0, 30)
    ]
    many = (clients(*points),) * 10
    text = shown(pool(hosts=(jupiter(concurrency=many),)))
    assert "the first 200, more are in report.json as far as it has room" in text


# Connections, runs, leftovers


def test_page_shows_fates_troubles_and_how_many_are_left_out() -> None:
    text = shown(troubled_pool())
    assert "closed by the client (40), ended by an exception (2)" in text
    assert "the server was at its connection limit (2)" in text
    assert "3 connections not closed in order, 3 more not shown" in text


def test_client_that_left_is_shown_as_no_failure() -> None:
    failed = connection(SessionFate.FAILED)
    assert nbd_words.tone_of(failed) == "warning"
    assert nbd_words.tone_of(replace(failed, trouble=ClientTrouble.CLIENT_GONE)) == "context"
    assert nbd_words.tone_of(connection(SessionFate.LEAKED)) == "error"
    assert nbd_words.tone_of(connection(SessionFate.UNKNOWN)) == "unsure"


def test_page_keeps_the_worst_connections_and_their_order() -> None:
    many = (
        *(connection(SessionFate.OPEN) for _ in range(nbd_pages.MOST_CONNECTIONS)),
        connection(SessionFate.LEAKED),
    )
    page = page_of(pool(connections=many, connections_left_out=0))
    assert page.connections[-1].fate is SessionFate.LEAKED
    assert page.connections_left_out == 1


def test_all_closed_is_said_only_where_all_was_read() -> None:
    read = pool(connections=(), connections_left_out=0, hosts=(jupiter(),))
    lost = pool(connections=(), connections_left_out=0)
    assert "Every connection that was logged was closed in order" in shown(read)
    assert "Every connection that was logged was closed" not in shown(lost)
    assert "not all was read" in shown(lost)


def test_log_that_was_not_read_is_named_with_what_it_costs() -> None:
    text = nbd_words.unread_words(saturn())
    assert text.startswith("daemon.log of saturn was not read whole: the archive ends inside it")
    assert text.endswith("so no connections can be told")
    some = nbd_words.unread_words(saturn(sessions=2))
    assert some.endswith("so there may be more connections")


def test_host_whose_log_was_read_and_is_silent_served_nobody() -> None:
    assert nbd_words.session_words(NbdHost(host=JUPITER, bundles=(FIRST,))) == (
        "no connection was logged"
    )
    assert "no client</td>" in shown(pool(hosts=(NbdHost(host=JUPITER, bundles=(FIRST,)),)))


def test_runs_say_how_they_ended() -> None:
    words = [nbd_words.run_words(each) for each in jupiter().runs]
    assert words == ["stopped", "crashed", "end not seen"]
    doubtful = run("08:00:00", "09:00:00", crashed=None)
    assert nbd_words.run_words(doubtful) == "ended; whether by a crash is not known"


def test_many_runs_are_cut_and_the_page_says_so() -> None:
    runs = (run("08:00:00", "09:00:00", crashed=False),) * (nbd_pages.MOST_RUNS + 5)
    assert "10 earlier ones are not shown" in shown(
        pool(hosts=(jupiter(runs=runs, runs_left_out=5),))
    )


def test_leftover_says_since_when_by_whom_and_whether_in_use() -> None:
    assert nbd_words.since_words(leftover()) == "since 2024-11-22 09:00:00 UTC"
    assert nbd_words.since_words(leftover(in_use=True)) == "since before 2024-11-22 07:00:00 UTC"
    assert nbd_words.since_words(replace(leftover(in_use=True), before=None)) == ""
    assert (
        nbd_words.use_words(replace(leftover(in_use=False), because="")) == "no client is connected"
    )
    assert nbd_words.held_words(leftover()) == "plugged, RO, leaked, says xapi"
    loose = replace(leftover(), mode="", plugged=False, leaked=None)
    assert nbd_words.held_words(loose) == "not plugged, but its VBD is there"


def test_disk_joined_with_doubt_says_so() -> None:
    sure = replace(connection(SessionFate.FAILED), vdi_joined=Confidence.CERTAIN)
    doubt = '<br><span class="sure">likely</span>'
    assert doubt in shown(pool(connections=(connection(SessionFate.FAILED),)))
    assert doubt not in shown(pool(connections=(sure,)))


# The page as a whole


def test_report_without_any_pool_is_no_proof() -> None:
    assert "that is no proof that it is not used" in render_html(empty_report())


def test_pool_without_nbd_is_folded_and_pools_with_it_come_first() -> None:
    text = shown(idle_pool(), troubled_pool())
    assert text.index("pool lab") < text.index("NBD is not used here")
    assert "What is known of it all the same" in text


def test_hosts_without_a_database_stand_last_and_say_what_is_missing() -> None:
    text = shown(unknown_hosts(), troubled_pool())
    assert text.index("pool lab") < text.index("hosts of which no database was read")
    assert "Whether NBD is used here cannot be told." in text
    assert "Networks and addresses stand in the database, which was not read." in text


def test_pool_without_networks_to_show_says_so() -> None:
    assert "No network with a purpose or an address is known." in shown(pool(networks=()))


def test_many_pools_are_cut_and_the_page_says_so() -> None:
    assert "2 more pools in report.json" in shown(*(idle_pool(),) * 12)


def test_place_on_a_host_that_is_not_known_shows_its_reference() -> None:
    odd = replace(place(JUPITER, PlaceState.IDLE, "192.0.2.9"), host="OpaqueRef:1")
    assert "OpaqueRef:1</td>" in shown(pool(networks=(network(BACKUP, ("nbd",), odd),)))


def test_network_without_interface_is_in_the_table() -> None:
    assert "no interface of a host is known on it" in shown(
        pool(networks=(network(BACKUP, ("nbd",)),))
    )


# The terminal and Markdown


def test_summary_speaks_of_nbd_only_where_it_is_used() -> None:
    assert "\nNBD\n" in render_text(rich_report())
    quiet = replace(rich_report(), nbd=(idle_pool(), unknown_hosts()))
    assert "\nNBD\n" not in render_text(quiet)
    assert "NBD is not used" in render_text(quiet, full=True)


def test_summary_names_addresses_peak_crash_and_leftovers() -> None:
    text = " ".join(render_text(rich_report()).split())
    assert "network Backup LAN (nbd: with TLS): jupiter 192.0.2.11 (the interface has no" in text
    assert "at least 16 of 16 at once; 1 crash of xapi-nbd" in text
    assert f"holds disk db01 data ({DISK.uuid})" in text


def test_lines_are_cut_and_say_so() -> None:
    view = pool(
        networks=tuple(
            network(BACKUP, ("nbd",), *(place(JUPITER, PlaceState.IDLE),) * 3) for _ in range(3)
        ),
        infos=(*troubled_pool().infos, replace(empty_info(), because="another")),
        hosts=(jupiter(),) * 3,
        leftovers=(leftover(),) * 3,
    )
    lines = list(nbd_lines(view, 1))
    assert [line for line in lines if line.startswith("and ")] == [
        "and 2 more networks in report.html",
        "and 2 more answers in report.html",
        "and 2 more hosts in report.html",
        "and 2 more disks that dom0 holds in report.html",
    ]
    assert any(line.endswith(", 2 more") for line in lines)


def test_lines_say_that_no_network_has_a_purpose() -> None:
    own = network(LOCAL, (), place(JUPITER, PlaceState.PLAIN, "203.0.113.9"))
    assert "no network that is known has an NBD purpose" in list(
        nbd_lines(pool(networks=(own,)), 4)
    )


def test_line_of_many_srs_names_three() -> None:
    infos = tuple(
        info(Subject(type="SR", uuid=f"sr-{n}"), endpoint(JUPITER, "192.0.2.11")) for n in range(5)
    )
    lines = list(nbd_lines(pool(infos=infos), 4))
    assert any("for SR sr-0, sr-1, sr-2 and 2 more: 1 endpoint" in line for line in lines)


def test_markdown_says_nothing_more_of_a_pool_without_nbd() -> None:
    text = render_markdown(replace(rich_report(), nbd=(idle_pool(),)))
    assert text.split("## NBD")[1].split("##")[0].strip().endswith("NBD is not used")
    assert "## NBD" not in render_markdown(clear_report())


# JSON


def document(*views: NbdView) -> list[dict[str, Any]]:
    report = json.loads(render_json(replace(rich_report(), nbd=views)))
    jsonschema.Draft202012Validator(json_schema()).validate(report)
    return list(report["nbd"])


def test_json_has_the_facts_of_the_page() -> None:
    (view,) = document(troubled_pool())
    assert view["networks"][0]["places"][0]["warnings"][0]["what"] == "the interface has no carrier"
    assert view["endpoints"][0]["stopped_at"] == "address"
    host = view["hosts"][0]
    assert (host["uuid"], host["peak"], host["certificate_expired"]) == (HOST, 16, True)
    assert host["fates"]["leaked"] == 1
    assert [run["crashed"] for run in host["runs"]] == [False, True, None]
    assert view["connections_left_out"] == 3
    assert view["leftovers"][0]["in_use"] is None


def test_json_of_what_was_not_read_is_null_and_says_why() -> None:
    (view,) = document(unknown_hosts())
    assert (view["pool"], view["in_use"]) == (None, None)
    assert view["hosts"][0]["peak"] is None
    assert view["hosts"][0]["unread"][0]["need"] == "daemon_log"


def test_json_counts_the_hours_that_have_no_room() -> None:
    points = tuple(
        (Moment.exact(moment("00:00:00").at + timedelta(hours=n), "test"), 1 + n % 2, 2)
        for n in range(MOST_HOURS_SAID + 60)
    )
    many = Concurrency(host="jupiter", bundle="elsewhere", points=points, peak=2)
    (view,) = document(pool(hosts=(jupiter(concurrency=(many,)),)))
    host = view["hosts"][0]
    assert len(host["clients"]) == MOST_HOURS_SAID
    assert host["clients_left_out"] > 0


@pytest.mark.parametrize("view", [troubled_pool(), idle_pool(), unknown_hosts()])
def test_every_view_obeys_the_schema(view: NbdView) -> None:
    assert document(view)
