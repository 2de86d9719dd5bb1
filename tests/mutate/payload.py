"""What reading made of an archive, as one sum: two archives that read alike are judged alike."""

import hashlib
from pathlib import Path

from analyzer.bundle.archive import open_bundle
from analyzer.bundle.budget import Budget


def payload(archive: Path) -> str:
    """Return the sum of all that an archive gives out: members, their times, and what was lost.

    Raises:
        InputError: nothing in it can be read.
    """
    opened = open_bundle(archive, budget=Budget())
    digest = hashlib.sha256()
    members = []
    for member in opened.members():
        content = hashlib.sha256()
        for block in member.blocks():
            content.update(block)
        members.append(member)
        digest.update(content.digest())
    for member in members:
        trust = member.trust.why if member.trust is not None else ""
        row = (member.bundle, member.path, member.mtime, member.damage, member.md5, trust)
        digest.update(repr(row).encode("utf-8", "backslashreplace"))
    ends = (opened.complete, opened.stopped, sorted(opened.doubled), opened.omissions)
    digest.update(repr(ends).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()
