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
    lines += ["", f"CONNECTIONS: {_fates_in_words(sessions)}"]
    for session in sessions[:_MOST_SESSIONS]:
        lines += _session_lines(session, names)
    if len(sessions) > _MOST_SESSIONS:
        lines.append(f"  and {counted(len(sessions) - _MOST_SESSIONS, 'connection')} more")
    lines += _findings_lines(findings)
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
    yield f"  {visible(run.host)} xapi-nbd, {pid}: {_ending_in_words(run)}"
    for word, event in (
        ("started", run.started),
        ("listened", run.listening),
        ("told to stop", run.stop),
        ("failed", run.exception or run.failed or run.limit),
        ("ended", run.ended),
    ):
        if event is not None:
            yield f"      {word:<12} {stamp(event.moment)} {_quote_of_event(event)}"


def _ending_in_words(run: ServerRun) -> str:
    if run.crashed:
        return "ended without being told to"
    if run.killed is not None:
        return "was told to stop, and was killed"
    if run.crashed is False:
        return "was stopped"
    return "its end was seen" if run.ended else "no end was seen"


def _count_at_once(count: Concurrency) -> str:
    most = max((high for _, _, high in count.points), default=0)
    beyond = f", perhaps {most}" if most > count.peak else ""
    return (
        f"{visible(count.host)} served {count.peak} at a time at the peak{beyond}; "
        f"its limit is {CONNECTION_LIMIT}"
    )


def _fates_in_words(sessions: Sequence[NbdSession]) -> str:
    found = Counter(session.fate for session in sessions)
    parts = [f"{found[fate]} {fate.value}" for fate in SessionFate if found[fate]]
    return f"{len(sessions)}" + (f" ({', '.join(parts)})" if parts else "")


def _session_lines(session: NbdSession, names: Names) -> Iterator[str]:
    began = stamp(session.began) if session.began else "before the log begins"
    ended = f" to {stamp(session.ended)}" if session.ended else ""
    yield f"  {began}{ended}  {visible(session.host)} pid {session.pid}"
    yield f"      {session.fate.value}{_trouble_in_words(session)}"
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


def _trouble_in_words(session: NbdSession) -> str:
    code = f" ({session.code})" if session.code else ""
    if session.trouble is ClientTrouble.VBD_REFUSED and any(map(_unplugs_a_vbd, session.events)):
        return f": the disk could not be let go{code}"
    return f": {session.trouble.value}{code}" if session.trouble else ""


def _unplugs_a_vbd(event: Event) -> bool:
    return "Unplugging VBD " in event.message


def _doubt_of_confidence(confidence: Confidence) -> str:
    return "" if confidence is Confidence.CERTAIN else f", {confidence}"


def _quote_of_event(event: Event) -> str:
    return f"[{visible(str(event.source))}] {cut(visible(event.text), _QUOTE)}"


def _row_quoted(row: Evidence) -> str:
    return f"[{visible(str(row.source))}] {cut(visible(row.text), _QUOTE)}"


def _findings_lines(findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield from ("", "FINDINGS")
    for finding in findings:
        yield f"  [{finding.severity.upper()}] {visible(finding.title)}"
        yield f"      {finding.id}; {finding.confidence}"
