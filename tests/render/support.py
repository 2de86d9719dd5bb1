"""Reports made by hand: a rich one, one that could read nothing, one that is all clear."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.finding import (
    Advice,
    Basis,
    Confidence,
    Evidence,
    Finding,
    Outcome,
    Severity,
    Subject,
    Verdict,
)
from analyzer.model.goal import Goal, Standing, StepKind
from analyzer.model.host import Role
from analyzer.model.moment import Moment
from analyzer.model.plan import Alternative, Branch, Cost, Keep, Plan, Step
from analyzer.model.report import (
    BundleInfo,
    Cause,
    Coverage,
    HostInfo,
    LedgerEntry,
    Omission,
    ParseProblem,
    Presence,
    Report,
    Suppressed,
)
from analyzer.model.source import Source
from analyzer.story.timeline.happenings import made, quoted
from analyzer.story.timeline.order import in_order
from tests.render.disks import broken_disk, off_disk, orphan_disk, sound_disk, unseen_disk
from tests.render.nbd import idle_pool, troubled_pool, unknown_hosts
from tests.render.times import chain, clocks, considered, holes, hours, incidents, runs

FIRST = "bug-report-20241122120400.tar.bz2"
SECOND = "bug-report-20241122120612.tar.bz2"
SCRIPT = "<script>alert(1)</script>"
HOSTILE = f"\x1b[31mred\x1b[0m \u202egnp.exe {SCRIPT} \x00 ]]> --> {{{{7*7}}}} ' \" &amp; `x` |"
LONG = "x" * 10_000

VDI = "3f0c7a52-91d4-4e08-b7c6-2a5de8140b93"
OTHER_VDI = "a2d94be1-5c07-4f3e-8a61-70cfe3b9d258"
SR = "e8b1c6d0-47f2-4a9b-95d3-1c60fa7b28e4"
HOST = "5d2e90c7-b813-4c6f-a1e4-96f07b3d8a25"
OTHER_HOST = "c71f4a08-2e6d-4b95-8d30-f4a9156be7c2"


def at(clock: str, *, day: int = 22, doubt: timedelta = timedelta(0)) -> Moment:
    """Return a moment of November 2024."""
    time = datetime.fromisoformat(f"2024-11-{day:02d}T{clock}+00:00")
    earliest, latest = time - doubt, time + doubt
    return Moment(at=time, earliest=earliest, latest=latest, dated_by="audit.log of this host")


def without_year(clock: str) -> Moment:
    """Return a moment of which only day and time are known."""
    time = datetime.fromisoformat(f"2024-11-22T{clock}+00:00")
    year = timedelta(days=366)
    return Moment(at=time, earliest=time - year, latest=time + year, dated_by="year unknown")


def smlog(line: int, *, bundle: str = FIRST) -> Source:
    """Return a line of SMlog."""
    return Source(bundle=bundle, member="var/log/SMlog", line=line)


def crash() -> Finding:
    """Return the finding that a host's crash explains."""
    return Finding(
        rule="cbt-disabled-inconsistent-log",
        title="CBT was turned off because its log was inconsistent",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        basis=Basis.BOTH,
        subjects=(
            Subject(type="VDI", uuid=VDI, name="db01 data"),
            Subject(type="host", uuid=HOST, name="jupiter"),
        ),
        detail="SM found the CBT log of this disk still marked as in use when it activated the "
        "disk, so the session before did not end in order. It turned CBT off; the disk itself "
        "is attached and works.",
        action=(
            Advice(step=f"xe vdi-enable-cbt uuid={VDI}"),
            Advice(
                step="Take a new snapshot and a full backup of db01 data.",
                risk="The full backup reads 500 GiB from the storage repository.",
            ),
        ),
        evidence=(
            Evidence(
                source=smlog(1204),
                text="Nov 22 11:06:01 jupiter SM: [24517] Changed Block Tracking metadata is "
                f"inconsistent for disk {VDI}.",
                at=at("10:06:01"),
            ),
            Evidence(
                source=smlog(1201),
                text="Nov 22 11:06:00 jupiter SM: [24517] ['/usr/sbin/cbt-util', 'get', '-n', "
                f"'/dev/VG_XenStorage-{SR}/{VDI}.cbtlog', '-f']\n"
                "Nov 22 11:06:00 jupiter SM: [24517]   pread SUCCESS",
                at=at("10:06:00"),
            ),
            Evidence(
                source=Source(bundle=FIRST, member="xapi-db.xml", line=0),
                text=f'<row uuid="{VDI}" cbt_enabled="false" name__label="db01 data"/>',
            ),
        ),
        first_seen=at("10:06:01"),
        last_seen=at("10:06:01"),
        wrong_if="somebody marked the log by hand with cbt-util set -f 0",
        references=("xapi-project/sm libs/sm/VDI.py activate()",),
    )


