"""NBD: what get_nbd_info would answer, what xapi-nbd served, and what it left behind."""

from enum import StrEnum

from analyzer.model.call import Answer
from analyzer.model.event import Event
from analyzer.model.finding import Advice, Confidence, Evidence, Subject
from analyzer.model.moment import Moment
from analyzer.model.network import HostCertificate
from analyzer.values import dataclass

NBD_PORT = 10809
CONNECTION_LIMIT = 16  # xen-api ocaml/nbd/src/consts.ml


class InfoStep(StrEnum):
    """The steps of get_nbd_info, in their order (xen-api ``xapi_vdi.ml`` ``get_nbd_info``)."""

    TYPE = "the disk is not CBT metadata"
    PLUGGED = "a host has the SR attached"
    PURPOSE = "a network has an NBD purpose"
    ADDRESS = "such a host has an address on such a network"
    CERTIFICATE = "such a host answers with its certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class NbdEndpoint:
    """One record of get_nbd_info. ``address`` is as xapi gives it: IPv6 with its prefix.

    ``subject`` is the name a TLS client must expect, None where it is not known, and
    ``certificate`` what the host's report shows of its certificate. ``evidence`` quotes the rows
    of the PIF and of the network. ``warnings`` are what the call does not
    check and what speaks against using this endpoint, each with what it rests on.
    """

    address: str
    host: Subject
    network: Subject
    pif: Subject
    secure: bool
    subject: str | None
    evidence: tuple[Evidence, ...]
    port: int = NBD_PORT
    warnings: tuple["InfoWarning", ...] = ()
    certificate: HostCertificate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoWarning:
    """Something that get_nbd_info does not check, and that makes its answer unusable."""

    what: str
    confidence: Confidence
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NbdInfo:
    """What get_nbd_info would answer for one disk, from the database alone.

    ``answer`` is OK with endpoints, FAILS when the list is empty or the call raises, UNKNOWN
    where rows are missing; ``stopped_at`` is the step at which the list became empty. ``because``
    is a sentence without a full stop, ``mend`` the changes each of which by itself gives an
    endpoint, the smallest first; for UNKNOWN, what would tell. ``warnings`` hold for the whole
    answer (both purposes in the pool, one host down that fails the call for all). With
    ``stopped_at`` CERTIFICATE, ``endpoints`` are those that hosts which answer would give.
    """

    vdi: Subject
    sr: Subject
    answer: Answer
    stopped_at: InfoStep | None
    because: str
    endpoints: tuple[NbdEndpoint, ...]
    evidence: tuple[Evidence, ...]
    mend: tuple[Advice, ...] = ()
    warnings: tuple[InfoWarning, ...] = ()

    @property
    def usable(self) -> bool:
        """Tell whether the call gives an endpoint that nothing certain speaks against."""
        sound = any(not _is_certain(endpoint.warnings) for endpoint in self.endpoints)
        return self.answer is Answer.OK and sound and not _is_certain(self.warnings)


def _is_certain(warnings: tuple[InfoWarning, ...]) -> bool:
    return any(each.confidence is Confidence.CERTAIN for each in warnings)


class ClientTrouble(StrEnum):
    """What stands behind "Caught exception while handling client", told apart."""

    SESSION_INVALID = "the client's session was not valid"
    SERVER_BUSY = "the server was at its connection limit"
    PURPOSES_MIXED = "the pool had both NBD purposes"
    NO_PURPOSE = "no network had an NBD purpose"
    XAPI_DOWN = "xapi did not let xapi-nbd log in"
    PLAIN_ON_TLS = "the client spoke plain NBD where TLS is forced"
    TLS_HANDSHAKE = "the TLS handshake failed"
    CLIENT_ABORT = "the client broke off the negotiation"
    CLIENT_GONE = "the client went away"
    NETWORK = "the connection was cut"
    NO_SESSION = "the export name had no session"
    VDI_GONE = "the disk did not exist"
    VBD_REFUSED = "the disk could not be attached to dom0"
    STORAGE = "reading the disk failed"
    DEVICE_MISSING = "the device of the attached disk did not appear"
    OTHER = "an exception of another kind"


