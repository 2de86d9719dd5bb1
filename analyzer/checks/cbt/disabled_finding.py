"""How CBT turned off at an attach or a resize is told: one finding per disk and time."""

from analyzer.case.case import Case
from analyzer.checks.tools.chain_facts import disk_subjects
from analyzer.checks.tools.finding import Row, found, quote_ends, quote_row, times
from analyzer.checks.tools.lost_tracking import (
    During,
    Loss,
    losses,
    snapshots_before,
    tell_loss,
    turned_on,
)
from analyzer.checks.tools.sm_runs import quote_run, run_of
from analyzer.model.finding import Basis, Evidence, Finding
from analyzer.model.operation import Command, Result
from analyzer.model.rule import RuleText

# blktap cbt/cbt-util.c: negative errno as exit status
_ANSWERS = {
    2: "that there is no such log (rc 2)",
    5: "that the log is too short or could not be written, as on a full or broken SR, or where "
    "its volume is too small (rc 5)",
    22: "that the new size is smaller than the log's (rc 22)",
}
_MOST = 5
_MOST_SNAPSHOTS = 3


def disabled(case: Case, text: RuleText, during: During) -> tuple[Finding, ...]:
    """Return a finding for each time that CBT was turned off so."""
    return tuple(_finding_of_loss(case, text, loss) for loss in losses(case, during))


def _finding_of_loss(case: Case, text: RuleText, loss: Loss) -> Finding:
    hosts = dict.fromkeys(event.host for event in loss.events)
    values: Row = {
        "vdi": loss.vdi,
        "host": ", ".join(hosts),
        **times(loss.events),
        **tell_loss(case, loss),
        **(_answer_of_resize(case, loss) if loss.during is During.RESIZE else {}),
    }
    # Quote the lines, then what the sentences around them rest on. The call that turned CBT on
    # again is often of another host: it is quoted without its time, so that nobody takes that host
    # for the place of this trouble.
    quotes = list(quote_ends(loss.events, _MOST))
    run = run_of(case, loss.line)
    if run is not None and run.entry is not None:
        quotes += quote_run(run)
    again = turned_on(case, loss.vdi, loss.line)
    for quoted in quote_run(again) if again else ():
        quotes.append(Evidence(source=quoted.source, text=quoted.text))
    older = snapshots_before(case, loss.vdi, loss.line.moment)
    quotes += [
        quote_row(row, "snapshot_of", "snapshot_time") for row, _ in older[-_MOST_SNAPSHOTS:]
    ]
    return found(
        text,
        (text.title, text.detail),
        basis=Basis.SYMPTOM,
        confidence=text.confidence,
        subjects=disk_subjects(case, loss.vdi, None),
        rows=[values],
        evidence=tuple(dict.fromkeys(quotes)),
        events=loss.events,
        count=loss.count,
    )


def _answer_of_resize(case: Case, loss: Loss) -> Row:
    """Say what cbt-util answered to the new size; without its answer, where that stands."""
    run = run_of(case, loss.line)
    answers = [each.rc for each in (run.commands if run else ()) if _is_resize(each)]
    known = _ANSWERS.get(answers[-1] or 0) if answers else None
    if known is not None:
        return {"why": f"cbt-util answered {known}."}
    return {
        "why": "The answer of cbt-util was not read; it stands in SMlog of the SR's master, right "
        "before the sentence that says so.",
        "unread": loss.line.moment,
    }


def _is_resize(command: Command) -> bool:
    tool = bool(command.argv) and command.argv[0].endswith("cbt-util")
    return tool and "-s" in command.argv and command.result is Result.FAILED
