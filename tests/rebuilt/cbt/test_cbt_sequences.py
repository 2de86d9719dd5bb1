"""The worked sequences of SM's log, with all their noise, give the chain that they make.

Derived from VDI.py, FileSR.py and LVHDSR.py of sm; V is the live disk, N its new snapshot, P the
older one.
"""

import re

import pytest

from analyzer.model.cbt import CbtLog, WalkEnd
from analyzer.model.finding import Confidence
from analyzer.model.operation import Operation
from analyzer.rebuilt.cbt.changed_blocks import walk
from analyzer.rebuilt.cbt.history import CbtHistory, rebuild
from tests.rebuilt.cbt.sm_logs import NOBODY, SR, read_back

V = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"
N = "91c3e5d0-7a41-4f0e-8f6b-55d1c0b7a2e4"
P = "c7f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d"
NAMES = {"V": V, "N": N, "P": P, "0": NOBODY, "S": SR}
SIZE = 10737418240

ENABLE_FILE = """
lock: opening lock file /var/lock/sm/{S}/sr
lock: acquired /var/lock/sm/{S}/sr
['/usr/sbin/td-util', 'query', 'vhd', '-vpfb', '/run/sr-mount/{S}/{V}.vhd'] ✓
lock: released /var/lock/sm/{S}/sr
vdi_enable_cbt {V}
Disk status request for {V}
Pause request for {V}
lock: opening lock file /var/lock/sm/{V}/cbtlog
lock: acquired /var/lock/sm/{V}/cbtlog
['/usr/sbin/cbt-util', 'create', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-s', '10737418240'] ✓
lock: released /var/lock/sm/{V}/cbtlog
lock: acquired /var/lock/sm/{V}/cbtlog
['/usr/sbin/cbt-util', 'set', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-f', '1'] ✓
lock: released /var/lock/sm/{V}/cbtlog
Unpause request for {V} secondary=None
lock: closed /var/lock/sm/{V}/cbtlog
"""
ENABLE_LVM = """
LVMCache created for VG_XenStorage-{S}
vdi_enable_cbt {V}
Disk status request for {V}
Pause request for {V}
['/sbin/vgs', '--noheadings', '--nosuffix', '--units', 'b', 'VG_XenStorage-{S}'] ✓
LVMCache: will initialize now
LVMCache: refreshing
['/sbin/lvs', '--noheadings', '--units', 'b', '-o', '+lv_tags', '/dev/VG_XenStorage-{S}'] ✓
['/sbin/lvcreate', '-n', '{V}.cbtlog', '-L', '4', 'VG_XenStorage-{S}', '--addtag', 'cbtlog', '-W', 'y', '--yes'] ✓
lock: opening lock file /var/lock/sm/{V}/cbtlog
lock: acquired /var/lock/sm/{V}/cbtlog
LVMCache: refreshing
['/sbin/lvs', '--noheadings', '--units', 'b', '-o', '+lv_tags', '/dev/VG_XenStorage-{S}'] ✓
['/usr/sbin/cbt-util', 'create', '-n', '/dev/VG_XenStorage-{S}/{V}.cbtlog', '-s', '10737418240'] ✓
lock: released /var/lock/sm/{V}/cbtlog
lock: acquired /var/lock/sm/{V}/cbtlog
['/usr/sbin/cbt-util', 'set', '-n', '/dev/VG_XenStorage-{S}/{V}.cbtlog', '-f', '1'] ✓
lock: released /var/lock/sm/{V}/cbtlog
['/sbin/lvchange', '-an', '/dev/VG_XenStorage-{S}/{V}.cbtlog'] ✓
Setting consistency of cbtlog file to False for VDI: {V}
lock: acquired /var/lock/sm/{V}/cbtlog
['/sbin/lvchange', '-ay', '/dev/VG_XenStorage-{S}/{V}.cbtlog'] ✓
['/usr/sbin/cbt-util', 'set', '-n', '/dev/VG_XenStorage-{S}/{V}.cbtlog', '-f', '0'] ✓
lock: released /var/lock/sm/{V}/cbtlog
Unpause request for {V} secondary=None
"""
SNAPSHOT_FILE = """
lock: acquired /var/lock/sm/{S}/sr
vdi_snapshot {V}
Disk status request for {V}
Saving log consistency state of False for vdi: {V}
Pause request for {V}
FileVDI._snapshot for {V} (type 2)
['uuidgen', '-r'] ✓
FileVDI._rename /run/sr-mount/{S}/{V}.vhd.new to /run/sr-mount/{S}/{V}.vhd
FileVDI._rename /run/sr-mount/{S}/{V}.cbtlog to /run/sr-mount/{S}/{N}.cbtlog
['/usr/sbin/cbt-util', 'set', '-n', '/run/sr-mount/{S}/{N}.cbtlog', '-f', '1'] ✓
['/usr/sbin/cbt-util', 'get', '-n', '/run/sr-mount/{S}/{N}.cbtlog', '-p'] ✓
['/usr/sbin/cbt-util', 'set', '-n', '/run/sr-mount/{S}/{P}.cbtlog', '-c', '{N}'] ✓
['/usr/sbin/cbt-util', 'create', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-s', '10737418240'] ✓
['/usr/sbin/cbt-util', 'set', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-f', '1'] ✓
['/usr/sbin/cbt-util', 'set', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-f', '0'] ✓
['/usr/sbin/cbt-util', 'get', '-n', '/run/sr-mount/{S}/{N}.cbtlog', '-c'] ✓
['/usr/sbin/cbt-util', 'set', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-p', '{N}'] ✓
['/usr/sbin/cbt-util', 'set', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-c', '{0}'] ✓
['/usr/sbin/cbt-util', 'set', '-n', '/run/sr-mount/{S}/{N}.cbtlog', '-c', '{V}'] ✓
Unpause request for {V} secondary=None
lock: released /var/lock/sm/{S}/sr
"""
DATA_DESTROY = """
vdi_data_destroy {N}
lock: unlinking lock file /var/lock/sm/{N}/vdi
lock: removing lock dir /var/lock/sm/{N}
Kicking GC
"""
LISTED = """
vdi_list_changed_blocks {P}
['/usr/sbin/cbt-util', 'get', '-n', '/run/sr-mount/{S}/{P}.cbtlog', '-c'] ✓
['/usr/sbin/cbt-util', 'get', '-n', '/run/sr-mount/{S}/{N}.cbtlog', '-s'] ✓
DEBUG: Processing VDI {N} of size 10737418240
['/usr/sbin/cbt-util', 'get', '-n', '/run/sr-mount/{S}/{N}.cbtlog', '-b'] ✓
Size of bitmap: 163840
['/usr/sbin/cbt-util', 'get', '-n', '/run/sr-mount/{S}/{N}.cbtlog', '-c'] ✓
['/usr/sbin/cbt-util', 'get', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-s'] ✓
DEBUG: Processing VDI {V} of size 10737418240
['/usr/sbin/cbt-util', 'get', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-b'] ✓
Size of bitmap: 163840
"""
RESIZE = """
vdi_resize {V}
['/usr/bin/vhd-util', 'resize', '--debug', '-s', '20480', '-n', '/run/sr-mount/{S}/{V}.vhd', '-j', '.journal-{V}'] ✓
['/usr/sbin/cbt-util', 'set', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-s', '21474836480'] ✓
"""
DISABLE_LVM = """
vdi_disable_cbt {V}
Disk status request for {V}
Pause request for {V}
lock: acquired /var/lock/sm/{V}/cbtlog
['/usr/sbin/cbt-util', 'get', '-n', '/dev/VG_XenStorage-{S}/{V}.cbtlog', '-p'] ✓
['/sbin/lvremove', '-f', '/dev/VG_XenStorage-{S}/{V}.cbtlog'] ✓
['/sbin/dmsetup', 'status', 'VG_XenStorage--x'] ✓
['/usr/sbin/cbt-util', 'set', '-n', '/dev/VG_XenStorage-{S}/{P}.cbtlog', '-c', '{0}'] ✓
lock: unlinking lock file /var/lock/sm/{V}/cbtlog
Unpause request for {V} secondary=None
"""
ACTIVATE = """
vdi_activate {V}
blktap2.activate
['/usr/sbin/cbt-util', 'get', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-f'] ✓
['/usr/sbin/cbt-util', 'set', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-f', '0'] ✓
['/usr/sbin/tap-ctl', 'open', '-p', '1187', '-m', '3', '-a', 'vhd:/run/sr-mount/{S}/{V}.vhd', '-t', '40', '-C', '/run/sr-mount/{S}/{V}.cbtlog']
 = 0
Removed activating flag from {V}
"""
DELETE_FILE = """
vdi_delete {N}
Kicking GC
['/usr/sbin/cbt-util', 'get', '-n', '/run/sr-mount/{S}/{N}.cbtlog', '-p'] ✓
['/usr/sbin/cbt-util', 'get', '-n', '/run/sr-mount/{S}/{N}.cbtlog', '-c'] ✓
['/usr/sbin/cbt-util', 'set', '-n', '/run/sr-mount/{S}/{P}.cbtlog', '-c', '{V}'] ✓
['/usr/sbin/cbt-util', 'set', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-p', '{P}'] ✓
lock: acquired /var/lock/sm/{N}/cbtlog
['/usr/sbin/cbt-util', 'get', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-f'] ✓
['/usr/sbin/cbt-util', 'coalesce', '-p', '/run/sr-mount/{S}/{N}.cbtlog', '-c', '/run/sr-mount/{S}/{V}.cbtlog'] ✓
lock: released /var/lock/sm/{N}/cbtlog
lock: unlinking lock file /var/lock/sm/{N}/cbtlog
"""
SCAN = """
sr_scan {0}
new VDIs on disk: ['{N}']
Introducing VDI with location={N}
cbt_enabled False <> True
"""


