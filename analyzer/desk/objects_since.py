"""What a newer report shows of the objects of a trouble: still there, used again, sound."""

from datetime import datetime

from analyzer.desk.document import Document, instant, rows


def objects_gone(finding: Document, old: Document, new: Document) -> str:
    """Say that an object of a finding is not there any more, "" where all are."""
    gone = (_object_gone(subject, old, new) for subject in rows(finding, "subjects"))
    return next((told for told in gone if told), "")


def _object_gone(subject: Document, old: Document, new: Document) -> str:
    """Say that an object is not there any more, "" where it is, or nobody can know."""
    uuid = subject["uuid"]
    if (
        subject["type"] == "VDI"
        and _disk_of_document(old, uuid)
        and not _disk_of_document(new, uuid)
    ):
        return f"the newer report does not know disk {subject.get('name') or uuid} any more"
    if subject["type"] in ("Host", "host") and uuid not in {r["uuid"] for r in rows(new, "hosts")}:
        return f"no status report of host {subject.get('name') or uuid} was given the second time"
    return ""


def well_disk(finding: Document, new: Document, seen: datetime | None) -> str:
    """Say that all disks of a finding are sound and in use after it, "" where they are not."""
    disks = [s["uuid"] for s in rows(finding, "subjects") if s["type"] == "VDI"]
    known = [disk for uuid in disks if (disk := _disk_of_document(new, uuid))]
    if not known or seen is None or any(disk["state"] != "sound" for disk in known):
        return ""
    if not all(disk["vdi"] and _was_used_after(new, disk["vdi"]["uuid"], seen) for disk in known):
        return ""
    return "all of the disk's CBT was seen in the newer report, and it is sound"


def why_not_tried(finding: Document, old: Document, new: Document, after: datetime) -> str:
    """Say that nobody tried again what failed, "" where somebody did, or it needs no trying."""
    disks = {str(s["uuid"]) for s in rows(finding, "subjects") if s["type"] == "VDI"}
    disks = {
        str(disk["vdi"]["uuid"])
        for u in disks
        if (disk := _disk_of_document(old, u)) and disk["vdi"]
    } or disks
    if disks:
        used = any(_was_used_after(new, uuid, after) for uuid in disks)
        return "" if used else "nothing was done with the disk in that time"
    hosts = {s["uuid"] for s in rows(finding, "subjects") if s["type"] in ("Host", "host")}
    if str(finding["rule"]).startswith("nbd-") and hosts:
        served = [
            instant(span, "to")
            for pool in rows(new, "nbd")
            for host in rows(pool, "hosts")
            if host["uuid"] in hosts
            for span in rows(host, "clients")
        ]
        busy = any(end and end > after for end in served)
        return "" if busy else "no NBD client came to the host in that time"
    return ""


def _disk_of_document(document: Document, uuid: object) -> Document | None:
    """Return a disk by its uuid, or by that of a snapshot in its chain."""
    for disk in rows(document, "disks"):
        own = (disk.get("vdi") or {}).get("uuid")
        if uuid == own or any(uuid == log["uuid"] for log in rows(disk, "logs")):
            return disk
    return None


def _was_used_after(new: Document, uuid: object, after: datetime) -> bool:
    """Tell whether anything was done with a disk after a time."""
    disk = _disk_of_document(new, uuid)
    acts = (*rows(disk, "life"), *rows(disk, "comparisons")) if disk else ()
    return any((at := instant(act, "at", end="earliest")) and at > after for act in acts)
