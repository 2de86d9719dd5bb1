"""What a command prints with ``--json``: parts of the same document that report.json is."""

from analyzer.model.call import CallJudgement
from analyzer.model.disk import DiskView
from analyzer.model.entry import Entry
from analyzer.model.explained import LineExplained, RuleExplained
from analyzer.model.finding import Finding, Gap
from analyzer.model.host_view import HostView
from analyzer.model.nbd import Concurrency, NbdInfo, NbdSession, ServerRun
from analyzer.model.network_view import NetworkView
from analyzer.model.plan import Plan
from analyzer.model.run import BackupRun
from analyzer.model.sr_view import SrView
from analyzer.model.vm_view import VmView
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What was asked for; None where it was not asked for.

    ``disks`` and ``runs`` are as the report has them, ``findings`` are those that the others name
    by their ids.
    """

    calls: tuple[CallJudgement, ...] | None = None
    concurrency: tuple[Concurrency, ...] | None = None
    connections: tuple[NbdSession, ...] | None = None
    disks: tuple[DiskView, ...] | None = None
    findings: tuple[Finding, ...] | None = None
    happenings: tuple[Entry, ...] | None = None
    host_pages: tuple[HostView, ...] | None = None
    lines: tuple[LineExplained, ...] | None = None
    nbd_infos: tuple[NbdInfo, ...] | None = None
    networks: tuple[NetworkView, ...] | None = None
    plans: tuple[Plan, ...] | None = None
    rules: tuple[RuleExplained, ...] | None = None
    runs: tuple[BackupRun, ...] | None = None
    servers: tuple[ServerRun, ...] | None = None
    srs: tuple[SrView, ...] | None = None
    unread: tuple[Gap, ...] | None = None
    vms: tuple[VmView, ...] | None = None