def read(*sequences: str) -> tuple[Operation, ...]:
    """Return the operations of sequences in turn, one minute each."""
    lines: list[str] = []
    for minute, sequence in enumerate(sequences):
        pid = 2401 + minute
        head = f"Jun 10 01:{minute:02d}:30 jupiter SM: [{pid}]"
        lines += [f"{head} {text}\n" for text in _texts(sequence)]
    return read_back({"jupiter": "".join(lines)})


def _texts(sequence: str) -> list[str]:
    text = re.sub(r"\{([VNP0S])\}", lambda found: NAMES[found[1]], sequence)
    entry = rf"{{'vdi_uuid': '\2', 'sr_uuid': '{SR}', 'args': [], 'command': '\1'}}"
    text = re.sub(r"(?m)^((?:vdi|sr)_[a-z_]+) (\S+)$", rf"\1 {entry}", text)
    return text.strip("\n").replace(" ✓", "\n  pread SUCCESS").split("\n")


def log(history: CbtHistory, uuid: str) -> CbtLog:
    found = history.log(SR, uuid)
    assert found is not None
    return found


def values(history: CbtHistory, uuid: str) -> tuple[object, ...]:
    """Return whether a log is there, its parent, child, size, flag; None for not known."""
    known = log(history, uuid)
    fields = (known.exists, known.parent, known.child, known.size, known.consistent)
    return tuple(each.value if each else None for each in fields)


