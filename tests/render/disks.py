"""Disks made by hand: in trouble, sound, unseen, without a name, and with CBT off."""

from datetime import datetime, timedelta

from analyzer.model.disk import (
    BreakKind,
    Comparison,
    DiskBreak,
    DiskChain,
    DiskLink,
    DiskLog,
    DiskState,
    DiskView,
    LifeEvent,
    LifeKind,
    LogKind,
)
from analyzer.model.finding import Confidence, Evidence, Subject
from analyzer.model.moment import Moment
from analyzer.model.operation import Result
from analyzer.model.source import Source

BUNDLE = "bug-report-20241122120400.tar.bz2"
LIVE = "3f0c7a52-91d4-4e08-b7c6-2a5de8140b93"
OLDEST = "0d9f6b3e-7c15-4a82-9be4-5f2a1c8d7e60"
MIDDLE = "5b8e2f19-4d7a-4c36-a0f1-9e3d6b2c8a47"
NEWEST = "c62a9d04-1f8b-4e57-8d3c-7a0b5e9f1d26"
SOUND = "8e4d1b70-62f9-4c3a-b5d8-0f7a2e6c9b13"
BEFORE = "f17c3a95-0b6e-4d28-9a41-6c8e5d2b7f04"
UNSEEN = "29b5e8d1-c4f7-4a06-8e92-d3b1a7f60c58"
OFF = "64f0a2c7-9d3e-4b81-a5c6-1e8b7d4f2a90"
ORPHAN = "b3e7d6a1-5c29-4f80-97be-2a4c8f1d0e65"
SR = Subject(type="SR", uuid="e8b1c6d0-47f2-4a9b-95d3-1c60fa7b28e4", name="tank")
OTHER_SR = Subject(type="SR", uuid="91d7c0e3-6a2b-4f58-b8d4-e5f3a9c1702d")
VM = Subject(type="VM", uuid="d4a8f1e6-3b97-4c05-8f2d-7b6e9c0a5d31", name="db01")
HOSTILE = "\x1b[31m\u202e<script>alert(1)</script> ' \" {{7*7}}"


def moment(clock: str, *, doubt: timedelta = timedelta(0)) -> Moment:
    """Return a moment of 22 November 2024."""
    time = datetime.fromisoformat(f"2024-11-22T{clock}+00:00")
    return Moment(at=time, earliest=time - doubt, latest=time + doubt, dated_by="audit.log")


def line(number: int, text: str) -> Evidence:
    """Return a quotation of SMlog."""
    source = Source(bundle=BUNDLE, member="var/log/SMlog", line=number)
    return Evidence(source=source, text=text, at=moment("10:00:00"))


def log(uuid: str, kind: LogKind, *, exists: bool | None = True, name: str = "data") -> DiskLog:
    """Return a log that was seen, unless `exists` says otherwise."""
    seen = exists is not None
    return DiskLog(
        uuid=uuid,
        name=name,
        kind=kind,
        exists=exists,
        confidence=Confidence.CERTAIN if seen else None,
        consistent=True if exists else None,
        size=500 << 30 if exists else None,
        cbt_enabled=True,
        evidence=line(77, f"  {uuid}.cbtlog VG_XenStorage -wi------- 4.00m") if seen else None,
    )


def link(older: str, newer: str, *, stale: bool = False, sure: bool = True) -> DiskLink:
    """Return a pointer."""
    return DiskLink(
        older=older,
        newer=newer,
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        stale=stale,
        evidence=line(90, f"['/usr/sbin/cbt-util', 'set', '-n', '{older}', '-c', '{newer}']"),
    )


def disk(uuid: str, chain: DiskChain, state: DiskState) -> DiskView:
    """Return a disk of one VM on an LVM SR."""
    return DiskView(
        pool=Subject(type="Pool", uuid="2c6f5a1e-90b7-4d38-8e4f-6b1d7a93c05e", name="lab"),
        sr=SR,
        sr_type="lvmoiscsi",
        vdi=Subject(type="VDI", uuid=uuid, name="data"),
        vms=(VM,),
        cbt_enabled=True,
        state=state,
        chain=chain,
    )


