"""Comparisons that share what they looked up say what each says by itself."""

from itertools import permutations

import pytest

from analyzer.rebuilt.cbt.changed_blocks import walk, walk_at_capture
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.rebuilt.cbt.left_out import Past, left_out, past_of
from tests.golden.outputs import sample_read
from tests.world.build_samples import FOLDER


@pytest.mark.parametrize("name", ["cbt-hazards-lvm", "cbt-hazards-nfs", "cbt-comparisons-lvm"])
def test_walks_of_a_case_are_those_of_each_pair(name: str) -> None:
    case, _ = sample_read(FOLDER / f"{name}.tar.bz2")
    history, pools = cbt_history(case), case.pools
    disks = sorted({uuid for _, uuid in history.now})
    lacking = 0
    for older, newer in permutations(disks, 2):
        together = walk_at_capture(case, older, newer)
        assert together == walk(history, pools, older, newer)
        lacks = left_out(past_of(case), together, older, newer)
        assert lacks == left_out(Past(history=history, pools=pools), together, older, newer)
        lacking += lacks is not None
    assert lacking or name == "cbt-comparisons-lvm"