def full_backup(cause: Finding) -> Finding:
    """Return a second finding that the first explains."""
    return Finding(
        rule="cbt-every-backup-full",
        title="Every backup of this disk has been a full one since CBT was turned off",
        severity=Severity.CRITICAL,
        confidence=Confidence.LIKELY,
        basis=Basis.SYMPTOM,
        subjects=(Subject(type="VDI", uuid=VDI, name="db01 data"),),
        detail="Each request for the changed blocks was refused with error 460 after CBT had "
        "been turned off, three nights in a row.",
        action=(Advice(step=f"xe vdi-enable-cbt uuid={VDI}"),),
        evidence=tuple(
            Evidence(
                source=smlog(line),
                text=f"Nov {day} 03:0{n}:14 jupiter SM: [{pid}] Raising exception [460, Failed to "
                "calculate changed blocks for given VDIs. [opterr=Source and target VDI are "
                "unrelated]]",
                at=at(f"02:0{n}:14", day=day),
            )
            for n, (line, day, pid) in enumerate(((2977, 23, 3110), (4410, 24, 8127)), 1)
        ),
        first_seen=at("02:01:14", day=23),
        last_seen=at("02:02:14", day=24),
        count=3,
        wrong_if="the backup program compared disks that are not related",
        explained_by=(cause.id,),
    )


def mixed() -> Finding:
    """Return a finding from state alone, without a time."""
    return Finding(
        rule="nbd-network-purpose-mixed",
        title="Networks with TLS and without TLS are mixed for NBD",
        severity=Severity.WARNING,
        confidence=Confidence.CERTAIN,
        basis=Basis.STATE,
        subjects=(Subject(type="network", uuid=OTHER_VDI, name="Backup LAN"),),
        detail="One network has the purpose nbd, another insecure_nbd.",
        action=(
            Advice(
                step=f"xe network-param-remove uuid={OTHER_VDI} param-name=purpose "
                "param-key=insecure_nbd",
                risk="NBD connections on this network end.",
            ),
        ),
        evidence=(
            Evidence(
                source=Source(bundle=SECOND, member="xapi-db.xml", line=1),
                text=f'<row uuid="{OTHER_VDI}" purpose="(\'insecure_nbd\')"/>',
            ),
        ),
    )


def hostile() -> Finding:
    """Return a finding whose every text wants to be something else."""
    return Finding(
        rule="nbd-session-invalid",
        title=f"A client came with an invalid session {HOSTILE}",
        severity=Severity.WARNING,
        confidence=Confidence.POSSIBLE,
        basis=Basis.SYMPTOM,
        subjects=(Subject(type="VDI", uuid=HOSTILE, name=HOSTILE),),
        detail=f"The session {HOSTILE} was refused.",
        action=(Advice(step=f"Look at {HOSTILE}.", risk=HOSTILE),),
        evidence=(
            Evidence(
                source=Source(bundle=SECOND, member=f"var/log/{SCRIPT} daemon.log", line=7),
                text=HOSTILE,
                at=without_year("10:07:00"),
            ),
            Evidence(
                source=Source(bundle=SECOND, member="var/log/daemon.log", line=8),
                text=LONG,
                at=at("10:08:00", doubt=timedelta(hours=7)),
            ),
        ),
        first_seen=without_year("10:07:00"),
        last_seen=at("10:08:00", doubt=timedelta(hours=7)),
        count=16,
        wrong_if=HOSTILE,
        references=(HOSTILE,),
    )


def outcome(rule: str, verdict: Verdict, reason: str = "", **more: object) -> Outcome:
    """Return the outcome of a rule that found nothing."""
    empty = Outcome(
        rule=rule,
        title=f"Title of {rule}",
        severity=Severity.ERROR,
        verdict=verdict,
        reason=reason,
    )
    return replace(empty, **more)  # type: ignore[arg-type]  # the caller's keywords are fields


def found(finding: Finding, **more: object) -> Outcome:
    """Return the outcome of a rule that found one thing."""
    return outcome(
        finding.rule,
        Verdict.FOUND,
        "1 finding",
        title=finding.title,
        severity=finding.severity,
        findings=(finding,),
        **more,
    )


