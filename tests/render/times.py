"""Time and cause made by hand: clocks, holes, incidents, runs, a chain of events."""

from datetime import UTC, datetime, timedelta

from analyzer.model.clock import ClockChange, ClockChangeKind, ClockSkew, HostClock
from analyzer.model.finding import Confidence, Evidence, Subject
from analyzer.model.hole import Hole, HoleKind
from analyzer.model.incident import Incident, IncidentKind
from analyzer.model.moment import Moment
from analyzer.model.report import CauseLink, Considered, HourCount
from analyzer.model.run import BackupRun, DiskRun, FullReason, RunStep, RunVerdict
from analyzer.model.source import Source
from tests.render.disks import BUNDLE, HOSTILE, LIVE, OFF, SOUND, SR

SECOND = "bug-report-20241122120612.tar.bz2"
HOST = "5d2e90c7-b813-4c6f-a1e4-96f07b3d8a25"
CRASHED, STEPPED = "I-host-crashed-7c1e09af", "I-clock-stepped-51b2d6c3"
UPGRADE = "I-rolling-upgrade-0e94af27"
ORION = Subject(type="Pool", uuid="7d1c0b94-5e2a-4f68-9c37-a1e0d85b26f3", name="orion")


def moment(clock: str, *, day: int = 22, doubt: timedelta = timedelta(0)) -> Moment:
    """Return a moment of November 2024."""
    time = datetime.fromisoformat(f"2024-11-{day:02d}T{clock}+00:00")
    return Moment(at=time, earliest=time - doubt, latest=time + doubt, dated_by="audit.log")


def undated(clock: str) -> Moment:
    """Return a moment without a year."""
    return moment(clock, doubt=timedelta(days=366))


def quoted(member: str, number: int, text: str, *, bundle: str = BUNDLE) -> Evidence:
    """Return a line of a log."""
    source = Source(bundle=bundle, member=f"var/log/{member}", line=number)
    return Evidence(source=source, text=text, at=moment("10:02:00"))


def change(kind: ClockChangeKind, at: Moment, seconds: float | None) -> ClockChange:
    """Return a jump of the stamps on jupiter."""
    return ClockChange(
        kind=kind,
        host="jupiter",
        bundle=BUNDLE,
        at=at,
        seconds=seconds,
        confidence=Confidence.LIKELY,
        before=quoted("kern.log", 2, "Nov 22 10:49:59 jupiter kernel: [81544.120033] tick"),
        after=quoted("kern.log", 3, f"Nov 22 11:02:00 jupiter kernel: {HOSTILE}"),
        members=("var/log/kern.log", "var/log/SMlog"),
    )


def clocks() -> tuple[HostClock, ...]:
    """Return a clock with all that may befall one, and one of which nothing is known."""
    return (
        HostClock(
            host="jupiter",
            bundle=BUNDLE,
            dated_by="The year is taken from audit.log; zone UTC+01:00 from audit.log.",
            zone_known=True,
            utc_offset_minutes=60,
            changes=(
                change(ClockChangeKind.REBOOT, moment("10:02:00"), None),
                change(
                    ClockChangeKind.BACK,
                    moment("10:30:00", doubt=timedelta(hours=1)),
                    -3600.0,
                ),
                change(ClockChangeKind.FORWARD, undated("10:40:00"), 0.25),
            ),
            skews=(
                ClockSkew(
                    host="jupiter",
                    bundle=BUNDLE,
                    to="NTP",
                    seconds=0.4,
                    doubt=0.02,
                    how="chronyc tracking",
                    pairs=1,
                    evidence=(quoted("chronyc", 4, "System time : 0.4 seconds fast of NTP time"),),
                ),
                ClockSkew(
                    host="jupiter",
                    bundle=BUNDLE,
                    to=HOSTILE,
                    seconds=-420.0,
                    doubt=1.5,
                    how="calls that both hosts logged",
                    pairs=37,
                    evidence=(quoted("SMlog", 1199, HOSTILE),),
                ),
            ),
            contradictions=(f"alerts say 2023, audit.log says 2024: {HOSTILE}",),
            compared="with saturn",
        ),
        HostClock(
            host="saturn",
            bundle=SECOND,
            dated_by="date of the archive; zone unknown",
            zone_known=False,
            utc_offset_minutes=None,
            compared="with none: no call was logged on both hosts",
        ),
    )


def hole(source: str, kind: HoleKind, began: Moment, ended: Moment) -> Hole:
    """Return a hole in a log of jupiter."""
    return Hole(
        bundle=BUNDLE,
        host="jupiter",
        source=source,
        kind=kind,
        began=began,
        ended=ended,
        expected="a line at least every 31 s",
        before=Source(bundle=BUNDLE, member="var/log/SMlog", line=1198),
        whole_host=kind is HoleKind.DOWN,
    )


def holes() -> tuple[Hole, ...]:
    """Return a silence, the time that a host was down, and a hole without a year."""
    return (
        hole("smlog", HoleKind.SILENT, moment("03:10:00"), moment("04:40:00")),
        hole("kern_log", HoleKind.DOWN, moment("09:49:59"), moment("10:02:00")),
        hole("kern_log", HoleKind.CUT, undated("08:00:00"), undated("09:00:00")),
    )


