"""Happenings: one list of all that has a time and tells something."""

from dataclasses import replace

import pytest

from analyzer.case.case import Case
from analyzer.model.entry import Entry, EntryKind
from analyzer.model.report import Report
from analyzer.rules.load import load_catalogue
from analyzer.story.timeline.full_timeline import full_timeline
from analyzer.story.timeline.happenings import happenings
from analyzer.story.timeline.wanted import Wanted, chosen
from tests.golden.outputs import SAMPLES, sample_read


def sample(name: str) -> tuple[Case, Report]:
    return sample_read(next(path for path in SAMPLES if path.name.startswith(name)))


def of_kind(report: Report, kind: EntryKind) -> list[Entry]:
    return [entry for entry in report.happenings if entry.what is kind]


@pytest.mark.parametrize("name", ["host-crash", "nbd-mixed-trouble"])
def test_full_timeline_tells_every_happening_in_the_same_words(name: str) -> None:
    case, report = sample(name)
    full = full_timeline(case, report, dict(load_catalogue().context), Wanted())
    told = {replace(entry, about=False) for entry in full}
    assert report.happenings
    assert {replace(entry, about=False) for entry in report.happenings} <= told
    assert {e for e in told if e.what is not EntryKind.RECORD} == {
        replace(e, about=False) for e in report.happenings if e.what is not EntryKind.RECORD
    }


def test_line_is_one_happening_however_many_findings_quote_it() -> None:
    report = sample("host-crash")[1]
    lines = [entry.source for entry in report.happenings if entry.what.is_line]
    assert len(lines) == len(set(lines))
    assert any(len(entry.findings) > 1 for entry in report.happenings)


def test_run_stands_at_its_first_call_and_is_of_its_disks_and_pool() -> None:
    report = sample("host-crash")[1]
    run, entry = report.runs[0], of_kind(report, EntryKind.RUN)[0]
    assert (entry.host, entry.moment, entry.until) == ("", run.began, run.ended)
    assert entry.text == next(
        step.evidence.text
        for disk in run.disks
        for step in disk.steps
        if step.evidence.at == run.began
    )
    disk = run.disks[-1].vdi.uuid
    assert entry.objects == tuple(disk.vdi.uuid for disk in run.disks)
    assert entry.title == run.verdicts
    other = Wanted(objects=(frozenset({disk}),), kinds=("run",))
    case = sample("host-crash")[0]
    assert next(e.kinds[0] for e in full_timeline(case, report, {}, other)) == run.id


def test_session_that_was_not_closed_in_order_is_a_happening_of_its_host() -> None:
    report = sample("nbd-mixed-trouble")[1]
    links = [each for view in report.nbd for each in view.connections if each.began or each.ended]
    entries = of_kind(report, EntryKind.SESSION)
    assert links
    assert {(e.host, e.title, e.moment) for e in entries} == {
        (each.host.name, each.fate.value, each.began or each.ended) for each in links
    }


def test_incident_of_which_the_end_was_not_seen_is_open_until_its_last_line() -> None:
    case, report = sample("host-crash")
    (incident, *_) = report.incidents
    lasting = replace(incident, ended=None, last_seen=incident.ended)
    entries = happenings(case, replace(report, incidents=(lasting,)), {})
    (entry,) = (each for each in entries if each.what is EntryKind.INCIDENT_BEGAN)
    assert (entry.open, entry.until) == (True, incident.ended)
    assert EntryKind.INCIDENT_ENDED not in {each.what for each in entries}


def test_what_is_of_a_whole_pool_is_told_of_each_host() -> None:
    entry = of_kind(sample("host-crash")[1], EntryKind.RUN)[0]
    assert chosen(entry, Wanted(bundles=frozenset({"saturn"})), fits=True)
