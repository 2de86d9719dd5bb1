"""The roles of quotations: only lines of the time of a finding show it."""

from dataclasses import replace

import pytest

from analyzer.model.finding import Evidence, EvidenceRole, Finding
from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.rules.roles import with_roles
from tests.render.support import rich_report
from tests.support.judging import at

(FOUND, *_) = (finding for outcome in rich_report().outcomes for finding in outcome.findings)


def quoted(moment: Moment | None) -> EvidenceRole:
    line = Evidence(source=Source(bundle="b", member="SMlog", line=1), text="x", at=moment)
    finding = replace(FOUND, evidence=(line,), first_seen=at(10), last_seen=at(11))
    return with_roles(finding).evidence[0].role


def test_a_line_of_its_time_shows_it() -> None:
    assert quoted(at(10, 30)) is EvidenceRole.SHOWS


@pytest.mark.parametrize("moment", [at(9), at(12)])
def test_a_line_of_another_time_is_background(moment: Moment) -> None:
    assert quoted(moment) is EvidenceRole.BACKGROUND


def test_a_line_that_may_be_of_its_time_shows_it() -> None:
    early = at(9)
    assert quoted(replace(early, latest=at(10).at)) is EvidenceRole.SHOWS


def test_a_row_is_a_state() -> None:
    assert quoted(None) is EvidenceRole.STATE


def test_without_a_time_of_its_own_a_finding_is_shown_by_all_lines() -> None:
    finding = with_roles(replace(FOUND, first_seen=None, last_seen=None))
    assert {each.role for each in finding.evidence if each.at} == {EvidenceRole.SHOWS}


def test_a_finding_stays_the_same_finding() -> None:
    made: Finding = with_roles(FOUND)
    assert made == FOUND
