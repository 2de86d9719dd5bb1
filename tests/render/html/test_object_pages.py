"""Hosts and SRs on the page: which have something to say, what leads to them and on from them."""

import re
from dataclasses import replace
from typing import Any

import pytest

from analyzer.model.finding import Subject
from analyzer.model.goal import Standing
from analyzer.model.incident import Incident, IncidentKind
from analyzer.model.report import PoolInfo, Presence, Report, SrInfo
from analyzer.render.html.html import render_html
from analyzer.render.html.object_pages import ObjectItem, object_context
from tests.render.disks import broken_disk, sound_disk
from tests.render.support import (
    FIRST,
    HOST,
    OTHER_HOST,
    SR,
    clear_report,
    crash,
    empty_report,
    found,
    rich_report,
)

JUPITER = Subject(type="Host", uuid=HOST, name="jupiter")
TANK = Subject(type="SR", uuid=SR, name="tank")


def about(*subjects: Subject, state: Standing = Standing.NOW) -> Report:
    finding = replace(crash(), subjects=subjects, state=state)
    return replace(clear_report(), outcomes=(found(finding),))


def befallen(kind: IncidentKind, *subjects: Subject) -> Report:
    incident = Incident(
        id="I-1",
        kind=kind,
        host="jupiter",
        bundle=FIRST,
        title="It befell it",
        began=crash().first_seen,  # type: ignore[arg-type]
        ended=None,
        confidence=crash().confidence,
        subjects=subjects,
        evidence=crash().evidence[:1],
    )
    return replace(clear_report(), incidents=(incident,))


def item(report: Report, name: str) -> ObjectItem:
    context: dict[str, Any] = object_context(report)
    every: tuple[ObjectItem, ...] = (*context["objects_to_tell"], *context["objects_in_order"])
    return next(each for each in every if each.subject.called == name)


def test_host_of_a_clear_report_has_nothing_to_say() -> None:
    assert item(clear_report(), "jupiter").tone == ""
    assert "No finding and no incident names any of them" in render_html(clear_report())


def test_what_names_a_host_is_said_of_it_and_of_no_other() -> None:
    report = about(JUPITER)
    assert item(report, "jupiter").tone == "error"
    assert [each.rule for each in item(report, "jupiter").findings] == [crash().rule]
    others = [h.name for h in report.hosts if h.name != "jupiter"]
    assert all(item(report, name).findings == () for name in others)


def test_host_is_told_by_its_name_where_no_uuid_is_known() -> None:
    assert item(about(replace(JUPITER, uuid="jupiter")), "jupiter").findings


def test_what_is_over_is_told_without_alarm() -> None:
    over = item(about(JUPITER, state=Standing.OVER), "jupiter")
    assert (over.tone, over.badge) == ("context", "over")


@pytest.mark.parametrize(
    ("kind", "tone"), [(IncidentKind.HOST_CRASHED, "error"), (IncidentKind.HOST_REBOOTED, "info")]
)
def test_what_befell_a_host_is_said_of_it(kind: IncidentKind, tone: str) -> None:
    report = befallen(kind, JUPITER)
    assert item(report, "jupiter").tone == tone
    assert [each.id for each in item(report, "jupiter").incidents] == ["I-1"]


def test_what_befell_an_sr_is_said_of_the_sr() -> None:
    report = befallen(IncidentKind.SR_OUTAGE, TANK)
    assert [each.id for each in item(report, "tank").incidents] == ["I-1"]


def test_host_whose_report_was_not_read_whole_is_never_in_order() -> None:
    report = clear_report()
    cut = tuple(replace(bundle, complete=False) for bundle in report.bundles)
    assert item(replace(report, bundles=cut), "jupiter").tone == "unsure"
    ledger = tuple(replace(each, presence=Presence.DAMAGED) for each in report.ledger)
    assert item(replace(report, ledger=ledger), "jupiter").tone == "unsure"


def test_host_without_a_report_is_there_and_not_in_order() -> None:
    pool = PoolInfo(
        uuid=None,
        name="orion",
        master=None,
        complete=True,
        database="",
        bundles=(),
        hosts_missing=("saturn-9",),
    )
    report = replace(clear_report(), pools=(pool,))
    assert item(report, "saturn-9").tone == "unsure"
    assert item(report, "saturn-9").doubts


def test_disks_of_an_sr_are_named_where_they_are_in_trouble() -> None:
    disks = (broken_disk(crash().id), sound_disk())
    name = disks[0].sr.called
    report = replace(about(JUPITER), disks=disks)
    own = item(report, name)
    assert [disk for _, disk in own.disks] == [disks[0]]
    assert own.tone == "error"
    assert item(replace(clear_report(), disks=disks[1:]), name).tone == ""


def test_findings_that_say_the_same_of_several_disks_are_one_line() -> None:
    disks = [Subject(type="VDI", uuid=f"{n}-0000", name=f"data {n}") for n in (1, 2)]
    every = tuple(replace(crash(), subjects=(disk, TANK)) for disk in disks)
    report = replace(clear_report(), outcomes=(replace(found(crash()), findings=every),))
    card = render_html(report).partition('id="hosts"')[2].partition("</section>")[0]
    assert card.count(crash().title) == 1
    assert "data 1" in card
    assert f'<a href="#{every[1].id}">' in card or f'<a href="#{every[0].id}">' in card


def test_type_of_an_sr_is_that_of_the_database() -> None:
    report = replace(about(TANK), srs=(SrInfo(sr=TANK, type="lvmoiscsi", pool=None),))
    assert "lvmoiscsi" in item(report, "tank").what


def test_findings_of_logs_are_told_of_several_hosts_only() -> None:
    report = rich_report()
    assert any(item(report, host.name).by_logs for host in report.hosts)
    alone = replace(report, hosts=report.hosts[:1])
    assert item(alone, alone.hosts[0].name).by_logs == ()


def test_every_mention_leads_to_the_object() -> None:
    report = about(JUPITER, TANK)
    anchors = object_context(report)["object_anchors"]
    assert {HOST, "jupiter", FIRST, SR} <= anchors.keys()
    subjects = render_html(report).partition('class="subjects"')[2].partition("</ul>")[0]
    assert {anchors[HOST], anchors[SR]} <= set(re.findall(r'href="#([^"]*)"', subjects))


def test_name_of_two_hosts_leads_nowhere_but_their_reports_do() -> None:
    report = clear_report()
    twin = replace(report.hosts[0], uuid=OTHER_HOST, bundle="other")
    bundle = replace(report.bundles[0], name="other")
    both = replace(report, hosts=(report.hosts[0], twin), bundles=(*report.bundles, bundle))
    anchors = object_context(both)["object_anchors"]
    assert report.hosts[0].name not in anchors
    assert anchors["other"] != anchors[report.hosts[0].bundle]


def test_worst_stands_first_and_what_is_in_order_is_folded() -> None:
    context = object_context(rich_report())
    assert next(each.tone for each in context["objects_to_tell"]) in ("critical", "error")
    assert all(not each.tone for each in context["objects_in_order"])
    assert object_context(empty_report())["objects_known"] == len(
        object_context(empty_report())["objects_to_tell"]
    )
