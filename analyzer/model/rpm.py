"""Names and versions of packages, compared as rpm compares them (rpmvercmp, rpmvercmp.c)."""

import re

from analyzer.values import dataclass

_PART = re.compile(r"[0-9]+|[A-Za-z]+|~|\^", re.ASCII)
_LONGEST_EPOCH = 10
_ARCHITECTURES = (".x86_64", ".noarch", ".i686", ".i586", ".i386", ".aarch64", ".src", ".(none)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Epoch, version and release; ``release`` is "" where only a version was given."""

    epoch: int
    version: str
    release: str

    def __str__(self) -> str:
        release = f"-{self.release}" if self.release else ""
        return f"{f'{self.epoch}:' if self.epoch else ''}{self.version}{release}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An installed package."""

    name: str
    version: Version


def parse_package(text: str) -> Package | None:
    """Read a line of ``rpm -qa``; None for what is no package.

    >>> str(parse_package("sm-3.2.12-17.2.xcpng8.3.x86_64").version)
    '3.2.12-17.2.xcpng8.3'
    """
    bare = text
    for ending in _ARCHITECTURES:
        bare = bare.removesuffix(ending)
    name, _, release = bare.rpartition("-")
    name, _, version = name.rpartition("-")
    if not (name and version and release):
        return None
    return Package(name=name, version=parse_version(f"{version}-{release}"))


def parse_version(text: str) -> Version:
    """Read ``[epoch:]version[-release]``.

    >>> parse_version("1:2.0-3")
    Version(epoch=1, version='2.0', release='3')
    """
    head, colon, rest = text.partition(":")
    number = colon and len(head) <= _LONGEST_EPOCH and head.isascii() and head.isdecimal()
    version, _, release = (rest if number else text).partition("-")
    return Version(epoch=int(head) if number else 0, version=version, release=release)


def compare(one: Version, other: Version) -> int:
    """Return -1, 0 or 1 as `one` is older than, the same as, or newer than `other`.

    Where one of them has no release, the releases do not count, as in rpm's dependencies.

    >>> compare(parse_version("3.2.12-17.2.xcpng8.3"), parse_version("3.2.12-17.10"))
    -1
    """
    if one.epoch != other.epoch:
        return _sign_of(one.epoch - other.epoch)
    by_version = compare_parts(one.version, other.version)
    if by_version or not (one.release and other.release):
        return by_version
    return compare_parts(one.release, other.release)


def compare_parts(one: str, other: str) -> int:
    """Compare two versions, or two releases, part by part.

    Numbers count as numbers and are newer than words; a tilde is older than the end, a caret
    newer than the end and older than anything else; what is left over makes newer.

    >>> (
    ...     compare_parts("1.0~rc1", "1.0"),
    ...     compare_parts("1.0^git1", "1.0"),
    ...     compare_parts("1.a", "1.1"),
    ... )
    (-1, 1, -1)
    """
    mine, others = _PART.findall(one), _PART.findall(other)
    for left, right in zip(mine, others, strict=False):
        if left != right:
            order = _compare_part(left, right)
            if order:
                return order
    longer, sign = (mine, 1) if len(mine) > len(others) else (others, -1)
    rest = longer[min(len(mine), len(others)) :]
    if not rest:
        return 0
    return -sign if rest[0] == "~" else sign


def _compare_part(left: str, right: str) -> int:
    for mark, sign in (("~", -1), ("^", -1)):
        if mark in (left, right):
            return sign if left == mark else -sign
    if left.isdecimal() != right.isdecimal():
        return 1 if left.isdecimal() else -1
    if left.isdecimal():
        # Compare two numbers of any length, without making them integers.
        mine, others = left.lstrip("0"), right.lstrip("0")
        if len(mine) != len(others):
            by_number = len(mine) - len(others)
        else:
            by_number = (mine > others) - (mine < others)
        return _sign_of(by_number)
    return 1 if left > right else -1


def _sign_of(number: int) -> int:
    return (number > 0) - (number < 0)
