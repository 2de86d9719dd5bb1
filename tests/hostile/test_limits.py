"""Each limit of ours ends what goes past it, says so in the ledger, and costs nothing else."""

import gzip
from collections.abc import Mapping
from pathlib import Path

import pytest

from analyzer.bundle.budget import Budget
from analyzer.model.report import Presence, Report
from analyzer.render.words.status import DAMAGED, exit_status
from analyzer.run import Options, analyze
from tests.support.bundle import BundleBuilder
from tests.world.pack import Packed, tar

LOCK = "Nov 22 10:05:{:02} jupiter SM: [{}] lock: released /var/lock/sm/x/sr\n"
CBT = (
    "Nov 22 10:05:{:02} jupiter SM: [{}] ['/usr/sbin/cbt-util', 'set', '-n', "
    "'/dev/VG_XenStorage-d07ad4d2-d8fe-4a70-9a87-dfca6fbe4dd9/"
    "6aa12bd4-6fcb-4ad9-8042-8c4875667415.cbtlog', '-f', '1']\n"
)


def lines(form: str, number: int) -> str:
    return "".join(form.format(second % 60, second) for second in range(number))


def report(**logs: str | bytes) -> BundleBuilder:
    builder = BundleBuilder()
    for name, content in {"SMlog": lines(LOCK, 20), **logs}.items():
        builder.log(f"var/log/{name}", content)
    return builder


def read(
    folder: Path, builder: BundleBuilder, budget: Budget, more: Mapping[str, bytes] | None = None
) -> Report:
    path = folder / "report.tar.gz"
    other = [Packed(name=name, content=data, mtime=0) for name, data in (more or {}).items()]
    path.write_bytes(gzip.compress(tar([*other, *builder.packed()])))
    return analyze([path], Options(budget=budget, jobs=1))


def fate(report: Report, source: str) -> tuple[Presence, str]:
    return next((each.presence, each.why) for each in report.ledger if each.source == source)


def test_a_storm_in_one_log_leaves_the_others_room(tmp_path: Path) -> None:
    xensource = "Nov 22 10:05:01 jupiter xapi: [ info||1 ||xapi] x\n"
    builder = report(SMlog=lines(CBT, 2000), **{"xensource.log": xensource})
    result = read(tmp_path, builder, Budget(rows=100))
    presence, why = fate(result, "smlog")
    assert presence is Presence.OVER_BUDGET
    assert "kept lines of logs" in why
    assert fate(result, "xensource_log")[0] is Presence.PRESENT
    assert exit_status(result) == DAMAGED


def test_a_bomb_in_a_rotated_log_costs_only_that_log(tmp_path: Path) -> None:
    builder = report()
    bomb = {f"{builder.folder}/var/log/SMlog.3.gz": gzip.compress(b"\n" * 5_000_000)}
    result = read(tmp_path, builder, Budget(packed=1_000_000), bomb)
    assert "bytes of one member" in fate(result, "smlog")[1]
    assert [row.member for row in result.coverage] == ["var/log/SMlog", "var/log/SMlog.3.gz"]
    assert [each.member for each in result.omissions] == ["var/log/SMlog.3.gz"]
    assert "--max-packed" in result.omissions[0].settle_with


def test_of_too_many_reports_the_first_are_read(tmp_path: Path) -> None:
    others = {
        f"bug-report-2024112210{number:04}/var/log/SMlog": lines(LOCK, 3).encode()
        for number in range(9)
    }
    result = read(tmp_path, BundleBuilder(), Budget(reports=4), others)
    assert len(result.bundles) == 4
    assert {each.why for each in result.omissions} == {"our limit of 4 status reports was reached"}


@pytest.mark.parametrize("name", ["x" * 5000, "a/" * 3000 + "SMlog"])
def test_a_name_that_no_path_is_as_long_as_is_passed_over(tmp_path: Path, name: str) -> None:
    result = read(tmp_path, report(), Budget(), {name: b"x"})
    assert [each.why for each in result.omissions] == [
        "our limit of 4,096 characters of a name was reached"
    ]
    assert len(result.omissions[0].member) < 100


