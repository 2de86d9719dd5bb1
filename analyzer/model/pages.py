"""What a second question is answered with: one page for each object, call, rule and finding.

A page holds all that its command prints. It is made by `analyzer.story.pages`, or read back from a
case file; either way the command sees the same values.
"""

from typing import Generic, TypeVar

from analyzer.model.call import CallJudgement
from analyzer.model.disk import DiskView
from analyzer.model.explained import LineExplained, RuleExplained
from analyzer.model.finding import Finding, Gap
from analyzer.model.host_view import HostView
from analyzer.model.names import Names, fitting
from analyzer.model.nbd import Concurrency, NbdInfo, NbdSession, ServerRun
from analyzer.model.network_view import NetworkView
from analyzer.model.plan import Plan
from analyzer.model.report import Cause
from analyzer.model.sr_view import SrView
from analyzer.model.vm_view import VmView
from analyzer.values import dataclass

Page = TypeVar("Page")
SESSION_REF = "opaqueref:"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageKind(Generic[Page]):
    """A kind of page: what it is called, and its type."""

    name: str
    type: type[Page]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskPage:
    """A disk, the findings about it and its plan."""

    view: DiskView
    findings: tuple[Finding, ...]
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VmPage:
    """A VM, the findings about itself and its own plan; of its disks each has a page."""

    view: VmView
    findings: tuple[Finding, ...]
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPage:
    """A host and its plan."""

    view: HostView
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SrPage:
    """An SR and its plan."""

    view: SrView
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPage:
    """A network, the findings about it, and its plan."""

    view: NetworkView
    findings: tuple[Finding, ...]
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """What became of a call, and the plan of its disk."""

    judgement: CallJudgement
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionNamed:
    """An NBD connection and the references and uuids that it may be asked for by, in lower case."""

    session: NbdSession
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsPage:
    """All NBD connections and who served them; ``unread`` is which logs may hide others."""

    sessions: tuple[SessionNamed, ...]
    servers: tuple[ServerRun, ...]
    counts: tuple[Concurrency, ...]
    unread: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NbdInfoPage:
    """What get_nbd_info answers for a disk, and the plans for what is wrong with it."""

    info: NbdInfo
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingPage:
    """A finding, what explains it, the cause that it belongs to, and the plan of its object."""

    finding: Finding
    explained_by: tuple[Finding, ...]
    causes: tuple[Cause, ...]
    plans: tuple[Plan, ...]


DISK = PageKind(name="vdi", type=DiskPage)
VM = PageKind(name="vm", type=VmPage)
HOST = PageKind(name="host", type=HostPage)
SR = PageKind(name="sr", type=SrPage)
NETWORK = PageKind(name="network", type=NetworkPage)
ENABLE_CBT = PageKind(name="enable-cbt", type=CallPage)
DATA_DESTROY = PageKind(name="data-destroy", type=CallPage)
COMPARE = PageKind(name="list-changed-blocks", type=CallPage)
NBD_INFO = PageKind(name="nbd-info", type=NbdInfoPage)
RULE = PageKind(name="rule", type=RuleExplained)
FINDING = PageKind(name="finding", type=FindingPage)
LINE = PageKind(name="line", type=LineExplained)


def key_of_line(bundle: str, member: str, line: int) -> str:
    """Return the key of the page of a line."""
    return f"{bundle}\0{member}\0{line}"


def sessions_fitting(page: SessionsPage, names: Names, wanted: str) -> tuple[SessionNamed, ...]:
    """Return the connections that `wanted` fits, in their order; all of them for "".

    It may be the reference of the VBD or of the client's session, the VBD's or the disk's uuid,
    the beginning of one of these, the disk's name, or the pid of xapi-nbd.
    """
    text = wanted.strip().lower()
    if not text:
        return page.sessions
    of_pid = tuple(each for each in page.sessions if text == str(each.session.pid))
    if of_pid:
        return of_pid
    disks = {disk.uuid for disk in fitting(names.disks, wanted)}
    key = text.removeprefix(SESSION_REF)
    return tuple(
        each
        for each in page.sessions
        if each.session.vdi in disks or any(name.startswith(key) for name in each.names)
    )
