"""Causes across a clock that was set, and across hosts whose clocks may be apart."""

from dataclasses import replace
from datetime import timedelta

import pytest

from analyzer.case.case import Case
from analyzer.causes import Edges, find_causes
from analyzer.model.clock import ClockChange, ClockChangeKind, ClockSkew, HostClock
from analyzer.model.finding import Confidence, Evidence, Finding
from analyzer.model.incident import Incident, IncidentKind
from analyzer.model.moment import Moment
from analyzer.model.report import Cause
from analyzer.model.source import Source
from analyzer.rebuilt.incidents.incidents import incidents
from tests.causes.test_causes import edge, finding, outcomes
from tests.causes.test_joins import (
    FULL,
    ON_HOST,
    ON_SR,
    OUTAGE,
    READ,
    befallen,
    disks,
    explained,
    incident,
    off,
    stuck,
    told,
)
from tests.causes.test_shipped_edges import BOOT, NOT_KNOWN, created, held, one_host
from tests.checks.support import POOL, SATURN, VDI, CaseBuilder, at
from tests.support.derived import given

HOUR = timedelta(hours=1)
BACK, FORWARD = ClockChangeKind.BACK, ClockChangeKind.FORWARD
SUMMER = ClockChangeKind.SUMMER_TIME
NOT_CERTAIN = "which came first is not certain"


def clock(
    name: str = "jupiter", *skews: ClockSkew, changes: tuple[ClockChange, ...] = ()
) -> HostClock:
    return HostClock(
        host=name,
        bundle=name,
        dated_by="test",
        zone_known=True,
        utc_offset_minutes=0,
        skews=skews,
        changes=changes,
    )


def with_clocks(case: Case, *clocks: HostClock) -> Case:
    """Return the case with what is known of these clocks."""
    return replace(case, clocks=clocks)


def set_at(case: Case, when: str, kind: ClockChangeKind = BACK) -> Case:
    """Return the case with jupiter's clock set by an hour."""
    line = Evidence(source=Source(bundle="jupiter", member="var/log/SMlog", line=1), text="x")
    change = ClockChange(
        kind=kind,
        host="jupiter",
        bundle="jupiter",
        at=at(when),
        seconds=3600.0 if kind is FORWARD else -3600.0,
        confidence=Confidence.CERTAIN,
        before=line,
        after=line,
        members=("var/log/SMlog",),
    )
    return with_clocks(case, clock(changes=(change,)))


def doubted(when: str) -> Moment:
    """Return a moment that may have been up to an hour earlier than its stamp says."""
    exact = at(when)
    return replace(exact, earliest=exact.at - HOUR)


def doubtful(one: Incident) -> Incident:
    """Return an incident whose stamps may mean an hour earlier."""
    ended = doubted(f"{one.ended.at:%H:%M:%S}") if one.ended else None
    began = doubted(f"{one.began.at:%H:%M:%S}")
    evidence = tuple(replace(line, at=began) for line in one.evidence)
    return replace(one, began=began, ended=ended, evidence=evidence)


def suffered(case: Case, befell: Incident) -> Case:
    """Return the case with this incident and no other."""
    return given(case, incidents, (befell,))


FILLED = doubtful(incident(FULL, "12:30:00", subjects=ON_SR))


@pytest.mark.parametrize("kind", [BACK, SUMMER])
def test_a_later_stamp_rules_no_cause_out_where_the_clock_went_back_between(
    kind: ClockChangeKind,
) -> None:
    case = suffered(set_at(disks().build(), "11:55:00", kind), FILLED)
    (cause,) = told(case, off())
    assert cause.chain[0].incident == FILLED.id
    assert [step.order for step in cause.chain] == ["", "about the same time"]
    assert NOT_CERTAIN in cause.title
    assert cause.confidence is Confidence.POSSIBLE


@pytest.mark.parametrize(
    ("when", "kind"),
    [("09:00:00", BACK), ("15:00:00", SUMMER), ("11:55:00", FORWARD)],
    ids=["long before", "long after", "forward"],
)
def test_a_later_stamp_rules_a_cause_out_where_the_clock_counted_up(
    when: str, kind: ClockChangeKind
) -> None:
    case = suffered(set_at(disks().build(), when, kind), FILLED)
    (cause,) = told(case, off())
    assert cause.chain[0].incident is None
    assert [each.why for each in cause.considered] == ["the same host stamped it with a later time"]


def marked(when: str) -> Finding:
    """Return a mark whose last line is stamped so, and may be an hour older."""
    found = stuck(when)
    return replace(found, evidence=(replace(found.evidence[0], at=doubted(when)),))


@pytest.mark.parametrize("line", ["13:40:00", "12:20:00"], ids=["after the boot", "long before"])
@pytest.mark.parametrize("went_back", [True, False])
def test_a_mark_of_a_host_that_went_down_is_not_ruled_out_by_a_clock_that_was_set(
    line: str, *, went_back: bool
) -> None:
    crash = incident(IncidentKind.HOST_CRASHED, "13:00:00", "13:20:00")
    case = set_at(disks().build(), "13:10:00" if went_back else "05:00:00")
    assert explained(suffered(case, doubtful(crash)), marked(line)) is went_back


