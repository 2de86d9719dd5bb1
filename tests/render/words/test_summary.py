"""The verdict: never green for what was not read."""

from dataclasses import replace

import pytest

from analyzer.model.finding import Confidence, Severity, Verdict
from analyzer.model.report import LedgerEntry, Omission, Presence, Report
from analyzer.render.words.summary import Tone, causes, doubts, findings, headline, unread, window
from tests.render.support import (
    FIRST,
    clear_report,
    crash,
    empty_report,
    found,
    mixed,
    outcome,
    rich_report,
    without_year,
)


def entry(presence: Presence) -> LedgerEntry:
    return LedgerEntry(
        bundle=FIRST, source="smlog", members=(), presence=presence, why="", settle_with=""
    )


def test_everything_judged_and_read_is_clear() -> None:
    assert headline(clear_report()).tone is Tone.CLEAR


@pytest.mark.parametrize(
    "spoiled",
    [
        replace(clear_report(), outcomes=()),
        replace(clear_report(), outcomes=(outcome("a", Verdict.CANNOT_TELL),)),
        replace(clear_report(), outcomes=(outcome("a", Verdict.ERROR),)),
        replace(clear_report(), outcomes=(outcome("a", Verdict.NOT_APPLICABLE),)),
        replace(clear_report(), bundles=()),
        replace(clear_report(), bundles=(replace(clear_report().bundles[0], complete=False),)),
        replace(clear_report(), ledger=(entry(Presence.DAMAGED),)),
        replace(clear_report(), ledger=(entry(Presence.TIMED_OUT),)),
        replace(clear_report(), ledger=(entry(Presence.OVER_BUDGET),)),
        replace(
            clear_report(),
            omissions=(Omission(bundle=FIRST, member="m", why="a link", settle_with=""),),
        ),
        empty_report(),
    ],
    ids=lambda report: headline(report).text,
)
def test_no_finding_is_not_green_by_itself(spoiled: Report) -> None:
    head = headline(spoiled)
    assert (head.tone, head.word) == (Tone.UNSURE, "NOT SURE")


@pytest.mark.parametrize("presence", [Presence.BY_DESIGN, Presence.NOT_REQUESTED])
def test_what_nobody_asked_for_does_not_spoil_the_verdict(presence: Presence) -> None:
    assert headline(replace(clear_report(), ledger=(entry(presence),))).tone is Tone.CLEAR


def test_verdict_says_what_part_could_not_be_checked() -> None:
    judged = clear_report().outcomes
    report = replace(clear_report(), outcomes=(*judged, outcome("a", Verdict.CANNOT_TELL)))
    assert str(headline(report)) == (
        "NOT SURE: nothing found in what was read, but all of storage and hosts could not be checked"
    )


def test_nothing_read_is_said_as_such() -> None:
    assert "nothing could be read" in headline(empty_report()).text


def test_worst_severity_leads() -> None:
    head = headline(rich_report())
    assert (
        str(head)
        == "CRITICAL: 4 findings from 3 causes, 1 of them over; part of CBT and NBD not checked"
    )


def test_finding_in_a_cut_bundle_mentions_the_cut() -> None:
    whole = clear_report()
    report = replace(
        whole,
        outcomes=(found(crash()),),
        bundles=(replace(whole.bundles[0], complete=False),),
    )
    assert headline(report).text == "1 finding; 1 bundle could not be read whole"


def test_finding_with_all_else_judged_says_so() -> None:
    report = replace(clear_report(), outcomes=(found(crash()),))
    assert headline(report).text == "1 finding; nothing else that is known"


def test_finding_that_no_cause_names_is_its_own_cause() -> None:
    report = replace(rich_report(), causes=())
    assert [view.id for view in causes(report)] == [f.id for f in findings(report)]


def test_cause_that_names_an_unknown_finding_still_stands() -> None:
    cause = replace(rich_report().causes[0], confidence=None, findings=("F-gone",))
    (view,) = causes(replace(clear_report(), causes=(cause,)))
    assert (view.findings, view.confidence) == ((), Confidence.POSSIBLE)


def test_cause_is_as_sure_as_its_least_sure_root() -> None:
    root, other = crash(), replace(mixed(), confidence=Confidence.LIKELY)
    cause = replace(rich_report().causes[0], confidence=None, findings=(root.id, other.id))
    report = replace(clear_report(), causes=(cause,), outcomes=(found(root), found(other)))
    assert causes(report)[0].confidence is Confidence.LIKELY


def test_findings_that_explain_each_other_in_a_ring_still_have_a_confidence() -> None:
    root = replace(crash(), explained_by=(crash().id,))
    cause = replace(rich_report().causes[0], confidence=None, findings=(root.id,))
    report = replace(clear_report(), causes=(cause,), outcomes=(found(root),))
    assert causes(report)[0].confidence is Confidence.CERTAIN


def test_finding_without_steps_has_no_next_action() -> None:
    report = replace(clear_report(), outcomes=(found(replace(crash(), action=())),))
    assert causes(report)[0].next_action == ""


def test_rules_with_one_reason_are_one_doubt() -> None:
    assert [doubt.rules for doubt in doubts(rich_report())] == [
        ("cbt-chain-cycle",),
        ("cbt-log-missing", "cbt-log-short"),
        ("nbd-connection-limit",),
    ]


def test_what_a_found_rule_could_not_look_at_is_a_doubt_too() -> None:
    partly = replace(found(crash()), doubt="smlog of saturn: not given", settle_with=("fetch it",))
    report = replace(clear_report(), outcomes=(partly,))
    assert [(doubt.reason, doubt.settle_with) for doubt in doubts(report)] == [
        ("smlog of saturn: not given", ("fetch it",))
    ]
    assert "there may be more of it" in str(headline(report))


def test_missing_reason_is_said() -> None:
    report = replace(clear_report(), outcomes=(outcome("a", Verdict.CANNOT_TELL),))
    assert doubts(report)[0].reason == "no reason was recorded"


def test_ledger_trouble_leaves_out_what_is_meant_to_be_missing() -> None:
    missing = {entry.presence for entry in unread(rich_report())}
    assert not missing & {Presence.PRESENT, Presence.BY_DESIGN, Presence.NOT_REQUESTED}


def test_window_without_a_dated_stamp_is_unknown() -> None:
    undated = replace(rich_report().coverage[0], first=without_year("10:00:00"), last=None)
    assert window(replace(rich_report(), coverage=(undated,))) is None


def test_severities_have_a_tone_each() -> None:
    assert {severity.value for severity in Severity} < {tone.value for tone in Tone}


def test_healthy_is_told_in_the_words_of_the_field() -> None:
    text = headline(clear_report()).text
    assert text.startswith("no known trouble of CBT, NBD or their storage, for the")
