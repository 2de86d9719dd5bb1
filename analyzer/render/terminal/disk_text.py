"""One disk for the terminal: who it is, its chain, its life, its comparisons, its findings."""

from collections.abc import Iterator, Sequence

from analyzer.model.disk import DiskView
from analyzer.model.finding import Evidence, Finding, Subject
from analyzer.model.operation import Result
from analyzer.model.plan import Plan
from analyzer.render.terminal.plan_text import plan_text
from analyzer.render.words.chain_text import LEGEND, chain_lines
from analyzer.render.words.disk_words import chain_facts, disk_name
from analyzer.render.words.plan_lines import state_line
from analyzer.render.words.view import cut, stamp, visible

_QUOTE = 300


def disk_text(
    disk: DiskView, findings: Sequence[Finding], asked: str, plans: Sequence[Plan] = ()
) -> str:
    """Return the page of a disk; ``asked`` is the uuid that was asked for."""
    chain_of_disk: list[str] = []
    chain_of_disk.extend(("", "CHAIN, oldest first"))
    if not disk.chain.logs:
        chain_of_disk.append("  no CBT log of this disk is known")
    else:
        chain_of_disk.extend(f"  {line}" for line in chain_lines(disk.chain))
        chain_of_disk.append(f"  {LEGEND}")
    comparison_lines: list[str] = []
    if disk.comparisons:
        comparison_lines.extend(("", "CHANGED BLOCKS ASKED FOR"))
        for each in disk.comparisons:
            pair = f"{each.older or 'not known'} -> {each.newer or 'not known'}"
            why = f", {visible(each.why)}" if each.why else ""
            comparison_lines.append(f"  {stamp(each.moment)}  {pair}: {each.result}{why}")
    lines = [
        *_identity_of_disk(disk, asked),
        *chain_of_disk,
        *_life_lines(disk),
        *comparison_lines,
    ]
    lines_findings = [finding for finding in findings if finding.id in disk.findings]
    findings_lines: list[str] = []
    findings_lines.extend(("", "FINDINGS"))
    for lines_finding in lines_findings:
        findings_lines.append(
            f"  [{lines_finding.severity.upper()}] {visible(lines_finding.title)}"
        )
        findings_lines.append(f"      {lines_finding.id}; {lines_finding.confidence}")
        findings_lines.append(_because_quoted(lines_finding.evidence[0]))
        findings_lines.append(f"      at the end: {visible(state_line(lines_finding))}")
    if not lines_findings:
        findings_lines.append("  none; `cbtriage analyze` says what could not be checked")
    lines += findings_lines
    lines += plan_text(plans)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _identity_of_disk(disk: DiskView, asked: str) -> Iterator[str]:
    yield visible(disk_name(disk))
    if disk.vdi is None:
        yield f"  VDI    {asked or 'unknown'}, in no database that was read"
    else:
        yield f"  VDI    {disk.vdi.uuid}"
        if asked not in ("", disk.vdi.uuid):
            yield f"  asked  {asked}, whose disk this is"
    kind = f" ({visible(disk.sr_type)})" if disk.sr_type else ""
    yield f"  SR     {_subject_named(disk.sr)}{kind}"
    yield from (f"  VM     {_subject_named(vm)}" for vm in disk.vms)
    yield f"  pool   {visible(disk.pool.called if disk.pool else 'unknown')}"
    flag = {True: "on", False: "off", None: "unknown"}[disk.cbt_enabled]
    yield f"  CBT    {flag} in the database; {disk.state}; {chain_facts(disk.chain)}"
    yield from (f"  does not fit together: {visible(text)}" for text in disk.contradictions)


def _subject_named(subject: Subject) -> str:
    return f"{visible(subject.name or '')} {subject.uuid or 'unknown'}".strip()


def _life_lines(disk: DiskView) -> Iterator[str]:
    yield from ("", "LIFE LINE")
    for event in disk.life:
        words = {
            Result.SUCCEEDED: "",
            Result.FAILED: ", FAILED",
            Result.UNKNOWN: ", result not known",
        }
        result = words[event.result]
        yield f"  {stamp(event.moment)}  {event.kind}{result}: {visible(event.what)}"
        yield _because_quoted(event.evidence)
    if not disk.life:
        yield "  nothing of it was seen in the time that the logs cover"


def _because_quoted(evidence: Evidence) -> str:
    text = cut(visible(evidence.text), _QUOTE)
    return f"      [{visible(str(evidence.source))}] {text}"
