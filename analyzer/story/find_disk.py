"""Find the disk that somebody means: by uuid, by the beginning of one, or by a name."""

from dataclasses import dataclass

from analyzer.case.case import Case
from analyzer.rebuilt.cbt.history import cbt_history

_METADATA = "cbt_metadata"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Candidate:
    """A disk that could be meant; ``kind`` is live, snapshot, cbt_metadata or only a log."""

    uuid: str
    name: str
    kind: str
    sr: str


def find_disks(case: Case, wanted: str) -> tuple[Candidate, ...]:
    """Return the disks that `wanted` fits, ordered by uuid; one if it is clear which.

    A whole uuid wins over its other uses, then a name, then the beginning of a uuid. A snapshot
    has the name of its disk: of a name's disks the live one is meant, if there is one only.
    """
    every = _candidates(case)
    text = wanted.strip()
    own = tuple(each for each in every if each.uuid == text.lower())
    if own:
        return own[:1]
    named = tuple(each for each in every if text and each.name == text)
    live = tuple(each for each in named if each.kind == "live")
    if named:
        return live if len(live) == 1 else named
    return tuple(each for each in every if text and each.uuid.startswith(text.lower()))


def _candidates(case: Case) -> tuple[Candidate, ...]:
    found = {
        vdi.uuid: Candidate(
            uuid=vdi.uuid,
            name=vdi.name_label or "",
            kind=_kind(vdi.type, snapshot=vdi.is_a_snapshot),
            sr=(sr.name_label or sr.uuid) if (sr := pool.sr(vdi.sr)) else "unknown",
        )
        for pool in case.pools
        for vdi in pool.vdis
    }
    logs = {
        uuid: Candidate(uuid=uuid, name="", kind="only a log", sr=sr)
        for sr, uuid in cbt_history(case).now
        if uuid not in found
    }
    return tuple(sorted((*found.values(), *logs.values())))


def _kind(of: str | None, *, snapshot: bool | None) -> str:
    if of == _METADATA:
        return _METADATA
    return "snapshot" if snapshot else "live"