def test_enable_on_files_makes_a_log_alone() -> None:
    assert values(rebuild(read(ENABLE_FILE), (), ()), V) == (True, "", "", SIZE, True)


def test_enable_on_volumes_of_an_attached_disk_marks_the_log_open() -> None:
    history = rebuild(read(ENABLE_LVM), (), ())

    assert values(history, V) == (True, "", "", SIZE, False)
    assert history.volumes == {SR: True}


def test_paths_of_older_releases_are_understood() -> None:
    older = ENABLE_FILE.replace("/run/", "/var/run/")

    assert values(rebuild(read(older), (), ()), V) == (True, "", "", SIZE, True)


def test_a_snapshot_comes_between_the_older_one_and_the_disk() -> None:
    history = rebuild(read(SNAPSHOT_FILE), (), ())

    assert values(history, N) == (True, P, V, None, True)
    assert values(history, V) == (True, N, "", SIZE, False)
    assert values(history, P) == (True, None, N, None, None)
    assert [each.uuid for each in history.chains[0].logs] == [P, N, V]
    assert history.chains[0].live == V


def test_enable_and_first_snapshot_know_all() -> None:
    lines = SNAPSHOT_FILE.splitlines()
    first = "\n".join(line for line in lines if "{P}" not in line)

    history = rebuild(read(ENABLE_FILE, first), (), ())

    assert values(history, N) == (True, "", V, SIZE, True)


def test_where_a_snapshot_tells_no_parent_there_was_none_or_it_is_gone() -> None:
    lines = SNAPSHOT_FILE.splitlines()
    first = "\n".join(line for line in lines if "{P}" not in line)

    parent = log(rebuild(read(first), (), ()), N).parent

    assert parent is not None
    assert (parent.value, parent.confidence) == ("", Confidence.POSSIBLE)


def test_data_destroy_leaves_the_log() -> None:
    history = rebuild(read(SNAPSHOT_FILE, DATA_DESTROY, RESIZE), (), ())

    assert values(history, N)[:3] == (True, P, V)


def test_a_walk_tells_the_child_pointers_that_it_read() -> None:
    history = rebuild(read(LISTED), (), ())

    assert [each.uuid for each in history.chains[0].logs] == [P, N, V]
    assert walk(history, (), P, V).end is WalkEnd.REACHED
    child = log(history, P).child
    assert child is not None
    assert child.confidence is Confidence.CERTAIN


def test_resize_grows_the_log() -> None:
    assert values(rebuild(read(ENABLE_FILE, RESIZE), (), ()), V)[3] == 2 * SIZE


@pytest.mark.parametrize("volumes", [True, False])
def test_disable_removes_the_log_and_its_name_in_the_parent(volumes: bool) -> None:
    sequence = DISABLE_LVM
    if not volumes:
        kept = (line for line in DISABLE_LVM.splitlines() if "'/sbin/" not in line)
        sequence = "\n".join(kept).replace("/dev/VG_XenStorage-{S}", "/run/sr-mount/{S}")

    history = rebuild(read(sequence), (), ())

    assert values(history, V)[0] is False
    assert values(history, P)[:3] == (True, None, "")
    sure = log(history, V).exists
    assert sure is not None
    assert sure.confidence is (Confidence.CERTAIN if volumes else Confidence.LIKELY)


