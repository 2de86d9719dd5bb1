"""The checks that SM makes, asked of what the bundle shows of the storage."""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.model.call import Answer, CallCheck
from analyzer.model.cbt import Walk, WalkEnd
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.sentence import say
from analyzer.model.terms import (
    LOG_VOLUME_SIZE,
    SAME_DISK,
    UNRELATED_DISKS,
    VOLUME_GROUP,
    VOLUME_TYPES,
)
from analyzer.rebuilt.answers.questions import SM, Asked, check, param, row
from analyzer.rebuilt.cbt.changed_blocks import walk_at_capture
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.rebuilt.cbt.left_out import left_out, past_of
from analyzer.rebuilt.cbt.log_listings import listing_shows_log_is_missing, log_listings
from analyzer.sm.comparing import SIZES

_HOST = "host_"
# SM asks the driver for the type of the image, never the row (sm, VDI.py, list_changed_blocks).
_RAW = frozenset({("vdi_type", "aio"), ("vdi_type", "raw"), ("type", "raw")})
_KNOWN = frozenset({("vdi_type", "vhd"), ("vdi_type", "qcow2"), ("type", "vhd"), ("type", "qcow2")})
_UNRELATED = f"SR_BACKEND_FAILURE_460 ({UNRELATED_DISKS})"
_FULL = "Take a new snapshot and a full backup: these two cannot be compared."


def is_raw(about: Asked) -> CallCheck:
    """Ask whether the disk is raw, which only SM knows: by its sm_config, volume or file."""
    config = set((about.vdi.sm_config or {}).items())
    image = next(_images_of_about(about), None)
    raw = bool(config & _RAW) or (image is not None and image[0])
    known = raw or image is not None or bool(config & _KNOWN)
    return check(
        "is the disk a VHD or QCOW2, not raw?",
        raw if known else None,
        ("it is", "it is raw"),
        "SR_BACKEND_FAILURE_66 (Raw VDI or snapshot not permitted)",
        (image[1],) if image else row(about.vdi, "sm_config"),
        by=SM,
        settle_with=param(about.vdi, "sm-config"),
        remedy="Copy the disk into a VHD (xe vdi-copy) and use the copy.",
    )


def _images_of_about(about: Asked) -> Iterator[tuple[bool, Evidence]]:
    """Yield whether a volume or file of the disk is raw, and what shows it."""
    uuid = about.vdi.uuid
    raw = (f"LV-{uuid}", f"{uuid}.raw")
    names = (*raw, f"VHD-{uuid}", f"QCOW2-{uuid}", f"{uuid}.vhd", f"{uuid}.qcow2")
    for report in about.case.hosts:
        for volume in report.lvs.volumes if report.lvs else ():
            if volume.name in names:
                yield volume.name in raw, Evidence(source=volume.source, text=volume.text)
        for file in (file for listing in report.listings for file in listing.files):
            if file.name in names:
                yield file.name in raw, Evidence(source=file.source, text=file.text)


def can_pause(about: Asked) -> CallCheck:
    """Ask whether a tapdisk must be paused: SM notes the hosts of one in sm_config."""
    config = about.vdi.sm_config
    keys = [key for key in config or {} if key.startswith(_HOST)]
    hosts = (about.pool.host(key.removeprefix(_HOST)) for key in keys)
    names = sorted({(host.name_label or host.uuid) if host else "the host" for host in hosts})
    return check(
        "can the disk be paused on the host that has it open?",
        None if config is None or keys else False,
        ("no host has it open, so nothing is paused", ""),
        "SR_BACKEND_FAILURE_457 (Failed to pause VDI)",
        row(about.vdi, "sm_config"),
        by=SM,
        settle_with=f"tap-ctl list, on {', '.join(names) or 'the host that has the disk open'}",
    )


def enough_space(about: Asked) -> CallCheck:
    """Ask for room for the log; only LVM SRs look."""
    kind = about.sr.type if about.sr else None
    asks = "is there room for the log?"
    if about.sr and kind and kind not in VOLUME_TYPES:
        words = (f"SM does not look on an SR of type {kind}", "")
        return check(asks, False, words, "", row(about.sr, "type"), by=SM)
    group = f"{VOLUME_GROUP}{about.sr.uuid}" if about.sr else ""
    rows = [
        found
        for report in about.case.hosts
        for found in (report.vgs.groups if report.vgs else ())
        if found.name == group and found.free is not None
    ]
    free = min((found.free for found in rows if found.free is not None), default=None)
    return check(
        asks,
        None if free is None else free < LOG_VOLUME_SIZE,
        (f"{free} bytes are free, {LOG_VOLUME_SIZE} are needed",) * 2,
        "SR_BACKEND_FAILURE_457 (There is insufficient space)",
        tuple(Evidence(source=found.source, text=found.text) for found in rows[:1]),
        by=SM,
        settle_with=f"vgs {group or 'VG_XenStorage-<sr>'}",
        remedy="Free space in the volume group: delete snapshots, or extend the SR.",
    )


def same_sr(first: Asked, last: Asked) -> CallCheck:
    """Ask whether both disks are on one SR (X-24)."""
    known = first.vdi.sr is not None and last.vdi.sr is not None
    return check(
        "are both disks on the same SR?",
        first.vdi.sr != last.vdi.sr if known else None,
        ("they are", "they are not: xapi looks for vdi_from on the SR of vdi_to"),
        "INTERNAL_ERROR (Not_found)",
        (*row(first.vdi, "SR"), *row(last.vdi, "SR")),
        settle_with=param(first.vdi, "sr-uuid"),
        remedy=_FULL,
    )


