"""The objects in trouble: what each is now, said so that it can stand alone."""

from dataclasses import replace

import pytest

from analyzer.model.finding import Finding, Severity
from analyzer.model.goal import Goal, Standing
from analyzer.model.report import Report
from analyzer.render.html.html import render_html
from analyzer.render.words.answer import answer_of
from analyzer.render.words.plan_lines import plan_facts
from analyzer.render.words.troubled import (
    STANDS,
    Troubled,
    alike_together,
    first_for_each,
    troubled_objects,
)
from tests.render.disks import sound_disk
from tests.render.support import clear_report, crash, found, hostile_plan, rich_report


def of_disk(*goals: Goal) -> Report:
    disk = sound_disk()
    assert disk.vdi is not None
    own = replace(crash(), subjects=(disk.vdi,), goals=goals)
    disks = (replace(disk, findings=(own.id,), cbt_enabled=True),)
    return replace(clear_report(), outcomes=(found(own),), disks=disks)


def only(report: Report) -> Troubled:
    (each,) = troubled_objects(report)
    return each


@pytest.mark.parametrize(
    ("goals", "now"),
    [
        ((), "CBT on"),
        ((Goal.SPACE,), "CBT on"),
        ((Goal.INCREMENTAL,), "CBT on, not sound"),
        ((Goal.NO_SILENT_LOSS,), "CBT on, not sound"),
    ],
)
def test_cbt_is_called_unsound_only_where_its_logs_are(goals: tuple[Goal, ...], now: str) -> None:
    assert only(of_disk(*goals)).now == now


def of_host(finding: Finding) -> Report:
    host = replace(finding.subjects[0], type="host", name="jupiter")
    return replace(clear_report(), outcomes=(found(replace(finding, subjects=(host,))),))


def test_object_without_cbt_says_what_befell_it() -> None:
    each = only(of_host(crash()))
    assert each.now_in_words == f"{crash().title} ({each.now})"
    assert only(of_disk(Goal.INCREMENTAL)).now_in_words == "CBT on, not sound"


def test_minor_trouble_that_goes_on_does_not_make_another_go_on() -> None:
    host = replace(crash().subjects[0], type="host", name="jupiter")
    past = replace(crash(), subjects=(host,), state=Standing.UNKNOWN)
    minor = replace(past, rule="minor", severity=Severity.INFO, state=Standing.NOW)
    report = replace(clear_report(), outcomes=(found(past), found(minor)))
    plan = replace(hostile_plan(), object=host, findings=(past.id, minor.id))
    each = only(replace(report, plans=(plan,)))
    assert (each.now, each.standing) == ("not known", Standing.UNKNOWN)


def test_disk_whose_cbt_is_on_says_what_befell_it_and_how_that_stands() -> None:
    each = only(of_disk())
    assert each.now_in_words == f"CBT on; {each.trouble} ({STANDS[each.standing]})"


def test_trouble_stands_beside_the_object_unless_it_stands_above() -> None:
    answer = answer_of(of_host(crash()))
    assert answer.tells(answer.objects[0])
    assert not answer.tells(replace(answer.objects[0], trouble="Something else"))
    text = render_html(rich_report())
    assert 'class="trouble"' in text.partition('class="stack objects')[2].partition("</table>")[0]


def test_only_what_is_the_same_now_and_has_the_same_first_step_is_told_together() -> None:
    one, plan = only(of_disk()), hostile_plan()
    made = []
    for digit in "123":
        uuid = digit * 8
        step = replace(plan.steps[0], text=f"Turn CBT on for disk {digit} ({uuid}).")
        subject = replace(one.subject, uuid=uuid)
        own = replace(plan, steps=(step,))
        made.append(replace(one, name=f"disk {digit}", subject=subject, plan=own))
    first, second, third = made
    off = replace(second, now="CBT off")
    assert alike_together([first, off, third]) == [(first, third), (off,)]
    assert first_for_each((first, third)) == "Turn CBT on for each of them."
    assert alike_together([first, third]) == [(first,), (third,)]  # of few all steps are told


def test_plans_stand_in_the_order_of_the_objects() -> None:
    report = rich_report()
    text = render_html(report).partition('id="plans-h"')[2].partition("</section>")[0]
    places = [text.index(f'id="{o.plan.id}"') for o in answer_of(report).objects if o.plan]
    assert len(places) > 1
    assert places == sorted(places)


def test_one_step_destroys() -> None:
    plan = hostile_plan()
    assert plan_facts(plan).endswith("1 step destroys")
    twice = replace(plan, steps=(*plan.steps, plan.steps[-1]))
    assert plan_facts(twice).endswith("2 steps destroy")
