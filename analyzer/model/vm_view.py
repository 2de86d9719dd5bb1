"""A VM as ``cbtriage show vm`` shows it."""

from analyzer.model.finding import Subject
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VmView:
    """A VM; ``state`` is its power state, ``kind`` VM, snapshot or template, None if not known.

    ``disks`` are the uuids of its disks in the order of their devices, ``findings`` the ids of
    those that name it.
    """

    vm: Subject
    pool: Subject | None
    kind: str
    state: str | None
    host: Subject | None
    disks: tuple[str, ...]
    findings: tuple[str, ...]