def not_same(first: Asked, last: Asked) -> CallCheck:
    """Ask for two different disks."""
    return check(
        "are vdi_from and vdi_to two disks?",
        first.vdi.uuid == last.vdi.uuid,
        ("they are", "they are the same disk"),
        f"SR_BACKEND_FAILURE_460 ({SAME_DISK})",
        row(first.vdi),
        by=SM,
        remedy="Give the older snapshot first, the newer one second.",
    )


def has_log(about: Asked, role: str) -> CallCheck:
    """Ask whether a disk's log exists; the database's flag is not proof of it."""
    log = cbt_history(about.case).find(about.vdi.uuid)
    exists = log.exists if log else None
    known = exists is not None and exists.confidence is not Confidence.POSSIBLE
    proof = (exists.evidence,) if exists else row(about.vdi, "cbt_enabled")
    if exists and known and not exists.value:
        proof = _of_what_is_missing(about.case, about.vdi.uuid, proof)
    folder = f"/run/sr-mount/{about.sr.uuid}" if about.sr else "/run/sr-mount/<sr>"
    volume = f"lvs VG_XenStorage-{about.sr.uuid}" if about.sr else "lvs"
    kind = about.sr.type if about.sr else None
    return check(
        f"does the log of {role} exist?",
        not exists.value if exists and known else None,
        ("it does", "it does not: CBT is off, or the log was lost"),
        _UNRELATED,
        proof,
        by=SM,
        settle_with=volume if kind in VOLUME_TYPES else f"ls -l {folder}/{about.vdi.uuid}.cbtlog",
    )


def _of_what_is_missing(case: Case, vdi: str, proof: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Return a proof that names the disk, else the header of a list of its SR, and a row of it.

    A row of another file alone would not show that a log is missing.
    """
    if any(vdi in each.text for each in proof):
        return proof
    disk = case.world.vdi(vdi)
    sr = case.world.sr_of(disk) if disk else None
    lists = (
        each
        for each in log_listings(case)
        if sr is not None and each.sr == sr.uuid and listing_shows_log_is_missing(each, vdi)
    )
    return next((each.quote(vdi) for each in lists), proof)


def walked(case: Case, forth: Walk, first: str, last: str) -> CallCheck:
    """Ask whether the chain leads from one disk to the other, as SM walks it: ``forth``."""
    asks = "do the child pointers lead from vdi_from to vdi_to, with sizes that fit?"
    if forth.end is WalkEnd.UNKNOWN:
        return CallCheck(
            by=SM,
            asks=asks,
            answer=Answer.UNKNOWN,
            words=forth.why,
            evidence=forth.evidence,
            settle_with=forth.settle_with,
        )
    back = walk_at_capture(case, last, first)
    words, error = _why_walk_ended(forth, back)
    ends = {WalkEnd.NO_LOG_FROM: first, WalkEnd.NO_LOG_TO: last}
    proof = forth.evidence
    if forth.end in ends:
        proof = _of_what_is_missing(case, ends[forth.end], proof)
    sure = "" if forth.confidence is Confidence.CERTAIN else f" ({forth.confidence})"
    reached = f"they do, over {', '.join(forth.visited)}{sure}"
    remedy = ""  # the plan of the disk says what mends its logs
    if back.end is WalkEnd.REACHED:
        remedy = f"Swap them: vdi_from={last} vdi_to={first}"
    return check(
        asks,
        forth.end is not WalkEnd.REACHED,
        (reached, f"{words}{sure}"),
        error,
        proof,
        by=SM,
        remedy=remedy,
    )


def complete(case: Case, forth: Walk, first: Asked, last: Asked) -> Iterator[CallCheck]:
    """Yield what the answer surely leaves out, which SM does not say; nothing where nothing is."""
    missing = left_out(past_of(case), forth, first.vdi.uuid, last.vdi.uuid)
    if missing is not None:
        words = say(
            "what was written to disk {disk} between {since} and {until} is in no log on the way",
            disk=missing.disk,
            since=missing.since,
            until=missing.until,
        )
        yield CallCheck(
            by=SM,
            asks="is all that was written between the two in the answer?",
            answer=Answer.FAILS,
            words=words,
            error="success, and blocks are left out",
            evidence=missing.evidence,
            remedy=_FULL,
        )


def _why_walk_ended(forth: Walk, back: Walk) -> tuple[str, str]:
    """Return why the walk does not reach its end, and the error that the caller sees."""
    match forth.end:
        case WalkEnd.CHAIN_ENDS if back.end is WalkEnd.REACHED:
            return "vdi_from is newer than vdi_to: the order is reversed", _UNRELATED
        case WalkEnd.CHAIN_ENDS if forth.next:
            missing = f"{forth.at} names {forth.next} as its child, whose log is missing"
            return missing, _UNRELATED
        case WalkEnd.CHAIN_ENDS:
            return f"{forth.at} is the end of its chain: its child pointer is empty", _UNRELATED
        case WalkEnd.SIZES:
            words = f"{forth.why or 'the sizes along the chain do not fit'}"
            return words, f"SR_BACKEND_FAILURE_459 ({SIZES})"
        case WalkEnd.CYCLE:
            return "the child pointers run in a circle", "no answer: SM walks the circle for ever"
        case _:
            return forth.end.value, _UNRELATED