def broken_disk(finding: str) -> DiskView:
    """Return a disk with a stale pointer, a missing log, an arc, and hostile names."""
    chain = DiskChain(
        logs=(
            log(OLDEST, LogKind.METADATA),
            log(MIDDLE, LogKind.SNAPSHOT, exists=False),
            log(NEWEST, LogKind.SNAPSHOT, name=HOSTILE),
            log(LIVE, LogKind.LIVE),
        ),
        links=(link(OLDEST, LIVE, stale=True), link(NEWEST, LIVE, sure=False)),
        breaks=(
            DiskBreak(
                at=MIDDLE,
                to=NEWEST,
                what=f"{NEWEST} names it as its parent, and its log is not there",
                kind=BreakKind.FAULT,
                evidence=line(91, "parent"),
            ),
        ),
    )
    shown = disk(LIVE, chain, DiskState.BROKEN)
    return DiskView(
        pool=shown.pool,
        sr=shown.sr,
        sr_type=shown.sr_type,
        vdi=Subject(type="VDI", uuid=LIVE, name="db01 data"),
        vms=shown.vms,
        cbt_enabled=True,
        state=shown.state,
        chain=chain,
        life=_life(),
        comparisons=_comparisons(),
        contradictions=(f"lvs shows a log that SMlog removed {HOSTILE}",),
        findings=(finding, "F-not-in-this-report"),
    )


def _life() -> tuple[LifeEvent, ...]:
    return (
        LifeEvent(
            kind=LifeKind.ENABLED,
            moment=moment("08:00:00"),
            what=LIVE,
            result=Result.SUCCEEDED,
            evidence=line(20, f"vdi_enable_cbt {HOSTILE}"),
        ),
        LifeEvent(
            kind=LifeKind.RESIZED,
            moment=moment("09:00:00", doubt=timedelta(hours=2)),
            what=f"{LIVE} to 1 bytes: {HOSTILE}",
            result=Result.FAILED,
            evidence=line(30, "vdi_resize"),
        ),
        LifeEvent(
            kind=LifeKind.SNAPSHOT,
            moment=None,
            what=NEWEST,
            result=Result.UNKNOWN,
            evidence=line(40, "vdi_snapshot"),
        ),
    )


def _comparisons() -> tuple[Comparison, ...]:
    return (
        Comparison(
            older=OLDEST,
            newer=LIVE,
            moment=moment("11:00:00"),
            result=Result.SUCCEEDED,
            why="",
            evidence=line(50, "vdi_list_changed_blocks"),
        ),
        Comparison(
            older=MIDDLE,
            newer="",
            moment=moment("11:05:00"),
            result=Result.FAILED,
            why="error 460, Source and target VDI are unrelated",
            evidence=line(60, "vdi_list_changed_blocks"),
        ),
    )


def sound_disk() -> DiskView:
    """Return a disk of which everything was seen and is right."""
    logs = (log(BEFORE, LogKind.SNAPSHOT), log(SOUND, LogKind.LIVE))
    return disk(SOUND, DiskChain(logs=logs, links=(link(BEFORE, SOUND),)), DiskState.SOUND)


def unseen_disk() -> DiskView:
    """Return a disk with CBT of whose logs nothing was seen."""
    logs = (
        log(OLDEST[::-1], LogKind.UNKNOWN, exists=None),
        log(UNSEEN, LogKind.LIVE, exists=None),
    )
    doubt = DiskBreak(
        at=OLDEST[::-1],
        to="",
        what="what its child pointer holds is not known",
        kind=BreakKind.UNKNOWN,
    )
    return disk(UNSEEN, DiskChain(logs=logs, breaks=(doubt,)), DiskState.UNPROVEN)


def orphan_disk() -> DiskView:
    """Return logs whose disk the database does not have, on an SR without a name."""
    logs = (log(ORPHAN, LogKind.UNKNOWN),)
    return DiskView(
        pool=None,
        sr=OTHER_SR,
        sr_type=None,
        vdi=None,
        vms=(),
        cbt_enabled=None,
        state=DiskState.UNPROVEN,
        chain=DiskChain(logs=logs),
    )


def off_disk() -> DiskView:
    """Return a disk whose CBT is off."""
    return disk(OFF, DiskChain(), DiskState.OFF)
