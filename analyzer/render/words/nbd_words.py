"""NBD in words: one short phrase for what tables, drawing, terminal and Markdown all say."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from analyzer.model.call import Answer
from analyzer.model.finding import Subject
from analyzer.model.nbd import ClientTrouble, NbdEndpoint, NbdInfo, SessionFate
from analyzer.model.nbd_view import (
    Leftover,
    NbdConnection,
    NbdHost,
    NbdNetwork,
    NbdRun,
    NbdView,
    PlaceState,
)
from analyzer.render.words.view import counted, stamp

SECURE, INSECURE = "nbd", "insecure_nbd"
_BY_CLIENT = (ClientTrouble.CLIENT_GONE, ClientTrouble.CLIENT_ABORT)
SHORT: Mapping[PlaceState, str] = MappingProxyType(
    {
        PlaceState.NAMED: "named",
        PlaceState.DOUBTED: "named, warned of",
        PlaceState.IDLE: "for no SR",
        PlaceState.EMPTY: "no address",
        PlaceState.DETACHED: "not attached",
        PlaceState.PLAIN: "no NBD purpose",
        PlaceState.UNKNOWN: "not known",
    }
)


def called(subject: Subject) -> str:
    """Return the name of an object, else its uuid."""
    return subject.name or subject.uuid or "unknown"


def pool_words(view: NbdView) -> str:
    """Return what a pool is called."""
    if not view.uuid:
        return "hosts of which no database was read"
    return f"pool {view.pool or view.uuid}"


def network_words(network: NbdNetwork) -> str:
    """Return what a network is called: name, bridge or uuid."""
    return network.network.name or network.bridge or network.network.uuid


def purpose_words(purpose: tuple[str, ...] | None) -> str:
    """Return what a network's purpose means for clients.

    >>> purpose_words(("nbd",)), purpose_words(()), purpose_words(None)
    ('nbd: with TLS', 'no NBD purpose', 'purpose not known')
    """
    if purpose is None:
        return "purpose not known"
    told = {SECURE: "nbd: with TLS", INSECURE: "insecure_nbd: without TLS"}
    return ", ".join(told.get(word, word) for word in purpose) or "no NBD purpose"


def tally_words(counts: Iterable[tuple[StrEnum, int]]) -> str:
    """Return counts of words, ``closed by the client (40), ended by an exception (1)``."""
    return ", ".join(f"{word.value} ({count:,})" for word, count in counts)


def unread_words(host: NbdHost) -> str:
    """Return why a host's connections are not known, or not all of them; "" if they are."""
    why = "; ".join(dict.fromkeys(gap.why for gap in host.unread))
    if not why:
        return ""
    name = called(host.host)
    told = "no connections can be told" if not host.sessions else "there may be more connections"
    return f"daemon.log of {name} was not read whole: {why}; so {told}"


def session_words(host: NbdHost) -> str:
    """Return how many connections a host had; never that there was none where nobody looked."""
    if host.sessions:
        return f"{counted(host.sessions, 'connection')}: {tally_words(host.fates)}"
    return "not known" if host.unread else "no connection was logged"


def trouble_words(host: NbdHost) -> str:
    """Return what stood behind the connections that failed, "" for none."""
    return tally_words(host.troubles)


def peak_of(host: NbdHost) -> int | None:
    """Return the most clients at once of which there is proof; None where nothing tells."""
    return max((each.peak for each in host.concurrency), default=None)


def info_words(info: NbdInfo) -> str:
    """Return the answer of get_nbd_info in few words."""
    match info.answer:
        case Answer.OK:
            return counted(len(info.endpoints), "endpoint")
        case Answer.UNKNOWN:
            return "cannot be told"
        case Answer.FAILS:
            return "empty" if info.stopped_at else "fails"


def tls_words(endpoint: NbdEndpoint) -> str:
    """Return the name that a TLS client must expect, or that there is no TLS."""
    if not endpoint.secure:
        return "without TLS"
    return endpoint.subject or "not known"


def unchecked_words(host: NbdHost | None) -> str:
    """Return which sources that could speak against an endpoint were not read, "" for none.

    >>> unchecked_words(None)
    'nothing of this host was read'
    """
    if host is None or not host.bundles:
        return "nothing of this host was read"
    return f"not read: {', '.join(host.unchecked)}" if host.unchecked else ""


def certificate_words(host: NbdHost | None) -> str:
    """Return until when a host's certificate holds; ``not read`` where nobody looked."""
    if host is None or host.certificate is None:
        return "not read"
    end = host.certificate.not_after
    if end is None:
        return "end not shown"
    told = end.date().isoformat()
    return f"{told}, ended before the report was made" if host.expired else told


def run_words(run: NbdRun) -> str:
    """Return how a run of xapi-nbd ended, as far as that was seen."""
    if run.crashed:
        return "crashed"
    if run.ended is None:
        return "end not seen"
    return "stopped" if run.crashed is False else "ended; whether by a crash is not known"


def use_words(leftover: Leftover) -> str:
    """Return whether a client is still connected to a disk that dom0 holds."""
    told = {True: "in use", False: "no client is connected", None: "whether in use is not known"}
    why = f": {leftover.because}" if leftover.because else ""
    return told[leftover.in_use] + why


def since_words(leftover: Leftover) -> str:
    """Return since when dom0 holds a disk, or a time by which it certainly did."""
    if leftover.since:
        return f"since {stamp(leftover.since)}"
    return f"since before {stamp(leftover.before)}" if leftover.before else ""


def held_words(leftover: Leftover) -> str:
    """Return how dom0 holds a disk: plugged or not, read-only or not, leaked."""
    told = {True: "plugged", False: "not plugged, but its VBD is there", None: "not known"}
    marks = [told[leftover.plugged], leftover.mode] if leftover.mode else [told[leftover.plugged]]
    if leftover.leaked:
        marks.append("leaked, says xapi")
    return ", ".join(marks)


def tone_of(connection: NbdConnection) -> str:
    """Return the tone of a connection; none is green, and a client that left is no failure."""
    match connection.fate:
        case SessionFate.LEAKED:
            return "error"
        case SessionFate.FAILED:
            return "context" if connection.trouble in _BY_CLIENT else "warning"
        case SessionFate.UNKNOWN:
            return "unsure"
        case SessionFate.CLOSED | SessionFate.STOPPED | SessionFate.OPEN:
            return "context"
