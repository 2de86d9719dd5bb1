"""Backup runs for the terminal: each run, and of each of its disks the verdict and why."""

from collections import Counter
from collections.abc import Iterator, Sequence

from analyzer.model.finding import Evidence
from analyzer.model.moment import Moment
from analyzer.model.run import BackupRun, DiskRun, RunStep, RunVerdict
from analyzer.render.words.view import counted, cut, stamp, visible

_QUOTE = 300
_MOST_STEPS = 40
_MARKS = {True: "ok", False: "failed", None: "?"}


def runs_text(runs: Sequence[BackupRun], *, steps: bool = False) -> str:
    """Return the page; with ``steps`` each call with the line that tells of it."""
    if not runs:
        return (
            "BACKUP RUNS: none seen\n"
            "  No snapshot was read, compared or asked the address of in what was read.\n"
        )
    lines = [f"BACKUP RUNS: {counted(len(runs), 'run')}, {_totals_of_runs(runs)}"]
    for run in runs:
        run_lines: list[str] = []
        pool = f"  pool {visible(run.pool.called)}" if run.pool else ""
        run_lines.append(f"{_span_of_began(run.began, run.ended)}{pool}  {run.id}")
        for disk in run.disks:
            name = f"{visible(disk.vdi.name)} " if disk.vdi.name else ""
            sr = f" on {visible(disk.sr.name or disk.sr.uuid)}" if disk.sr else ""
            short = _SHORT[disk.verdict].upper()
            verdict_in_words = f"{short}: {disk.reason.value}" if disk.reason else short
            run_lines.append(f"  {verdict_in_words}  {name}{disk.vdi.uuid}{sr}")
            run_lines.append(f"      {visible(disk.words)}")
            run_lines.append(f"      {disk.confidence}; {_span_of_began(disk.began, disk.ended)}")
            if disk.settle_with:
                run_lines.append(f"      would settle it: {visible(disk.settle_with)}")
            run_lines.extend(f"      finding {each}" for each in disk.findings)
            if steps:
                run_lines.extend(f"      {line}" for line in _steps_of_disk(disk))
        lines += ["", *run_lines]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _totals_of_runs(runs: Sequence[BackupRun]) -> str:
    found = Counter(disk.verdict for run in runs for disk in run.disks)
    parts = [f"{found[verdict]} {_SHORT[verdict]}" for verdict in RunVerdict if found[verdict]]
    return f"of disks {', '.join(parts)}"


_SHORT = {
    RunVerdict.INCREMENTAL: "incremental possible",
    RunVerdict.FULL: "full",
    RunVerdict.UNDECIDABLE: "cannot be decided",
}


def _steps_of_disk(disk: DiskRun) -> Iterator[str]:
    for step in disk.steps[:_MOST_STEPS]:
        yield f"{_MARKS[step.succeeded]:<6} {_when_stepped(step)}{visible(step.what)}"
        yield f"       {_quote_of_line(step.evidence)}"
    if len(disk.steps) > _MOST_STEPS:
        yield f"and {counted(len(disk.steps) - _MOST_STEPS, 'step')} more"
    yield from (f"because {_quote_of_line(each)}" for each in disk.evidence)


def _span_of_began(began: Moment, ended: Moment) -> str:
    return f"{stamp(began)} to {stamp(ended)}"


def _when_stepped(step: RunStep) -> str:
    return f"{stamp(step.evidence.at)} " if step.evidence.at else ""


def _quote_of_line(evidence: Evidence) -> str:
    return f"[{visible(str(evidence.source))}] {cut(visible(evidence.text), _QUOTE)}"