def rich_report() -> Report:
    """Return a report with one of everything."""
    plans = (disk_plan(), network_plan(), hostile_plan())
    disk, net, strange = (plan.id for plan in plans)
    root = replace(crash(), plan=disk, state=Standing.NOW, state_why="CBT is off after night 1")
    effect = replace(full_backup(root), plan=disk, state=Standing.NOW)
    other = replace(mixed(), plan=net, state=Standing.NOW)
    last = replace(
        hostile(),
        plan=strange,
        state=Standing.OVER,
        state_why=HOSTILE,
        over_since=at("10:09:00"),
    )
    report = Report(
        version="0.1.0",
        catalogue="2026.1 (9 rules)",
        options=MappingProxyType({"time_zone": "from the bundle", "since": SCRIPT}),
        bundles=_bundles(),
        hosts=_hosts(),
        causes=(
            Cause(
                id="C-1",
                title="Host jupiter went down while disks were in use",
                severity=Severity.CRITICAL,
                findings=(effect.id, root.id),
                first_seen=at("10:02:00"),
                last_seen=at("02:02:14", day=24),
                next_action=f"xe vdi-enable-cbt uuid={VDI}, then a snapshot and a full backup",
                context=(Source(bundle=FIRST, member="var/log/kern.log", line=3),),
                confidence=Confidence.LIKELY,
                chain=chain(root.id, effect.id),
                considered=considered(),
            ),
            Cause(
                id="C-2",
                title=other.title,
                severity=Severity.WARNING,
                findings=(other.id,),
                first_seen=None,
                last_seen=None,
                next_action=other.action[0].step,
            ),
        ),
        outcomes=(*_untold(), *_judged(), *(found(f) for f in (root, effect, other, last))),
        coverage=_coverage(),
        ledger=_ledger(),
        omissions=(
            Omission(
                bundle=SECOND,
                member="var/log/blktap",
                why="Omitted, size constraint of tapdisk-logs exceeded",
                settle_with="xen-bugtool -y -u --entries=tapdisk-logs",
            ),
            Omission(
                bundle=SECOND, member=HOSTILE, why="the name leaves the bundle", settle_with=""
            ),
        ),
        problems=(
            ParseProblem(source=smlog(9, bundle=SECOND), what=f"no syslog head: {HOSTILE}"),
            ParseProblem(source=smlog(0), what="the last line has no end"),
        ),
        suppressed=(
            Suppressed(
                pattern="noise-lv-not-found-on-delete",
                count=12,
                reason="SM deletes the volume of a metadata VDI twice; the second try is caught.",
                example=Evidence(
                    source=smlog(88),
                    text="Nov 22 03:00:14 jupiter SM: [911] Raising exception [46, The VDI is not "
                    "available [opterr=LV not found]]",
                ),
            ),
            Suppressed(pattern="noise-b", count=0, reason=HOSTILE, example=None),
        ),
        happenings=(),
        disks=(broken_disk(root.id), sound_disk(), unseen_disk(), orphan_disk(), off_disk()),
        nbd=(troubled_pool(last.id, root.id), idle_pool(), unknown_hosts()),
        clocks=clocks(),
        holes=holes(),
        incidents=incidents(),
        runs=runs(effect.id),
        hours=hours(),
        plans=plans,
    )
    return with_happenings(report)


def disk_plan() -> Plan:
    """Return a plan with one of everything."""
    enable = Step(
        kind=StepKind.DO,
        text="Turn CBT on for db01 data.",
        why="It begins a new, empty log.",
        commands=(f"xe vdi-enable-cbt uuid={VDI}",),
        where="the SR master",
        risk="The full backup reads 500 GiB from the storage repository.",
    )
    removal = Step(
        kind=StepKind.DESTROYS,
        text="Remove the log of db01 data.",
        commands=(f"rm /run/sr-mount/{SR}/{VDI}.cbtlog",),
        lost="what the log recorded",
        precondition="Go on only where the file is shorter than 48 bytes.",
    )
    subject = Subject(type="VDI", uuid=VDI, name="db01 data")
    there = Plan(object=subject, goals=(), steps=(LOOK_FIRST, removal, enable))
    gone = Plan(object=subject, goals=(), steps=(enable,), cost=Cost(full_backups=1), proven=True)
    look = Step(
        kind=StepKind.LOOK,
        text="Look whether db01 data has a log.",
        answers=(
            Branch(when="it is listed", means="it is removed", plan=there),
            Branch(when="there is none", means="CBT is turned on", plan=gone),
        ),
    )
    keep = Keep(snapshot=OTHER_VDI, text=f"Do not delete {OTHER_VDI}.", first=enable)
    return Plan(
        object=subject,
        goals=(Goal.INCREMENTAL, Goal.NO_SILENT_LOSS),
        steps=(look,),
        cost=Cost(full_backups=1, logs=(VDI,)),
        proven=True,
        doubt="taken as likely: its child",
        keep=(keep,),
        alternative=Alternative(steps=(enable,), cost=Cost(full_backups=1)),
        findings=(crash().id,),
    )