def test_activate_opens_the_log() -> None:
    assert values(rebuild(read(ENABLE_FILE, ACTIVATE), (), ()), V)[4] is False


def test_delete_joins_the_neighbours() -> None:
    operations = read(SNAPSHOT_FILE, DELETE_FILE, RESIZE)
    history = rebuild(operations, (), ())

    assert values(history, N)[0] is False
    assert values(history, P)[2] == V
    assert values(history, V)[1] == P


def test_delete_tells_what_the_pointers_were_before() -> None:
    (operation,) = read(DELETE_FILE)
    history = rebuild((operation,), (), ())
    assert operation.entry is not None

    before = history.at(SR, N, operation.entry)

    assert before is not None
    assert before.parent is not None
    assert before.child is not None
    assert (before.parent.value, before.child.value) == (P, V)
    assert before.child.confidence is Confidence.LIKELY


def test_delete_without_neighbours_removes_the_file() -> None:
    gone = ("{P}", "{V}", "coalesce")
    lines = [line for line in DELETE_FILE.splitlines() if not any(word in line for word in gone)]

    history = rebuild(read("\n".join(lines), ACTIVATE, DATA_DESTROY), (), ())

    assert values(history, N)[0] is False


def test_a_coalesce_that_failed_leaves_the_log_and_its_neighbours() -> None:
    failed = "\nFAILED in util.pread: (rc 22) stdout: '', stderr: 'no luck'"
    undone = """
Exception in coalescing bitmaps on VDI delete, restoring to previous state
['/usr/sbin/cbt-util', 'set', '-n', '/run/sr-mount/{S}/{P}.cbtlog', '-c', '{N}'] ✓
['/usr/sbin/cbt-util', 'set', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-p', '{N}'] ✓
"""
    lines = DELETE_FILE.splitlines()
    at = next(place for place, line in enumerate(lines) if "coalesce" in line)
    text = "\n".join(lines[: at + 1]).removesuffix(" ✓") + failed + undone

    history = rebuild(read(SNAPSHOT_FILE, text, RESIZE), (), ())

    assert values(history, N)[:3] == (True, P, V)
    assert values(history, V)[1] == N
    assert history.contradictions == ()


def test_a_scan_changes_no_log() -> None:
    assert rebuild(read(SCAN), (), ()).now == {}


def headless(sequence: str, first: str) -> str:
    """Return what is left of a sequence when the log begins at the line with `first`."""
    lines = sequence.splitlines()
    return "\n".join(lines[next(at for at, line in enumerate(lines) if first in line) :])


def test_a_delete_without_its_first_lines_still_joins_and_removes() -> None:
    history = rebuild(read(SNAPSHOT_FILE, headless(DELETE_FILE, "'-f']")), (), ())

    assert values(history, N)[0] is False


def test_a_delete_without_its_entry_line_is_known_by_what_it_reads() -> None:
    lines = [line for line in DELETE_FILE.splitlines() if "coalesce" not in line]

    history = rebuild(read(headless("\n".join(lines), "'-p']"), RESIZE), (), ())

    assert values(history, N)[0] is None
    assert values(history, P)[2] == V


def test_a_disable_without_its_entry_line_is_known_by_what_it_sets() -> None:
    files = DISABLE_LVM.replace("/dev/VG_XenStorage-{S}", "/run/sr-mount/{S}")
    kept = "\n".join(line for line in files.splitlines() if "'/sbin/" not in line)

    history = rebuild(read(headless(kept, "'-p']")), (), ())

    assert values(history, V)[0] is False


def test_a_snapshot_without_its_first_lines_removes_nothing() -> None:
    history = rebuild(read(headless(SNAPSHOT_FILE, "'-p'] ")), (), ())

    assert [values(history, uuid)[0] for uuid in (V, N, P)] == [True, True, True]


def test_a_snapshot_that_ends_in_the_middle_tells_no_parent() -> None:
    lines = SNAPSHOT_FILE.splitlines()
    cut = next(at for at, line in enumerate(lines) if "{P}" in line)

    history = rebuild(read("\n".join(lines[:cut])), (), ())

    assert values(history, N)[1] is None


def test_the_end_of_a_disable_may_be_a_removal() -> None:
    only = "['/usr/sbin/cbt-util', 'get', '-n', '/run/sr-mount/{S}/{V}.cbtlog', '-p'] ✓"

    history = rebuild(read(only), (), ())

    assert values(history, V)[0] is None
    assert log(history, V).changes[-1].confidence is Confidence.POSSIBLE