class SessionFate(StrEnum):
    """How a client's connection ended, as far as xapi-nbd says."""

    CLOSED = "closed by the client"
    FAILED = "ended by an exception"
    STOPPED = "ended with the server"
    OPEN = "open at the end of what was read"
    LEAKED = "its disk was never unplugged"
    UNKNOWN = "its end was not seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class NbdSession:
    """One connection to xapi-nbd, or a plugged disk whose connection was not seen.

    xapi-nbd's lines do not name the connection; what joins them is the VBD's reference, the
    pid, and order. ``joined`` says how sure the lines belong together. ``vdi`` is a uuid (None
    where nothing names it), ``vbd`` an OpaqueRef. ``events`` are all lines of it in order.
    ``vdi_joined`` says how sure `vdi` is, and ``rows`` quotes what names it. ``goodbye`` tells
    whether the client took its leave, as far as that is known; ``session`` is the reference that
    xapi did not accept.
    """

    host: str
    bundle: str
    pid: int | None
    events: tuple[Event, ...]
    fate: SessionFate
    joined: Confidence
    began: Moment | None = None
    ended: Moment | None = None
    trouble: ClientTrouble | None = None
    code: str | None = None
    vbd: str | None = None
    vdi: str | None = None
    session: str | None = None
    rows: tuple[Evidence, ...] = ()
    vdi_joined: Confidence = Confidence.CERTAIN
    goodbye: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """How many clients a host served over time: (moment, at least, at most), in order.

    ``peak`` is the largest "at least".
    """

    host: str
    bundle: str
    points: tuple[tuple[Moment, int, int], ...]
    peak: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRun:
    """One life of the xapi-nbd process. None for a start or an end that was not seen.

    ``crashed`` is True only if it ended without being told to stop; None where not known.
    ``events`` are the lines about the server, not those about its clients. ``stop`` is the signal
    or systemd's order to stop that ended it, ``exception`` what it said when it died, ``failed``
    systemd's first note of a failure, ``killed`` the line that says it was killed, ``limit`` that
    systemd gave up starting it. ``last`` is the last line of the process itself.
    """

    host: str
    bundle: str
    pid: int | None
    started: Event | None
    listening: Event | None
    ended: Event | None
    crashed: bool | None
    events: tuple[Event, ...]
    stop: Event | None = None
    exception: Event | None = None
    failed: Event | None = None
    killed: Event | None = None
    limit: Event | None = None
    last: Event | None = None


class Holder(StrEnum):
    """For whom a control domain holds a disk."""

    NBD = "xapi-nbd"
    XAPI = "xapi itself, as for an export, an import or a copy"
    UNKNOWN = "nobody that is known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dom0Attachment:
    """A disk that a control domain holds, and by what that is known.

    ``host`` is a host's uuid. ``vbd`` is the row's uuid, None without a row. ``plugged`` is
    VBD.currently_attached (or an active datapath), ``leaked`` xapi's own mark in sm_diagnostics.
    ``since`` is when it was plugged, None where not seen; ``session`` the NBD connection that
    did it. ``in_use`` is True while a client is certainly still connected, False when certainly
    none is, None where the reports cannot tell; ``because`` is the sentence that says so.
    ``before`` is a time by which it certainly was attached, where its plug was not seen.
    """

    pool: str
    host: str
    vdi: str
    vbd: str | None
    mode: str
    plugged: bool | None
    leaked: bool | None
    evidence: tuple[Evidence, ...]
    since: Moment | None = None
    session: NbdSession | None = None
    in_use: bool | None = None
    by: Holder = Holder.UNKNOWN
    because: str = ""
    before: Moment | None = None