LOOK_FIRST = Step(
    kind=StepKind.LOOK,
    text="Look whether the log still has no whole header.",
    precondition="Go on only where the file is shorter than 48 bytes.",
)


def network_plan() -> Plan:
    """Return the plan of a network: the steps of its rules, in order."""
    step = mixed().action[0]
    return Plan(
        object=mixed().subjects[0],
        goals=(Goal.NBD_REACHABLE,),
        steps=(Step(kind=StepKind.DO, text=step.step, risk=step.risk or ""),),
        findings=(mixed().id,),
    )


def hostile_plan() -> Plan:
    """Return a plan whose every text wants to be something else."""
    step = Step(
        kind=StepKind.DESTROYS,
        text=HOSTILE,
        why=HOSTILE,
        commands=(HOSTILE,),
        where=HOSTILE,
        risk=HOSTILE,
        lost=HOSTILE,
        precondition=HOSTILE,
    )
    look = Step(kind=StepKind.LOOK, text=HOSTILE, precondition=HOSTILE)
    return Plan(
        object=hostile().subjects[0],
        goals=(),
        steps=(look, step),
        doubt=HOSTILE,
        keep=(Keep(snapshot=HOSTILE, text=HOSTILE),),
        findings=(hostile().id,),
    )


def _bundles() -> tuple[BundleInfo, ...]:
    return (
        BundleInfo(
            name=FIRST,
            kind="tar.bz2",
            sha256="7c1e" * 16,
            captured_at=at("11:04:00", day=24),
            complete=True,
        ),
        BundleInfo(
            name=SECOND,
            kind="tar.bz2",
            sha256="09af" * 16,
            captured_at=at("11:06:12", day=24),
            complete=False,
            note="the archive ends inside var/log/daemon.log: 31 MB were read",
        ),
    )


def _hosts() -> tuple[HostInfo, ...]:
    return (
        HostInfo(
            uuid=HOST,
            name="jupiter",
            role=Role.MASTER,
            product="XenServer 8.4.0",
            bundle=FIRST,
            utc_offset_minutes=60,
            clock_skew_seconds=0.4,
            database="xapi-db-dumped.xml",
        ),
        HostInfo(
            uuid=OTHER_HOST,
            name="saturn",
            role=Role.SUPPORTER,
            product="XenServer 8.4.0",
            bundle=SECOND,
            utc_offset_minutes=None,
        ),
    )


def _untold() -> tuple[Outcome, ...]:
    listing = (
        "no listing of the storage repository was collected, and the status report never has one"
    )
    command = f"ls -l /run/sr-mount/{SR}"
    return (
        outcome("cbt-log-missing", Verdict.CANNOT_TELL, listing, settle_with=(command,)),
        outcome("cbt-log-short", Verdict.CANNOT_TELL, listing, settle_with=(command,)),
        outcome(
            "nbd-connection-limit",
            Verdict.CANNOT_TELL,
            "daemon.log of saturn ends at about 09:58, before the trouble on jupiter",
            settle_with=("xen-bugtool -y --entries=system-logs",),
        ),
        outcome(
            "cbt-chain-cycle",
            Verdict.ERROR,
            "the check itself failed: KeyError 'parent'; this is our fault",
            settle_with=("cbtriage analyze --verbose",),
        ),
    )


def _judged() -> tuple[Outcome, ...]:
    return (
        outcome(
            "cbt-disabled-no-space",
            Verdict.RULED_OUT,
            "SMlog of both hosts was read and has no such line",
            window=(at("03:10:00", day=18), at("11:04:00", day=24)),
            holes=holes()[:1],
        ),
        outcome(
            "cbt-database-disagrees",
            Verdict.RULED_OUT,
            "the database was read to its end",
        ),
        outcome("nbd-info-no-nbd-network", Verdict.NOT_APPLICABLE, "NBD is enabled on a network"),
    )


