"""What a finding is known by from one status report to the next."""

import hashlib
from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.model.finding import Finding, Subject


def fingerprint(case: Case, finding: Finding) -> str:
    """Return what stays while a rule finds the same on the same objects in the same state.

    No line is part of it: logs rotate away. The state is what the database says of the objects,
    so that a disk whose CBT was turned on again and lost again is another trouble.
    """
    about = sorted(
        f"{subject.type.lower()} {subject.uuid} {' '.join(_states_of_subject(case, subject))}"
        for subject in finding.subjects
    )
    text = chr(0).join([finding.rule, *about])
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


def _states_of_subject(case: Case, subject: Subject) -> Iterator[str]:
    for pool in case.pools:
        if disk := pool.vdi(subject.uuid):
            yield f"cbt {disk.cbt_enabled} {disk.type}"
        if host := pool.host(subject.uuid):
            yield f"enabled {host.enabled}"