@pytest.mark.parametrize(
    ("changed", "number", "confidence"),
    [("12:10:00", 1, Confidence.POSSIBLE), ("18:00:00", 2, None)],
    ids=["perhaps between", "surely between"],
)
def test_what_speaks_against_a_link_refutes_it_only_if_it_surely_came_between(
    changed: str, number: int, confidence: Confidence | None
) -> None:
    missing = finding("cbt-log-missing", (("VDI", VDI),), when=None)
    lost = off()
    late = replace(at("12:00:00"), latest=at("13:30:00").at)
    lost = replace(
        lost,
        first_seen=late,
        last_seen=late,
        evidence=tuple(replace(each, at=late) for each in lost.evidence),
    )
    case = set_at(disks().smlog(created("13:00:00")).build(), changed)
    causes = told(case, lost, missing)
    assert len(causes) == number
    assert confidence is None or causes[0].confidence is confidence


def inconsistent(member: str, line: int) -> Finding:
    """Return a finding at 13:32:41, or up to an hour before or after that."""
    exact = at("13:32:41")
    moment = replace(exact, earliest=exact.at - HOUR, latest=exact.at + HOUR)
    found = finding(when=moment, member=member)
    source = replace(found.evidence[0].source, line=line)
    return replace(found, evidence=(replace(found.evidence[0], source=source),))


@pytest.mark.parametrize(
    ("member", "line", "changed", "is_explained"),
    [
        ("var/log/SMlog", 9, "13:20:00", True),
        ("var/log/SMlog.1", 9, "13:20:00", False),
        ("var/log/xensource.log", 9, "13:20:00", False),
        ("var/log/SMlog", 9, "05:00:00", False),
    ],
    ids=["later in the log", "earlier in the log", "another log", "the clock was not set then"],
)
def test_the_use_of_a_log_before_a_finding_is_told_by_the_file_where_the_clock_was_set(
    member: str, line: int, changed: str, *, is_explained: bool
) -> None:
    case = set_at(one_host(held("13:40:00"), f"13:45:00 {BOOT}").build(), changed)
    (cause,) = told(case, inconsistent(member, line))
    assert (cause.chain[0].incident is not None) is is_explained
    suspected = cause.title.endswith("because the clock of the host was set about then")
    assert (cause.title.endswith(NOT_KNOWN) or suspected) is not is_explained
    assert "two hosts" not in cause.title


@pytest.mark.parametrize(("changed", "lasts"), [("13:07:00", True), ("05:00:00", False)])
def test_an_outage_is_over_for_sure_only_if_the_clock_says_so(changed: str, *, lasts: bool) -> None:
    over = incident(OUTAGE, "13:00:00", "13:05:00", ON_HOST)
    moment = doubted("13:12:00")
    lines = tuple(replace(each, at=moment) for each in READ.evidence)
    read = replace(READ, first_seen=moment, last_seen=moment, evidence=lines)
    assert explained(suffered(set_at(disks().build(), changed), over), read) is lasts


# Two hosts


SKEW = ClockSkew(
    host="saturn",
    bundle="saturn",
    to="jupiter",
    seconds=0.0,
    doubt=5.0,
    how="",
    pairs=9,
    evidence=(),
)
MEASURED = (clock(), clock("saturn", SKEW))
FIRST, SECOND = "rule-a", "rule-b"


def apart(cause: str, effect: str, *clocks: HostClock) -> tuple[Cause, ...]:
    """Return the causes of what jupiter and then saturn logged of one disk."""
    case = with_clocks(CaseBuilder().host().host("saturn", SATURN).build(), *clocks)
    found = (finding(FIRST, when=cause), finding(SECOND, when=effect, bundle="saturn"))
    edges = Edges(edges=(edge(FIRST, SECOND),))
    return find_causes(outcomes(*found), case, edges)[1]


@pytest.mark.parametrize(
    ("effect", "clocks", "order", "confidence"),
    [
        ("12:20:00", (), "about the same time", Confidence.POSSIBLE),
        ("11:40:00", (), "about the same time", Confidence.POSSIBLE),
        ("12:40:00", (), "then", Confidence.CERTAIN),
        ("12:20:00", MEASURED, "then", Confidence.CERTAIN),
        ("12:00:05", MEASURED, "about the same time", Confidence.LIKELY),
    ],
    ids=["unmeasured", "unmeasured, stamped before", "far apart", "measured", "measured, near"],
)
def test_two_hosts_are_ordered_only_beyond_what_their_clocks_may_be_apart(
    effect: str, clocks: tuple[HostClock, ...], order: str, confidence: Confidence
) -> None:
    (cause,) = apart("12:00:00", effect, *clocks)
    assert [step.order for step in cause.chain] == ["", order]
    assert cause.confidence is confidence


@pytest.mark.parametrize(("effect", "clocks"), [("11:20:00", ()), ("11:59:00", MEASURED)])
def test_what_another_host_logged_long_before_is_no_effect(
    effect: str, clocks: tuple[HostClock, ...]
) -> None:
    assert len(apart("12:00:00", effect, *clocks)) == 2


def test_an_alert_is_dated_by_the_host_that_wrote_it() -> None:
    source = Source(bundle="saturn", member=f"var/xapi/blobs/messages/{POOL}", line=1)
    full = incident(FULL, "11:50:00", subjects=ON_SR)
    line = Evidence(source=source, text="<message/>", at=full.began)
    builder = disks().host("saturn", SATURN)
    case = befallen(builder, replace(full, evidence=(line,)))
    (cause,) = told(case, off())
    assert cause.chain[1].order == "about the same time"