def incidents() -> tuple[Incident, ...]:
    """Return a crash with a doubtful beginning, a clock step, and an upgrade of the pool."""
    return (
        Incident(
            id=CRASHED,
            kind=IncidentKind.HOST_CRASHED,
            host="jupiter",
            bundle=BUNDLE,
            title="Host jupiter went down without an orderly shutdown",
            began=Moment(
                at=moment("09:49:59").at,
                earliest=moment("09:49:59").at,
                latest=moment("10:02:00").at,
                dated_by="audit.log",
            ),
            ended=moment("10:02:00"),
            last_seen=moment("10:02:00"),
            confidence=Confidence.CERTAIN,
            subjects=(Subject(type="Host", uuid=HOST, name="jupiter"),),
            evidence=(quoted("kern.log", 3, "Nov 22 11:02:00 jupiter kernel: Linux version"),),
            master=True,
        ),
        Incident(
            id=STEPPED,
            kind=IncidentKind.CLOCK_STEPPED,
            host="jupiter",
            bundle=BUNDLE,
            title=f"The clock was set back by an hour {HOSTILE}",
            began=undated("10:30:00"),
            ended=None,
            confidence=Confidence.POSSIBLE,
            subjects=(),
            evidence=(quoted("SMlog", 1210, HOSTILE),),
            count=500,
        ),
        Incident(
            id=UPGRADE,
            kind=IncidentKind.ROLLING_UPGRADE,
            host="",
            bundle=SECOND,
            title="A rolling upgrade of the pool was under way",
            began=moment("22:00:00", day=23),
            ended=None,
            last_seen=moment("01:00:00", day=24),
            confidence=Confidence.LIKELY,
            subjects=(),
            evidence=(quoted("xensource.log", 9, "rolling upgrade", bundle=SECOND),),
        ),
    )


def disk_run(
    uuid: str,
    verdict: RunVerdict,
    reason: FullReason | None,
    *,
    day: int = 24,
    name: str | None = None,
    findings: tuple[str, ...] = (),
) -> DiskRun:
    """Return one disk in one run."""
    undecided = verdict is RunVerdict.UNDECIDABLE
    return DiskRun(
        vdi=Subject(type="VDI", uuid=uuid, name=name),
        sr=SR,
        began=moment("02:00:00", day=day),
        ended=moment("02:20:00", day=day, doubt=timedelta(minutes=5)),
        verdict=verdict,
        reason=reason,
        words=f"the calls of {name or uuid} say so",
        confidence=Confidence.LIKELY,
        steps=(
            RunStep(
                what="VDI.snapshot",
                succeeded=True,
                evidence=quoted("SMlog", 2970, "Nov 24 03:00:00 jupiter SM: [3110] vdi_snapshot"),
            ),
            RunStep(
                what="VDI.list_changed_blocks",
                succeeded=None if undecided else verdict is RunVerdict.INCREMENTAL,
                evidence=quoted("SMlog", 2977, HOSTILE),
            ),
        ),
        findings=findings,
        settle_with="ask the backup program for its log" if undecided else "",
        evidence=(quoted("SMlog", 90, "cbt-util get -c"),),
    )


def runs(finding: str = "") -> tuple[BackupRun, ...]:
    """Return two nights: one with each verdict, and one of a pool without a name."""
    found = (finding,) if finding else ()
    off = FullReason.CBT_OFF
    return (
        BackupRun(
            id="R-d24be667",
            pool=ORION,
            began=moment("02:00:00", day=23),
            ended=moment("02:25:00", day=23, doubt=timedelta(minutes=5)),
            disks=(
                disk_run(LIVE, RunVerdict.FULL, off, day=23, name="db01 data", findings=found),
                disk_run(SOUND, RunVerdict.INCREMENTAL, None, day=23, name="web01"),
            ),
        ),
        BackupRun(
            id="R-0588c438",
            pool=ORION,
            began=moment("02:00:00", day=24),
            ended=moment("02:25:00", day=24, doubt=timedelta(minutes=5)),
            disks=(
                disk_run(LIVE, RunVerdict.FULL, None, name="db01 data"),
                disk_run(OFF, RunVerdict.UNDECIDABLE, None, name=HOSTILE),
            ),
        ),
        BackupRun(
            id="R-fd61d568",
            pool=None,
            began=undated("02:00:00"),
            ended=undated("02:30:00"),
            disks=(),
        ),
    )


def hours() -> tuple[HourCount, ...]:
    """Return how many lines of jupiter were kept, hour by hour."""
    start = datetime(2024, 11, 22, tzinfo=UTC)
    return tuple(
        HourCount(hour=start + timedelta(hours=hour), host="jupiter", lines=1 + hour * hour)
        for hour in range(24)
    )


def chain(root: str, effect: str) -> tuple[CauseLink, ...]:
    """Return a crash, what it did to a log, and an event whose order is not known."""
    return (
        CauseLink(
            title="Host jupiter went down without an orderly shutdown",
            at=moment("09:49:59"),
            order="",
            finding=None,
            source=Source(bundle=BUNDLE, member="var/log/kern.log", line=3),
            incident=CRASHED,
        ),
        CauseLink(
            title="CBT was turned off because its log was inconsistent",
            at=moment("10:06:01"),
            order="then",
            finding=root,
            source=Source(bundle=BUNDLE, member="var/log/SMlog", line=1204),
        ),
        CauseLink(
            title=f"Every backup is a full one {HOSTILE}",
            at=None,
            order="in unknown order",
            finding=effect,
            source=None,
        ),
    )


def considered() -> tuple[Considered, ...]:
    """Return another candidate."""
    return (
        Considered(
            title="The toolstack of jupiter was restarted",
            why="it was after the log was found inconsistent",
            source=Source(bundle=BUNDLE, member="var/log/xensource.log", line=51),
        ),
        Considered(title=HOSTILE, why=HOSTILE),
    )
