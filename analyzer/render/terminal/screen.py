"""The terminal's first 25 rows: what broke, since when, how sure, what next, what is unknown."""

from rich.text import Text

from analyzer.model.report import Report
from analyzer.render.terminal.rows import MANY, Rows, heading, styled
from analyzer.render.words.answer import doubt_words
from analyzer.render.words.summary import (
    CauseView,
    broken,
    doubts,
    headline,
    left_open,
    unread,
    window,
)
from analyzer.render.words.view import counted, stamp, whole_span

FIRST_SCREEN = 25
SHOWN_CAUSES = 3


def first_screen(report: Report, rows: Rows) -> list[Text]:
    """Return at most `FIRST_SCREEN` rows, unless ``rows.full`` asks for every reason."""
    head = headline(report)
    names = ", ".join(bundle.name for bundle in report.bundles) or "no bundle"
    hosts = ", ".join(f"{host.name} ({host.role})" for host in report.hosts) or "unknown"
    products = ", ".join(dict.fromkeys(host.product for host in report.hosts if host.product))
    covered = window(report)
    header_rows = [
        *rows.wrap(f"cbtriage {report.version}: {names}", limit=1),
        *rows.wrap(f"hosts: {hosts}; {products or 'product unknown'}", limit=1),
        *rows.wrap(
            f"read: {whole_span(*covered) if covered else 'no time could be dated'}", limit=1
        ),
    ]
    screen = [*header_rows, Text()]
    screen += styled(rows.wrap(str(head), limit=2), head.tone)
    shown = broken(report)
    if shown:
        screen += heading("WHAT BROKE, AND WHAT TO DO NEXT")
        lines = 2 if len(shown) < SHOWN_CAUSES else 1
        screen += [row for cause in shown[:SHOWN_CAUSES] for row in _cause_rows(cause, rows, lines)]
        screen += _more_below(len(shown) - SHOWN_CAUSES, "cause")
    return screen + _cannot_tell(report, rows, FIRST_SCREEN - len(screen))


def _cause_rows(cause: CauseView, rows: Rows, lines: int) -> list[Text]:
    title = rows.wrap(f"[{cause.severity.upper()}] {cause.title}", indent=1, hang=5, limit=lines)
    state = f"{cause.state}; " if cause.findings else ""
    next_action = cause.next_action or "no step is known; read the finding below"
    if not cause.first_seen and not cause.last_seen:
        since_when = "since when is not recorded"
    else:
        since = f"since {stamp(cause.first_seen)}"
        same = stamp(cause.first_seen) == stamp(cause.last_seen)
        since_when = since if same else f"{since}, last {stamp(cause.last_seen)}"
    return [
        *styled(title, cause.severity),
        *rows.wrap(f"{state}{cause.confidence}; {since_when}", indent=5, limit=1),
        *rows.wrap(f"next: {next_action}", indent=5, hang=11, limit=2),
    ]


def _cannot_tell(report: Report, rows: Rows, room: int) -> list[Text]:
    title = heading("WHAT WE CANNOT TELL")
    reasons = [
        (f"{bundle.name} was not read whole: {bundle.note or 'no reason is recorded'}", "")
        for bundle in report.bundles
        if not bundle.complete
    ]
    reasons += [(doubt_words(each), "; ".join(each.settle_with[:1])) for each in doubts(report)]
    lost = len(unread(report))
    if lost:
        reasons.append((f"{counted(lost, 'expected source')} not read whole, listed below", ""))
    if not reasons:
        told = f"nothing{left_open(report)}" if report.outcomes else "nothing was checked"
        return [*title, *rows.wrap(told, indent=1)]
    reason_room = room - len(title)
    reason_room = MANY if rows.full else reason_room
    spacious = 3 * len(reasons) <= reason_room
    shown = len(reasons) if len(reasons) <= reason_room else reason_room - 1
    found: list[Text] = []
    for reason, settle in reasons[:shown]:
        found += rows.wrap(f"- {reason}", indent=1, hang=3, limit=2 if spacious else 1)
        if settle and spacious:
            found += rows.wrap(f"settle with: {settle}", indent=5, limit=1)
    reason_rows = found + _more_below(len(reasons) - shown, "reason")
    return [*title, *reason_rows]


def _more_below(number: int, noun: str) -> list[Text]:
    return [Text(f" and {counted(number, 'more ' + noun)} below")] if number > 0 else []
