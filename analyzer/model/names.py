"""What may be asked for by name, and which of it a name means."""

from collections.abc import Sequence

from analyzer.model.moment import Moment
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An object that may be asked for.

    ``also`` are names beside its own (a host name, a bridge), ``words`` say what it is where
    several have one name, ``first`` marks what a name means rather than its snapshots and
    templates. ``taken`` is the database's time of a snapshot, ``owner`` the uuid of the disk that
    a snapshot or a log belongs to. ``parts`` are the uuids of the disks of a VM or SR,
    ``bundles`` the reports of a host. ``place`` tells apart what two pools know by one uuid.
    """

    type: str
    uuid: str
    name: str
    also: tuple[str, ...] = ()
    words: str = ""
    first: bool = True
    taken: Moment | None = None
    owner: str = ""
    parts: tuple[str, ...] = ()
    bundles: tuple[str, ...] = ()
    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """All objects of a run: disks and VMs by uuid, the others in the order in which they stand."""

    disks: tuple[Known, ...]
    vms: tuple[Known, ...]
    hosts: tuple[Known, ...]
    srs: tuple[Known, ...]
    networks: tuple[Known, ...]


def fitting(known: Sequence[Known], wanted: str) -> tuple[Known, ...]:
    """Return the objects that `wanted` fits; one if it is clear which, () for "".

    A whole uuid wins over its other uses, then a name, then the beginning of a uuid. A snapshot
    has the name of its disk: of a name's objects the live one is meant, if there is one only.
    """
    text = wanted.strip()
    if not text:
        return ()
    own = tuple(each for each in known if each.uuid == text.lower())
    named = tuple(each for each in known if text in (each.name, *each.also))
    first = tuple(each for each in named if each.first)
    begun = (each for each in known if each.uuid.startswith(text.lower()))
    return own or (first if len(first) == 1 else named) or tuple(begun)
