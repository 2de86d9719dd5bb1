import pytest

from analyzer.model.finding import Confidence, Severity
from tests.checks.support import GROUP, SR, VDI, CaseBuilder, sr, vdi, vgs

RULE = "lvm-volume-group-lost"
DAMAGED = "13:32:41 SM: [7] FAILED in util.pread: (rc 5) stdout: '', stderr: '  Incorrect metadata "
DAMAGED += "area header checksum on /dev/sdb at offset 4096\n"
LOST = f'SM: [7]   Volume group "{GROUP}" not found\n'
FAILED = "SM: [7] FAILED in util.pread: (rc 5) stdout: '', stderr: '"
RACE = f"{DAMAGED}13:32:41 {LOST}"
OTHER = "VG_XenStorage-c7f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d"


def case(text: str = RACE) -> CaseBuilder:
    return CaseBuilder().host().smlog(text).database(sr(), vdi(VDI))


def test_group_that_vgs_shows_again_was_being_written() -> None:
    (finding,) = case().vgs(vgs("2.00g")).examine(RULE).findings
    assert finding.severity is Severity.WARNING
    assert finding.title.endswith(f"because the list of volumes of {GROUP} was being written")
    assert "When the report was made vgs showed the group again." in finding.detail
    assert [line.source.member for line in finding.evidence][-1] == "vgs.out"
    assert {subject.uuid for subject in finding.subjects} >= {SR}
    assert not any("vgcfgrestore -f" in step.step for step in finding.action)


def test_group_that_vgs_does_not_show_is_damaged() -> None:
    (finding,) = case().vgs(vgs("2.00g", OTHER)).examine(RULE).findings
    assert finding.severity is Severity.CRITICAL
    assert any("vgcfgrestore -f" in step.step for step in finding.action)


@pytest.mark.parametrize("shown", ["", vgs("2.00g", OTHER)[:-40]])
def test_without_a_whole_list_of_groups_both_are_told(shown: str) -> None:
    built = case().vgs(shown) if shown else case()
    (finding,) = built.examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE
    assert "Either another host wrote the list at that moment" in finding.detail


@pytest.mark.parametrize(
    "text",
    [
        DAMAGED,  # read again, and well
        f"13:32:41 {LOST}",  # the group of an SR that is not attached
        f"{DAMAGED}13:32:42 SM: [7] lock: closed /var/lock/sm/x/vdi\n13:42:41 {FAILED}{LOST[8:]}",
        f"{DAMAGED}13:32:41 {LOST.replace('[7]', '[8]')}",
    ],
)
def test_half_of_it_is_something_else(text: str) -> None:
    assert not case(text).vgs(vgs("2.00g", OTHER)).examine(RULE).findings
