"""The NBD connections of a host for the terminal: its server's lives, how many, and each one."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from analyzer.model.event import Event
from analyzer.model.finding import Confidence, Evidence, Finding, Gap
from analyzer.model.nbd import (
    CONNECTION_LIMIT,
    ClientTrouble,
    Concurrency,
    NbdSession,
    ServerRun,
    SessionFate,
)
from analyzer.render.words.view import counted, cut, stamp, visible

_QUOTE = 300
_MOST_SESSIONS = 500
Names = Mapping[str, str]


def session_text(
    sessions: Sequence[NbdSession],
    runs: Sequence[ServerRun],
    counts: Sequence[Concurrency],
    findings: Sequence[Finding],
    names: Names,
) -> str:
    """Return the page; ``names`` are the names of disks by uuid.

    ``runs`` are the lives of the servers that served these connections.
    """
    lines = ["SERVER"]
    for run in runs:
        lines += _run_lines(run)
    lines += [f"  {_count_at_once(each)}" for each in counts]
    found = Counter(session.fate for session in sessions)
    parts = [f"{found[fate]} {fate.value}" for fate in SessionFate if found[fate]]
    fates_in_words = f"{len(sessions)}" + (f" ({', '.join(parts)})" if parts else "")
    lines += ["", f"CONNECTIONS: {fates_in_words}"]
    for session in sessions[:_MOST_SESSIONS]:
        lines += _session_lines(session, names)
    if len(sessions) > _MOST_SESSIONS:
        lines.append(f"  and {counted(len(sessions) - _MOST_SESSIONS, 'connection')} more")
    findings_lines: list[str] = []
    if findings:
        findings_lines.extend(("", "FINDINGS"))
        for finding in findings:
            findings_lines.append(f"  [{finding.severity.upper()}] {visible(finding.title)}")
            findings_lines.append(f"      {finding.id}; {finding.confidence}")
    lines += findings_lines
    return "\n".join(line.rstrip() for line in lines) + "\n"


def unread_text(unread: Sequence[Gap]) -> str:
    """Return what stands above the page: the logs that may show more; "" if there are none."""
    if not unread:
        return ""
    lines = ["NOT READ, SO CLIENTS MAY HAVE BEEN SERVED THAT ARE NOT SHOWN"]
    for gap in unread:
        settle = f" [{visible(gap.settle_with)}]" if gap.settle_with else ""
        lines.append(f"  daemon.log of {visible(gap.host)}: {visible(gap.why)}{settle}")
    return "\n".join(lines) + "\n\n"


def _run_lines(run: ServerRun) -> Iterator[str]:
    pid = "pid unknown" if run.pid is None else f"pid {run.pid}"
    if run.crashed:
        ending_in_words = "ended without being told to"
    elif run.killed is not None:
        ending_in_words = "was told to stop, and was killed"
    elif run.crashed is False:
        ending_in_words = "was stopped"
    else:
        ending_in_words = "its end was seen" if run.ended else "no end was seen"
    yield f"  {visible(run.host)} xapi-nbd, {pid}: {ending_in_words}"
    for word, event in (
        ("started", run.started),
        ("listened", run.listening),
        ("told to stop", run.stop),
        ("failed", run.exception or run.failed or run.limit),
        ("ended", run.ended),
    ):
        if event is not None:
            yield f"      {word:<12} {stamp(event.moment)} {_quote_of_event(event)}"


def _count_at_once(count: Concurrency) -> str:
    most = max((high for _, _, high in count.points), default=0)
    beyond = f", perhaps {most}" if most > count.peak else ""
    return (
        f"{visible(count.host)} served {count.peak} at a time at the peak{beyond}; "
        f"its limit is {CONNECTION_LIMIT}"
    )


def _session_lines(session: NbdSession, names: Names) -> Iterator[str]:
    began = stamp(session.began) if session.began else "before the log begins"
    ended = f" to {stamp(session.ended)}" if session.ended else ""
    yield f"  {began}{ended}  {visible(session.host)} pid {session.pid}"
    code = f" ({session.code})" if session.code else ""
    if session.trouble is ClientTrouble.VBD_REFUSED and any(map(_unplugs_a_vbd, session.events)):
        trouble_in_words = f": the disk could not be let go{code}"
    else:
        trouble_in_words = f": {session.trouble.value}{code}" if session.trouble else ""
    yield f"      {session.fate.value}{trouble_in_words}"
    if session.vdi:
        name = f"{visible(names[session.vdi])} " if names.get(session.vdi) else ""
        yield f"      disk {name}{session.vdi}{_doubt_of_confidence(session.vdi_joined)}"
    if session.vbd:
        yield f"      VBD {session.vbd}"
    if session.session:
        yield f"      session {visible(session.session)}"
    if session.joined is not Confidence.CERTAIN:
        yield f"      that these lines are of one connection is {session.joined}"
    yield from (f"      {_quote_of_event(event)}" for event in session.events)
    yield from (f"      {_row_quoted(row)}" for row in session.rows)


def _unplugs_a_vbd(event: Event) -> bool:
    return "Unplugging VBD " in event.message


def _doubt_of_confidence(confidence: Confidence) -> str:
    return "" if confidence is Confidence.CERTAIN else f", {confidence}"


def _quote_of_event(event: Event) -> str:
    return f"[{visible(str(event.source))}] {cut(visible(event.text), _QUOTE)}"


def _row_quoted(row: Evidence) -> str:
    return f"[{visible(str(row.source))}] {cut(visible(row.text), _QUOTE)}"