def _coverage() -> tuple[Coverage, ...]:
    whole = Coverage(
        bundle=FIRST,
        member="var/log/SMlog",
        parser="smlog",
        lines=184_211,
        events=3_420,
        not_understood=2,
        not_used=0,
        first=at("03:10:00", day=21),
        last=at("11:03:59", day=24),
        dated_by="audit.log: outer local time against inner UTC",
        shapes=((f"Nov 99 99:99:99 {HOSTILE}", 2),),
    )
    return (
        whole,
        replace(
            whole,
            member="var/log/SMlog.1",
            first=at("03:10:00", day=18),
            last=at("03:09:58", day=21),
            not_understood=0,
            not_used=0,
            shapes=(),
        ),
        replace(whole, member="var/log/kern.log", parser="kern_log", lines=812, shapes=()),
        replace(
            whole,
            member="var/log/daemon.log",
            parser="daemon_log",
            first=at("09:50:00"),
            last=at("11:04:00"),
            shapes=(),
        ),
        replace(
            whole,
            member="var/log/daemon.log.2",
            parser="daemon_log",
            first=at("07:00:00"),
            last=at("09:00:00"),
            shapes=(),
        ),
        replace(whole, member="xapi-db.xml", parser="xapi_db", lines=1, first=None, last=None),
        replace(
            whole,
            bundle=SECOND,
            member="var/log/daemon.log",
            parser="daemon_log",
            first=at("03:10:00", day=22),
            last=at("09:58:00", day=23, doubt=timedelta(hours=7)),
            dated_by="date of the archive; zone unknown",
            shapes=(),
        ),
    )


def _ledger() -> tuple[LedgerEntry, ...]:
    why = {
        Presence.PRESENT: "2 members",
        Presence.NOT_REQUESTED: "argv has --entries=system-logs only",
        Presence.OMITTED_BY_CAP: "Omitting, size constraint of disk-info exceeded",
        Presence.TIMED_OUT: "ends in ** timeout **",
        Presence.EMPTY: "the command failed",
        Presence.DAMAGED: "the archive ends inside it",
        Presence.ROTATED_AWAY: "the oldest line is of 18 November",
        Presence.OVER_BUDGET: "over 2 GB unpacked",
        Presence.BY_DESIGN: "a status report never lists a storage repository",
        Presence.ABSENT: "no member has this name",
    }
    sources = (
        "smlog",
        "audit_log",
        "df",
        "lvs",
        "systemctl",
        "daemon_log",
        "xensource_log",
        "kern_log",
        "sr_listing",
        "user_log",
    )
    return tuple(
        LedgerEntry(
            bundle=FIRST if presence is Presence.PRESENT else SECOND,
            source=source,
            members=("var/log/SMlog", "var/log/SMlog.1") if presence is Presence.PRESENT else (),
            presence=presence,
            why=reason,
            settle_with="" if presence is Presence.PRESENT else f"xen-bugtool -y  # {source}",
        )
        for (presence, reason), source in zip(why.items(), sources, strict=True)
    )


def with_happenings(report: Report) -> Report:
    """Return a report with all that happens in it, as a run lists it, and one line of the scene."""
    boot = Entry(
        moment=at("10:02:00"),
        what=EntryKind.RECORD,
        host="jupiter",
        lane="kern_log",
        source=Source(bundle=FIRST, member="var/log/kern.log", line=3),
        kinds=("kernel-boot",),
        title="host started",
        message="Linux version 4.19.0+1",
        text="Nov 22 11:02:00 jupiter kernel: [    0.000000] Linux version 4.19.0+1",
    )
    names = {FIRST: "jupiter", SECOND: "saturn"}
    told = made(report, quoted(report), (), names)
    return replace(report, happenings=in_order([*told, boot]))


def empty_report() -> Report:
    """Return a report of a bundle in which nothing could be read."""
    why = "no member of the bundle could be read"
    rules = ("cbt-log-missing", "nbd-connection-limit", "nbd-session-invalid")
    return Report(
        version="0.1.0",
        catalogue="2026.1 (3 rules)",
        options=MappingProxyType({}),
        bundles=(
            BundleInfo(
                name="broken.tar.bz2",
                kind="unknown",
                sha256=None,
                captured_at=None,
                complete=False,
                note="not an archive, and no log of a known name",
            ),
        ),
        hosts=(),
        causes=(),
        outcomes=tuple(outcome(rule, Verdict.CANNOT_TELL, why) for rule in rules),
        coverage=(),
        ledger=(),
        omissions=(),
        problems=(),
        suppressed=(),
        happenings=(),
    )


def clear_report() -> Report:
    """Return a report in which every rule was judged and everything was read."""
    whole, host = _bundles()[0], _hosts()[0]
    return replace(
        empty_report(),
        bundles=(whole,),
        hosts=(host,),
        outcomes=_judged(),
        coverage=_coverage()[:3],
        ledger=_ledger()[:1],
    )


def utc(text: str) -> datetime:
    """Return an ISO time as an aware one."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
