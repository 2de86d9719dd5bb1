"""A host as ``cbtriage show host`` shows it; what is not known is None or "", never a default."""

from analyzer.model.finding import Finding, Gap, Subject
from analyzer.model.host import Role, ServiceState
from analyzer.model.moment import Moment
from analyzer.model.nbd_view import NbdHost, NbdNetwork, NbdPlace
from analyzer.model.report import Package
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLog:
    """A log of one status report: the time that its files cover, and why it is not whole."""

    need: str
    bundle: str
    window: tuple[Moment, Moment] | None
    gap: Gap | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSr:
    """An SR that a host has a PBD of; ``attached`` is None where the row does not say."""

    sr: Subject
    type: str | None
    attached: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """One host.

    ``bundles`` are the status reports made on it, () for one that only the database names;
    ``captured_at`` is the time of the newest. ``enabled`` and ``live`` are the database's.
    ``packages`` are those that CBT and NBD depend on. ``unread`` is what could not be read beside
    the logs. ``about`` are the findings that name the host, ``on_logs`` the others that quote its
    logs.
    """

    host: Subject
    pool: Subject | None
    role: Role
    product: str
    bundles: tuple[str, ...]
    captured_at: Moment | None
    database: str
    enabled: bool | None
    live: bool | None
    packages: tuple[Package, ...]
    logs: tuple[HostLog, ...]
    unread: tuple[Gap, ...]
    service: ServiceState | None
    nbd: NbdHost | None
    places: tuple[tuple[NbdNetwork, NbdPlace], ...]
    storages: tuple[HostSr, ...]
    about: tuple[Finding, ...]
    on_logs: tuple[Finding, ...]
