"""NBD of one pool as the report shows it; unknown is ``None``, never a default."""

from datetime import datetime
from enum import StrEnum

from analyzer.model.finding import Confidence, Evidence, Gap, Subject
from analyzer.model.moment import Moment
from analyzer.model.nbd import (
    ClientTrouble,
    Concurrency,
    Holder,
    InfoWarning,
    NbdInfo,
    SessionFate,
)
from analyzer.model.network import HostCertificate
from analyzer.values import dataclass


class PlaceState(StrEnum):
    """What a host's interface on a network is for NBD, after the database."""

    NAMED = "get_nbd_info names it"
    DOUBTED = "get_nbd_info names it, and something speaks against it"
    IDLE = "it has an address, and get_nbd_info names it for no SR"
    EMPTY = "it has no address, so get_nbd_info does not name it"
    DETACHED = "it is not attached, so get_nbd_info does not name it"
    PLAIN = "its network has no NBD purpose"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class NbdPlace:
    """A host's interface (PIF) on a network; ``device`` is with its VLAN (``eth0.20``).

    ``carrier`` is whether the link was up, ``warnings`` are those of the endpoints on it, and
    ``findings`` the ids of those that name the PIF.
    """

    host: str
    pif: str
    device: str
    addresses: tuple[str, ...]
    state: PlaceState
    carrier: bool | None
    evidence: Evidence
    warnings: tuple[InfoWarning, ...] = ()
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NbdNetwork:
    """A network and the interfaces on it, by host; ``purpose`` is None where not known."""

    network: Subject
    bridge: str | None
    purpose: tuple[str, ...] | None
    places: tuple[NbdPlace, ...]
    evidence: Evidence
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NbdRun:
    """One life of xapi-nbd; None for a start or an end that was not seen."""

    bundle: str
    pid: int | None
    started: Moment | None
    listening: Moment | None
    ended: Moment | None
    crashed: bool | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NbdHost:
    """A host and what xapi-nbd did on it.

    ``bundles`` is () for a host whose report was not given. ``expired`` tells whether the
    certificate had ended when the report was made. ``unread`` is why sessions, runs and clients
    are not known, or not all of them: without it, no session means that none was logged.
    ``unchecked`` names the sources that could speak against an endpoint and were not read whole.
    ``sessions`` counts all, ``fates`` and ``troubles`` split them. ``runs`` are the latest ones.
    ``read_until`` is when the last line of its daemon.log was written, None where not known.
    """

    host: Subject
    bundles: tuple[str, ...]
    certificate: HostCertificate | None = None
    expired: bool | None = None
    unread: tuple[Gap, ...] = ()
    unchecked: tuple[str, ...] = ()
    sessions: int = 0
    fates: tuple[tuple[SessionFate, int], ...] = ()
    troubles: tuple[tuple[ClientTrouble, int], ...] = ()
    concurrency: tuple[Concurrency, ...] = ()
    runs: tuple[NbdRun, ...] = ()
    runs_left_out: int = 0
    findings: tuple[str, ...] = ()
    read_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NbdConnection:
    """A connection that was not closed in order; see `NbdSession`.

    ``vdi`` is None where nothing names the disk, ``vdi_joined`` how sure it is; ``lines`` counts
    the lines of the connection, of which ``evidence`` quotes the first and the last.
    """

    host: Subject
    bundle: str
    pid: int | None
    fate: SessionFate
    joined: Confidence
    began: Moment | None
    ended: Moment | None
    trouble: ClientTrouble | None
    code: str | None
    vbd: str | None
    vdi: Subject | None
    vdi_joined: Confidence
    session: str | None
    lines: int
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A disk that a control domain holds; see `Dom0Attachment`.

    ``host.uuid`` is "" where nothing says which host it is. ``because`` is the sentence for
    ``in_use``; ``connection`` says in words which connection plugged the disk, "" if none is known.
    """

    host: Subject
    vdi: Subject
    vbd: str | None
    mode: str
    plugged: bool | None
    leaked: bool | None
    in_use: bool | None
    because: str
    since: Moment | None
    before: Moment | None
    by: Holder
    connection: str
    evidence: tuple[Evidence, ...]
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NbdView:
    """NBD of one pool.

    ``pool`` is "" for hosts that no database names. ``in_use`` is True with an NBD purpose, a
    connection or a leftover, False when there is certainly none, None where that cannot be told.
    ``connections`` are those not closed in order, ``connections_left_out`` how many more there
    are. ``unread`` is what is missing of the database.
    """

    pool: str
    uuid: str
    in_use: bool | None
    networks: tuple[NbdNetwork, ...]
    hosts: tuple[NbdHost, ...]
    infos: tuple[NbdInfo, ...]
    connections: tuple[NbdConnection, ...] = ()
    connections_left_out: int = 0
    leftovers: tuple[Leftover, ...] = ()
    unread: tuple[Gap, ...] = ()
    findings: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[bool, bool, str, str]:
        """Return what pools are sorted by: without NBD later, name, uuid; no pool at all last."""
        return not self.uuid, self.in_use is False, self.pool, self.uuid
