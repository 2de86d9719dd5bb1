"""NBD as the page shows it: what is drawn, what stands in which table, and what has no room."""

from collections.abc import Mapping

from analyzer.model.call import Answer
from analyzer.model.finding import Finding, Subject
from analyzer.model.nbd import NbdInfo
from analyzer.model.nbd_view import NbdConnection, NbdHost, NbdRun, NbdView
from analyzer.model.report import Report
from analyzer.render.html.nbd_band import TALL
from analyzer.render.html.nbd_chart import ClientChart, client_chart
from analyzer.render.html.nbd_drawing import BOX, SIDE, NetworkDrawing, network_drawing
from analyzer.render.html.nbd_drawing import TALL as BOX_TALL
from analyzer.render.html.told import hour_of
from analyzer.render.words import nbd_words
from analyzer.render.words.nbd_peaks import Peak, peaks_of
from analyzer.render.words.summary import findings
from analyzer.render.words.view import counted
from analyzer.values import dataclass

MOST_POOLS, MOST_GROUPS, MOST_ENDPOINTS = 10, 40, 100
MOST_PEAKS, MOST_CONNECTIONS, MOST_RUNS, MOST_LEFTOVERS, MOST_PLACES = 200, 200, 100, 200, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoGroup:
    """SRs for which get_nbd_info answers alike; ``info`` is the answer for the first."""

    info: NbdInfo
    srs: tuple[Subject, ...]
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NbdPage:
    """A pool and what the page shows of it; ``runs`` are (host, run), the latest ones."""

    view: NbdView
    anchor: str
    title: str
    drawing: NetworkDrawing | None
    chart: ClientChart | None
    groups: tuple[InfoGroup, ...]
    peaks: tuple[Peak, ...]
    connections: tuple[NbdConnection, ...]
    runs: tuple[tuple[NbdHost, NbdRun], ...]
    runs_left_out: int
    hosts_by_uuid: Mapping[str, NbdHost]

    @property
    def connections_left_out(self) -> int:
        """Return how many connections not closed in order are not shown."""
        total = len(self.view.connections) + self.view.connections_left_out
        return total - len(self.connections)


def nbd_context(report: Report) -> dict[str, object]:
    """Return what the template of NBD needs."""
    by_id = {finding.id: finding for finding in findings(report)}
    pages = [
        _page_of_view(report, view, n, by_id) for n, view in enumerate(report.nbd[:MOST_POOLS], 1)
    ]
    if not report.nbd:
        facts_of_nbd = "nothing is known of it"
    else:
        used = [view.in_use for view in report.nbd]
        word = "in use" if any(used) else "not used" if None not in used else "not known"
        broken = sum(
            nbd_words.tone_of(c) != "context" for view in report.nbd for c in view.connections
        )
        facts_of_nbd = f"{word}; {counted(broken, 'connection')} in trouble" if broken else word
    return {
        "nbd_pages": tuple(pages),
        "nbd_facts": facts_of_nbd,
        "nbd_pools_left_out": len(report.nbd) - len(pages),
        "nbd": nbd_words,
        "hour": hour_of,
        "box_width": BOX,
        "box_height": BOX_TALL,
        "side": SIDE,
        "chart_height": TALL,
        "most_endpoints": MOST_ENDPOINTS,
        "most_groups": MOST_GROUPS,
        "most_peaks": MOST_PEAKS,
        "most_places": MOST_PLACES,
        "most_leftovers": MOST_LEFTOVERS,
    }


def _page_of_view(
    report: Report, view: NbdView, number: int, by_id: Mapping[str, Finding]
) -> NbdPage:
    runs = [(host, run) for host in view.hosts for run in host.runs]
    lost = sum(host.runs_left_out for host in view.hosts)
    # Return as many connections as fit: the worst fates first, in the order of time.
    tones = ("error", "warning", "unsure", "context")
    ranked = sorted(view.connections, key=lambda each: tones.index(nbd_words.tone_of(each)))
    kept = {id(each) for each in ranked[:MOST_CONNECTIONS]}
    worst_connections = tuple(each for each in view.connections if id(each) in kept)
    return NbdPage(
        view=view,
        anchor=f"nbd-{number}",
        title=nbd_words.pool_words(view),
        drawing=network_drawing(view, by_id),
        chart=client_chart(report, view),
        groups=info_groups(view),
        peaks=peaks_of(view),
        connections=worst_connections,
        runs=tuple(runs[-MOST_RUNS:]),
        runs_left_out=lost + max(len(runs) - MOST_RUNS, 0),
        hosts_by_uuid={host.host.uuid: host for host in view.hosts},
    )


def info_groups(view: NbdView) -> tuple[InfoGroup, ...]:
    """Return the SRs by what get_nbd_info answers for them: failing first, then unknown."""
    groups: dict[tuple[object, ...], list[NbdInfo]] = {}
    for info in view.infos:
        endpoints = tuple(
            (each.address, each.host.uuid, each.pif.uuid, tuple(w.what for w in each.warnings))
            for each in info.endpoints
        )
        warnings = tuple(warning.what for warning in info.warnings)
        why = () if info.answer is Answer.OK else (info.because, info.mend)
        likeness_of_info = info.answer, info.stopped_at, endpoints, warnings, why
        groups.setdefault(likeness_of_info, []).append(info)
    rank = (Answer.FAILS, Answer.UNKNOWN, Answer.OK)
    made = [
        InfoGroup(info=own[0], srs=tuple(info.sr for info in own), tone=_tone_of_info(view, own[0]))
        for own in groups.values()
    ]
    return tuple(sorted(made, key=lambda group: rank.index(group.info.answer)))


def _tone_of_info(view: NbdView, info: NbdInfo) -> str:
    """Return a tone that is never green: an address in the database is no open port."""
    if view.in_use is False:
        return "context"
    match info.answer:
        case Answer.FAILS:
            return "warning"
        case Answer.UNKNOWN:
            return "unsure"
        case Answer.OK:
            return "context"
