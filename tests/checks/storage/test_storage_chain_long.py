import pytest

from analyzer.model.finding import Severity, Verdict
from analyzer.model.xapi import Vdi
from analyzer.rules.load import load_catalogue
from tests.checks.support import SR, VDI, CaseBuilder, sr, vdi
from tests.support.judging import World, whole

RULE = "storage-chain-long"


def base(place: int) -> str:
    return f"{place:08}-1111-4f0e-8f6b-55d1c0b7a2e4"


def chain(length: int, **disk: object) -> tuple[Vdi, ...]:
    """Return a disk and the images below it, so many in all."""
    bases = [
        vdi(base(place), managed=False, sm_config={"vhd-parent": base(place + 1)})
        for place in range(1, length - 1)
    ]
    bases += [vdi(base(length - 1), managed=False, sm_config={})] if length > 1 else []
    config = {"vhd-parent": base(1)} if length > 1 else {}
    return (vdi(sm_config=config, **disk), *bases)  # type: ignore[arg-type]  # of a row


def case(*rows: Vdi) -> CaseBuilder:
    return CaseBuilder().host().database(sr(), *rows)


@pytest.mark.parametrize(
    ("length", "severity", "words"),
    [
        (25, Severity.WARNING, ": 5 more, and"),
        (29, Severity.WARNING, ": 1 more, and"),
        (30, Severity.ERROR, "no backup that begins with one can be made"),
        (31, Severity.ERROR, "31 of disk web-01 0"),
    ],
)
def test_chain_near_the_limit_is_found(length: int, severity: Severity, words: str) -> None:
    (finding,) = case(*chain(length)).examine(RULE).findings
    assert finding.severity is severity
    assert words in finding.detail
    assert [subject.uuid for subject in finding.subjects] == [SR, VDI]
    assert "vhd-parent" in finding.evidence[0].text


@pytest.mark.parametrize("length", [1, 3, 24])
def test_shorter_chains_are_ordinary(length: int) -> None:
    assert not case(*chain(length)).examine(RULE).findings


def test_parent_without_a_row_is_not_counted() -> None:
    """The collector has removed it, and SM has not scanned since."""
    rows = chain(25)
    assert not case(*rows[:-1]).examine(RULE).findings


def test_circle_of_parents_ends() -> None:
    first, second = base(1), base(2)
    rows = (
        vdi(sm_config={"vhd-parent": first}),
        vdi(first, managed=False, sm_config={"vhd-parent": second}),
        vdi(second, managed=False, sm_config={"vhd-parent": first}),
    )
    assert not case(*rows).examine(RULE).findings


def test_base_of_a_long_chain_is_no_disk() -> None:
    assert not case(*chain(30, managed=False)).examine(RULE).findings


def test_without_a_database_nobody_can_tell() -> None:
    catalogue = load_catalogue()
    assert World().judge(catalogue, RULE).verdict is Verdict.CANNOT_TELL
    assert whole().judge(catalogue, RULE).verdict is Verdict.RULED_OUT