def test_a_database_that_is_too_long_is_told_though_another_copy_is_whole(tmp_path: Path) -> None:
    builder = report().file("xapi-db-dumped.xml", "<database></database>")
    builder.file("xapi-db.xml", b"<database>" + b" " * 5000)
    result = read(tmp_path, builder, Budget(document=4000))
    assert [each.member for each in result.omissions] == ["xapi-db.xml"]
    assert "--max-document" in result.omissions[0].settle_with


def test_an_inventory_of_sixteen_megabytes_is_none(tmp_path: Path) -> None:
    builder = report()
    entry = b'<inventory-entry filename="x"/>\n'
    builder.file("inventory.xml", b"<system-status-inventory>" + entry * 600_000)
    result = read(tmp_path, builder, Budget())
    assert fate(result, "inventory")[0] is Presence.DAMAGED
    assert "our limit of 16,777,216" in " ".join(each.why for each in result.omissions)


def test_of_too_many_disks_those_with_findings_are_told_first(tmp_path: Path) -> None:
    row = (
        '<row ref="OpaqueRef:{0}" uuid="0000000{0}-6fcb-4ad9-8042-8c4875667415" SR="OpaqueRef:sr"'
        ' cbt_enabled="true" is_a_snapshot="false"{1}/>'
    )
    plain = [row.format(number, "") for number in range(9)]
    wrong = row.format(9, ' snapshot_of="OpaqueRef:7"')
    builder = report().file(
        "xapi-db.xml",
        f'<database><manifest/><table name="VDI">{"".join(plain)}{wrong}</table></database>',
    )
    result = read(tmp_path, builder, Budget(disks=2))
    assert [each.vdi.uuid[:8] for each in result.disks if each.vdi] == ["00000000", "00000007"]
    assert [each.why for each in result.omissions] == [
        "our limit of 2 disks was reached: of others only what was found is told"
    ]
    assert "--max-disks" in result.omissions[0].settle_with
    assert exit_status(result) != 0


@pytest.mark.parametrize(
    ("padding", "expected"), [(0, Presence.PRESENT), (5000, Presence.OVER_BUDGET)]
)
def test_a_long_line_counts_as_several(tmp_path: Path, padding: int, expected: Presence) -> None:
    long = lines(CBT.replace("'-f'", f"'-{'x' * padding}'"), 20)
    xensource = "Nov 22 10:05:01 jupiter xapi: [ info||1 ||xapi] x\n"
    builder = report(SMlog=long, **{"xensource.log": xensource})
    result = read(tmp_path, builder, Budget(rows=100))
    assert fate(result, "smlog")[0] is expected
    assert fate(result, "xensource_log")[0] is Presence.PRESENT


def test_a_failure_of_a_megabyte_is_quoted_by_its_beginning(tmp_path: Path) -> None:
    failed = f"Nov 22 10:05:01 jupiter SMGC: [7] {'x' * 1_000_000}: something failed badly\n"
    begun = f"Nov 22 10:05:02 jupiter SM: [7] FAILED in util.pread: (rc 5) stderr: '{'x' * 99_000}'"
    result = read(tmp_path, report(SMlog=f"{failed}{begun}\n"), Budget())
    quotes = [each.text for group in result.unexplained for each in group.evidence]
    assert quotes
    assert all(len(text) < 5000 and text.endswith(" more characters]") for text in quotes)


def test_what_a_mac_packs_beside_files_is_no_report(tmp_path: Path) -> None:
    builder = report()
    forks = [
        Packed(name=f"{'__MACOSX/' * top}{folder}/._{name}", content=fork, mtime=0)
        for top in (True, False)
        for each in builder.packed()
        for folder, _, name in [each.name.rpartition("/")]
        for fork in [b"\0\5\x16\7\0\2\0\0Mac OS X        "]
    ]
    path = tmp_path / "report.tar"
    path.write_bytes(tar([*forks, *builder.packed()]))
    result = analyze([path], Options(jobs=1))
    assert len(result.bundles) == 1
    assert not result.omissions
