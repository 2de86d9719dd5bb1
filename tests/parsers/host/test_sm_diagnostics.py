import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.host import SmDiagnostics
from analyzer.parsers.host import sm_diagnostics
from tests.parsers.memory_member import facts

SR = "0d2b6bd6-53d4-2f51-9e6c-1f8de3b4f0a7"
VDI = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"
TEXT = f"""\
Host: 5ec352c4-7cba-4713-93d3-b2ceb1429b25

The following SRs are attached:
    SR {SR}
        VDI {VDI}
            activated RO (device=Some {{"domain_uuid": "0"}})
                DP: vbd/0/xvda: activated RO  ** LEAKED
                DP: vbd/7/xvdb: attached  RW

No errors have been logged.
"""


def read(text: str) -> SmDiagnostics:
    (found,) = facts(sm_diagnostics.PARSER, "sm_diagnostics.out", text)
    assert isinstance(found, SmDiagnostics)
    return found


def test_datapaths_are_read_with_their_disk() -> None:
    leaked, attached = read(TEXT).datapaths
    assert (leaked.sr, leaked.vdi, leaked.name, leaked.mode) == (SR, VDI, "vbd/0/xvda", "RO")
    assert (leaked.active, leaked.leaked, leaked.source.line) == (True, True, 7)
    assert (attached.active, attached.leaked, attached.mode) == (False, False, "RW")


@pytest.mark.parametrize("content", ["", "\n", TEXT[:-30], TEXT + "\n** timeout **\n"])
def test_what_is_not_whole_is_incomplete(content: str) -> None:
    assert read(TEXT).complete
    assert not read(content).complete


def test_datapath_without_a_disk_is_nobodys() -> None:
    assert read(TEXT.replace(f"VDI {VDI}", "VDI what")).datapaths == ()


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert not read(text).datapaths
