"""A log that a crash left inconsistent was marked as consistent by a detach or a snapshot."""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.observation import Observation
from analyzer.checks.tools.chain_facts import disk_subjects, log_path, name_of, sure
from analyzer.checks.tools.finding import Row, found, quote
from analyzer.checks.tools.hidden_crashes import Hidden, How, hidden_crashes
from analyzer.checks.tools.sm_runs import quote_run
from analyzer.checks.tools.unread import held_back
from analyzer.model.finding import Basis, Confidence, Finding, Gap
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Tell each call that wrote the flag of a log over a session that a crash had ended."""
    hidden = hidden_crashes(case)
    yield from (_gap_of_hidden(one) for one in hidden if not one.boot and not one.alive)
    yield from held_back(case, (_finding_of_hidden(case, text, one) for one in hidden if one.boot))


def _finding_of_hidden(case: Case, text: RuleText, one: Hidden) -> Finding:
    vdi, sr = one.run.vdi or "", one.run.sr or ""
    assert one.boot is not None
    assert one.flag is not None
    assert one.writer is not None
    began = one.writer.name == "vdi_activate"
    values: Row = {
        "vdi": vdi,
        "disk": name_of(case, vdi),
        "writer": one.boot.host,
        "active": say("since {at}" if began else "at {at}", at=one.writer.first),
        "boot": one.boot.moment,
        "host": one.run.host,
        "when": one.command.event.moment,
        "log": log_path(case, sr, vdi),
    }
    lines = [*quote_run(one.writer), one.flag.evidence, quote(one.boot), *quote_run(one.run)]
    return found(
        text,
        text.case("snapshot") if one.how is How.SNAPSHOT else (text.title, text.detail),
        basis=Basis.BOTH,
        confidence=Confidence.LIKELY,
        subjects=disk_subjects(case, vdi, sr or None),
        rows=[values],
        evidence=tuple(dict.fromkeys([*lines, quote(one.command.event)])),
        events=[one.command.event],
    )


def _gap_of_hidden(one: Hidden) -> Gap:
    writer = one.writer
    return Gap(
        need="smlog",
        host=(writer or one.run).host,
        why=say(
            "{what} of disk {vdi} on {host} at {at} marked its CBT log as consistent while the "
            "read-write session that {writer} shows had not ended, and nothing shows whether that "
            "session had crashed"
            if writer
            else "{what} of disk {vdi} on {host} at {at} marked its CBT log, which was in use, as "
            "consistent, and nothing read shows which host had the disk, and whether that crashed"
            if sure(one.flag) is False
            else "{what} of disk {vdi} on {host} at {at} marked its CBT log as consistent after a "
            "host had booted, and nothing read from before shows whether that host had the disk",
            what="a snapshot" if one.how is How.SNAPSHOT else "the read-only detach",
            vdi=one.run.vdi or "",
            host=one.run.host,
            at=one.run.last,
            writer=writer.host if writer else "",
        ),
        settle_with=say(
            "last -x reboot on {host}, and its SMlog since {at}",
            host=writer.host,
            at=writer.first,
        )
        if writer
        else "xen-bugtool --entries=xenserver-logs --yestoall",
    )
