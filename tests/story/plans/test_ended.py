"""Whether lines behind a trouble show that it is over."""

from pathlib import Path

import pytest

from analyzer.model.finding import Finding
from analyzer.model.goal import Standing
from analyzer.run import analyze
from tests.support.bundle import BundleBuilder
from tests.support.clock import utc
from tests.world.releases import XCP_NG_8_2
from tests.world.world import World

KERNEL, SM = "var/log/kern.log", "var/log/SMlog"
PATHS, STUCK = "multipath-path-failed", "storage-coalesce-stuck"
LEAF, PARENT = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913", "c1f4f1a2-0f5e-4f8b-9d3c-77b1c2a90e64"
OTHER = "91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4"
BOOTED = "kernel: [    0.000000] Linux version 4.19.0+1 (mockbuild@x) #1 SMP"


def finding(folder: Path, rule: str, log: str, *lines: str) -> Finding:
    """Return the only finding of a rule in a log with these lines, a minute apart."""
    world = World("ended", utc("2024-11-22 04:00:00"), release=XCP_NG_8_2)
    world.storage("SAN", "nfs")
    bundle: BundleBuilder = world.bundle(world.master)
    text = "".join(
        f"Nov 22 05:{minute:02d}:00 {world.master.name} {line}\n"
        for minute, line in enumerate(lines)
    )
    bundle.log(log, text)
    report = analyze([bundle.write_tar(folder / "b.tar.bz2")])
    (outcome,) = (each for each in report.outcomes if each.rule == rule)
    (found,) = outcome.findings
    return found


def path(what: str, number: str) -> str:
    return f"kernel: [113940.000000] device-mapper: multipath: 253:4: {what} path {number}."


def test_path_that_came_back_is_over_and_the_line_is_quoted(tmp_path: Path) -> None:
    lines = [path("Failing", "8:48"), path("Reinstating", "8:48")]
    found = finding(tmp_path, PATHS, KERNEL, *lines)
    assert (found.state, found.over_since) == (Standing.OVER, found.evidence[-1].at)
    assert found.evidence[-1].text.endswith("Reinstating path 8:48.")


@pytest.mark.parametrize(
    "lines",
    [
        [path("Failing", "8:48"), path("Reinstating", "8:64")],
        [path("Failing", "8:48"), path("Failing", "8:64"), path("Reinstating", "8:64")],
        [path("Reinstating", "8:48"), path("Failing", "8:48")],
        [*[path("Failing", "8:48"), path("Reinstating", "8:48")] * 2],
        [path("Failing", "8:48"), BOOTED, path("Reinstating", "8:48")],
    ],
    ids=["another", "one of two", "before", "again and again", "after a boot"],
)
def test_paths_that_did_not_all_come_back_to_stay_are_not_over(
    tmp_path: Path, lines: list[str]
) -> None:
    found = finding(tmp_path, PATHS, KERNEL, *lines)
    assert (found.state, found.state_why[:4]) == (Standing.UNKNOWN, "only")


PASSED = (
    "SMGC: [7] leaf-coalesce: EXCEPTION <class 'util.SMException'>, VDI could not be coalesced",
    'SMGC: [7]   File "/opt/xensource/sm/cleanup.py", line 1744, in coalesceLeaf',
    "SMGC: [7] *~*~*~*~*~*~*~*~*~*~*~*~*~*~*~*~*~*~*~*~*",
    f"SMGC: [7] Leaf-coalesce failed on {LEAF[:8]}[VHD](20.000G//8.305G|ao), skipping",
)


def volume(pid: int, leaf: str = LEAF) -> tuple[str, str]:
    """Return how a leaf of an LVM SR is copied and its parent gets its name."""
    shown = f"{leaf[:8]}[VHD](20.000G//8.305G|ao)"
    return (
        f"SMGC: [{pid}] Running VHD coalesce on {shown}",
        f"SM: [{pid}] ['/sbin/lvrename', 'VG_XenStorage-{OTHER}', 'VHD-{PARENT}', 'VHD-{leaf}']",
    )


def file(leaf: str = LEAF) -> str:
    """Return how the parent of a leaf of a file SR gets its name."""
    folder = f"/run/sr-mount/{OTHER}"
    return f"SMGC: [9] Renaming {folder}/{PARENT}.vhd -> {folder}/{leaf}.vhd"


@pytest.mark.parametrize("merged", [volume(9), (file(),)], ids=["LVM", "file"])
def test_leaf_that_was_merged_later_is_over(tmp_path: Path, merged: tuple[str, ...]) -> None:
    found = finding(tmp_path, STUCK, SM, *PASSED, *merged)
    assert (found.state, found.over_since) == (Standing.OVER, found.evidence[-1].at)
    assert found.evidence[-1].text.endswith(merged[-1])


@pytest.mark.parametrize(
    "lines",
    [
        PASSED,
        (*PASSED, *volume(9, OTHER)),
        (*PASSED, file(OTHER)),
        (*PASSED, volume(9)[1]),  # as a snapshot that is undone
        (*PASSED, volume(9)[0]),
        (*volume(9), *PASSED),
        (*PASSED, "SMGC: [8] Coalesce failed, skipping", *volume(9)),
    ],
    ids=["never", "another", "another file", "renamed", "begun", "before", "and one without name"],
)
def test_leaf_that_nothing_shows_merged_is_not_over(tmp_path: Path, lines: tuple[str, ...]) -> None:
    found = finding(tmp_path, STUCK, SM, *lines)
    assert (found.state, found.state_why[:4]) == (Standing.UNKNOWN, "only")
