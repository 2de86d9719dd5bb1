"""What a finding is known by: rule, objects and their state, and no line."""

from dataclasses import replace

from analyzer.case.fingerprint import fingerprint
from analyzer.model.finding import Evidence, Finding, Subject
from analyzer.model.source import Source
from tests.checks.support import VDI, CaseBuilder, vdi
from tests.render.support import rich_report

(FOUND, *_) = (finding for outcome in rich_report().outcomes for finding in outcome.findings)
DISK = Subject(type="VDI", uuid=VDI, name="disk 0")
LOST = replace(FOUND, subjects=(DISK,))


def printed(finding: Finding, *, cbt: bool = True) -> str:
    return fingerprint(CaseBuilder().host().database(vdi(cbt_enabled=cbt)).build(), finding)


def test_other_lines_and_another_name_change_nothing() -> None:
    line = Evidence(source=Source(bundle="b", member="SMlog", line=1), text="another line")
    renamed = replace(DISK, name="renamed")
    assert printed(replace(LOST, evidence=(line,), subjects=(renamed,))) == printed(LOST)


def test_another_rule_is_another_trouble() -> None:
    assert printed(replace(LOST, rule="another-rule")) != printed(LOST)


def test_another_object_is_another_trouble() -> None:
    other = Subject(type="VDI", uuid="0d9f6b3e-7c15-4a82-9be4-5f2a1c8d7e60")
    assert printed(replace(LOST, subjects=(other,))) != printed(LOST)


def test_another_state_of_the_object_is_another_trouble() -> None:
    assert printed(LOST, cbt=False) != printed(LOST)


def test_order_of_objects_changes_nothing() -> None:
    sr = Subject(type="SR", uuid="5b8e2f19-4d7a-4c36-a0f1-9e3d6b2c8a47")
    both = (DISK, sr)
    assert printed(replace(LOST, subjects=both)) == printed(replace(LOST, subjects=both[::-1]))
