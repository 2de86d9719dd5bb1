"""What a bundle says of the host it was made on."""

from enum import StrEnum

from analyzer.model.moment import Moment
from analyzer.model.source import Source
from analyzer.values import dataclass


class Role(StrEnum):
    """A host's place in its pool."""

    MASTER = "master"
    SUPPORTER = "supporter"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostInventory:
    """``etc/xensource-inventory``: None for a key that is not there."""

    source: Source
    host_uuid: str | None
    control_domain_uuid: str | None
    product_brand: str | None
    product_version: str | None
    build_number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMembership:
    """``etc/xensource/pool.conf``: ``master``, or ``slave:<address of the master>``."""

    source: Source
    role: Role
    master_address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """One unit of ``systemctl-status.out``.

    ``active`` is systemd's first word (``active``, ``inactive``, ``failed``), ``text`` the
    verbatim "Active:" line and ``journal`` the last journal lines shown with it.
    """

    source: Source
    unit: str
    active: str
    text: str
    since: str | None
    journal: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStates:
    """``systemctl-status.out`` of one host.

    ``complete`` is True only when the text was read to its end and understood. What the
    collector runs shows the manager's own block alone: ``failed_units`` is the number there,
    None without it, and ``running`` the units that have processes; ``services`` are the units
    whose states somebody had shown too.
    """

    source: Source
    complete: bool
    services: tuple[ServiceState, ...]
    failed_units: int | None = None
    running: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Datapath:
    """Who holds a disk on a host, from ``sm_diagnostics.out``.

    ``name`` is ``vbd/<domid>/<device>`` or the name of a migration; ``mode`` is RO or RW;
    ``leaked`` says that xapi could not let it go.
    """

    source: Source
    text: str
    sr: str
    vdi: str
    name: str
    active: bool
    mode: str
    leaked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SmDiagnostics:
    """``sm_diagnostics.out`` of one host."""

    source: Source
    complete: bool
    datapaths: tuple[Datapath, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """``rpm-qa.out`` of one host: the names with version and release, sorted."""

    source: Source
    complete: bool
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A xapi message object, ``var/xapi/blobs/messages``; the up to five copies are one."""

    source: Source
    text: str
    name: str
    priority: int | None
    cls: str
    obj_uuid: str
    moment: Moment
    body: str
    uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SmProcess:
    """A process of a storage driver in a list of processes.

    ``driver`` is its program, as ``LVMoISCSISR``; ``call`` what it was started for, as
    ``vdi_delete``, "" where it is not shown. ``defunct`` tells that it ended and its parent never
    asked how (a zombie).
    """

    source: Source
    text: str
    pid: int
    driver: str
    call: str
    defunct: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessList:
    """``process-tree.out`` of one host: the processes of its storage drivers, in its order."""

    source: Source
    complete: bool
    of_sm: tuple[SmProcess, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTask:
    """A task of xapi as `xe task-list` shows it; ``created`` is "" where it was not shown."""

    source: Source
    text: str
    uuid: str
    name: str
    status: str
    created: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskList:
    """``task_list.out``: all tasks of the pool, as one host saw them."""

    source: Source
    complete: bool
    tasks: tuple[ListedTask, ...]
