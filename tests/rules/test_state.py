"""What a pattern asks of the state behind its lines, and what it says of versions."""

from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.model.finding import Outcome, Verdict
from analyzer.model.host import Packages, Role
from analyzer.model.source import Source
from analyzer.rules.load import load_catalogue
from tests.support.judging import VDI, VDI_2, pool, report, vdi, whole
from tests.support.patterns import FINDING, write

LOST = f"Jun 10 10:00:00 jupiter SM: [7] lost {VDI}\n"
KEY = "subjects: {VDI: vdi}"


def judged(
    folder: Path, more: str, *, role: Role = Role.MASTER, sm: str = "", release: str | None = None
) -> Outcome:
    write(folder, "any/disk-lost.yaml", FINDING.replace(KEY, f"{KEY}\n{more}"))
    own = report()
    source = own.packages.source if own.packages else Source(bundle="a", member="x")
    names = (f"sm-{sm}.x86_64",) if sm else ()
    assert own.inventory is not None
    inventory = replace(own.inventory, product_version=release)
    host = replace(
        own,
        role=role,
        packages=Packages(source=source, complete=True, names=names),
        inventory=inventory,
    )
    world = whole(
        hosts=(host,),
        pools=(pool(own.host_uuid or "", vdis=(vdi(),)),),
        logs={("a", "smlog"): LOST},
    )
    return world.judge(load_catalogue(folder), "disk-lost")


@pytest.mark.parametrize(
    ("when", "given", "verdict"),
    [
        ("role: supporter", {"role": Role.SUPPORTER}, Verdict.FOUND),
        ("role: supporter", {"role": Role.MASTER}, Verdict.RULED_OUT),
        ("role: supporter", {"role": Role.UNKNOWN}, Verdict.CANNOT_TELL),
        ("package: {name: sm, before: 3.2.12-12}", {"sm": "3.2.12-3.el7"}, Verdict.FOUND),
        ("package: {name: sm, before: 3.2.12-12}", {"sm": "3.2.12-12.el7"}, Verdict.RULED_OUT),
        ("package: {name: sm, before: 3.2.12-12}", {}, Verdict.CANNOT_TELL),
        ("release: {from: 8.2.0, before: 8.3.0}", {"release": "8.2.1"}, Verdict.FOUND),
        ("release: {from: 8.2.0, before: 8.3.0}", {"release": "8.3.0"}, Verdict.RULED_OUT),
        ("cbt: in-use", {}, Verdict.FOUND),
        ("cbt: unused", {}, Verdict.RULED_OUT),
        ("sr_type: nfs", {}, Verdict.CANNOT_TELL),
    ],
)
def test_lines_are_a_finding_in_the_state_that_is_asked_for(
    tmp_path: Path, when: str, given: dict[str, object], verdict: Verdict
) -> None:
    assert judged(tmp_path, f"when: {{{when}}}", **given).verdict is verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sm", "words", "quoted"),
    [
        ("3.2.12-3.el7", "jupiter has 3.2.12-3.el7, which is older", True),
        ("3.2.12-20.el7", "has that already, so that it must be something else", True),
        ("", "A known defect, mended in sm 3.2.12-12", False),
    ],
)
def test_version_that_mends_it_is_held_against_the_installed_one(
    tmp_path: Path, sm: str, words: str, quoted: bool
) -> None:
    outcome = judged(tmp_path, "mended: [{package: sm, version: 3.2.12-12}]", sm=sm)
    assert words in str(outcome.findings[0].detail)
    assert any(each.text == f"sm-{sm}.x86_64" for each in outcome.findings[0].evidence) is quoted


def test_lines_that_call_one_disk_by_other_names_are_joined(tmp_path: Path) -> None:
    selectors = r"""
select:
  - {name: began, parser: smlog, message: '^began (?P<vdi>[0-9a-f-]{36})$'}
  - {name: merged, parser: smlog, message: '^merged (?P<vdi>[0-9a-f]{8})$'}
  - {name: failed, parser: smlog, message: '^failed (?P<vdi>OpaqueRef:[a-z]+)$'}
correlate: {type: temporal_ordered, group-by: [vdi], timespan: 1h}
"""
    old = FINDING[FINDING.index("select:") : FINDING.index("subjects:")]
    write(tmp_path, "any/disk-lost.yaml", FINDING.replace(old, selectors.lstrip()))
    own = replace(vdi(), ref="OpaqueRef:own")
    database = pool("", vdis=(own, replace(vdi(VDI_2), ref="OpaqueRef:other")))
    for ref, verdict in (("own", Verdict.FOUND), ("other", Verdict.CANNOT_TELL)):
        said = (f"began {VDI}", f"merged {VDI[:8]}", f"failed OpaqueRef:{ref}")
        log = "".join(f"Jun 10 10:0{n}:00 jupiter SM: [7] {text}\n" for n, text in enumerate(said))
        outcome = whole(pools=(database,), logs={("a", "smlog"): log}).judge(
            load_catalogue(tmp_path), "disk-lost"
        )
        assert outcome.verdict is verdict
