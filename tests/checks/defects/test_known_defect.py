from pathlib import Path

import pytest

from analyzer.checks.defects.defects import Defect, load_defects
from analyzer.errors import CatalogueError
from analyzer.model.finding import Basis, Confidence
from analyzer.model.rpm import parse_version
from tests.checks.cbt.test_cbt_hazards import N1, N2, nothing, snapshot
from tests.checks.chain_story import Log, Story
from tests.checks.support import JUPITER, SATURN, SR, VDI, CaseBuilder, sr, vdi

RULE = "known-defect"
BAD = "sm-3.2.12-17.3.xcpng8.3.x86_64"
GOOD = "sm-3.2.12-17.4.xcpng8.3.x86_64"

POOL_OF_TWO = ((JUPITER, "jupiter"), (SATURN, "saturn"))


def refused() -> Story:
    """Return the story of a comparison that was refused before any log was read."""
    story = Story().enable(VDI).wait().snapshot(VDI, N1).wait().snapshot(VDI, N2).wait()
    story.begin("vdi_list_changed_blocks", N1, (f"OpaqueRef:{N2}",))
    story.refuse()
    return story


def metadata(package: str, story: Story | None = None, kind: str = "nfs") -> CaseBuilder:
    """Return a case with that comparison from a metadata disk."""
    rows = (sr(kind=kind), vdi(), snapshot(N1, type="cbt_metadata"), snapshot(N2))
    built = CaseBuilder().host().smlog((story or refused()).end().lines).database(*rows)
    return built.packages(package) if package else built


def test_comparison_from_a_metadata_disk_on_an_affected_version_is_found() -> None:
    (finding,) = metadata(BAD).examine(RULE).findings
    assert finding.title.startswith("A known defect of a package: Comparing from a metadata disk")
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.LIKELY)
    assert {JUPITER, N1, SR} <= {subject.uuid for subject in finding.subjects}
    assert finding.evidence[-1].text == BAD


def test_fixed_version_is_no_finding() -> None:
    assert nothing(metadata(GOOD).examine(RULE))


def test_same_version_of_another_vendor_is_no_finding() -> None:
    assert nothing(metadata("sm-3.2.12-17.3.xs8.x86_64").examine(RULE))


def test_affected_version_without_the_symptom_is_no_finding() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, N1).wait().snapshot(VDI, N2).wait()
    assert nothing(metadata(BAD, story.compare(N1, N2)).examine(RULE))


def test_symptom_on_volumes_is_another_error() -> None:
    assert nothing(metadata(BAD, kind="lvmoiscsi").examine(RULE))


def test_comparison_that_read_logs_is_another_error() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, N1).wait().snapshot(VDI, N2).wait()
    story.compare(N2, N1)
    rows = (sr(kind="nfs"), vdi(), snapshot(N1), snapshot(N2, type="cbt_metadata"))
    built = CaseBuilder().host().packages(BAD).smlog(story.end().lines).database(*rows)
    assert nothing(built.examine(RULE))


def test_metadata_disk_that_has_lost_its_log_is_another_error() -> None:
    story = Story().enable(VDI).wait().snapshot(VDI, N1).wait().snapshot(VDI, N2).wait().delete(N1)
    story.begin("vdi_list_changed_blocks", N1, (f"OpaqueRef:{N2}",))
    story.refuse()
    assert metadata(BAD, story).examine(RULE).findings == ()


def test_packages_that_were_not_read_are_a_gap() -> None:
    examined = metadata("").examine(RULE)
    assert examined.findings == ()
    assert examined.gaps[0].settle_with == "rpm -q sm"


def test_another_package_with_a_longer_name_is_not_taken_for_it() -> None:
    assert metadata("sm-rawhba-3.2.12-17.3.xcpng8.3.x86_64").examine(RULE).findings == ()


def test_package_of_the_host_that_failed_counts() -> None:
    built = metadata(GOOD).host("saturn", SATURN).packages(BAD)
    assert nothing(built.examine(RULE))


def test_scan_that_fails_on_a_metadata_disk_is_found() -> None:
    story = Story(volumes=True)
    story.begin("sr_scan", "")
    story.say("***** LVMSR: EXCEPTION <class 'IndexError'>, list index out of range")
    rows = (sr(), vdi(N1, type="cbt_metadata"))
    built = CaseBuilder().host().smlog(story.lines).database(*rows)
    (finding,) = built.packages("sm-3.2.12-17.8.xcpng8.3.x86_64").examine(RULE).findings
    assert "Scans of an LVM SR failed" in finding.title


def test_scan_that_fails_without_a_metadata_disk_is_another_error() -> None:
    story = Story(volumes=True)
    story.begin("sr_scan", "")
    story.say("***** LVMSR: EXCEPTION <class 'IndexError'>, list index out of range")
    built = CaseBuilder().host().smlog(story.lines).database(sr(), vdi())
    assert nothing(built.packages("sm-3.2.12-17.8.xcpng8.3.x86_64").examine(RULE))


def enable_failed(why: str, *, off: bool = True) -> Story:
    """Return the story of a disk whose CBT could not be turned on again."""
    story = Story(volumes=True).enable(VDI).wait()
    if off:
        story.disable(VDI).wait()
    story.begin("vdi_enable_cbt", VDI)
    text = f"Unable to activate changed block tracking. [opterr={why}]"
    story.say(f"Raising exception [457, {text}]")
    story.say(
        f"***** generic exception: vdi_enable_cbt: EXCEPTION <class 'xs_errors.SROSError'>, {text}"
    )
    return story


@pytest.mark.parametrize(
    ("why", "off", "shared", "number"),
    [
        ("Input/output error", True, True, 1),
        ("There is insufficient space", True, True, 0),
        ("Input/output error", False, True, 0),
        ("Input/output error", True, False, 0),
    ],
)
def test_cbt_that_could_not_be_turned_on_again_is_found_on_a_shared_sr(
    why: str, off: bool, shared: bool, number: int
) -> None:
    built = CaseBuilder().host().smlog(enable_failed(why, off=off).end().lines)
    built = built.database(sr(shared=shared), vdi(), hosts=POOL_OF_TWO).packages(
        "sm-3.2.12-3.1.xcpng8.3.x86_64"
    )
    assert len(built.examine(RULE).findings) == number


def test_bitmap_taken_for_text_is_found() -> None:
    story = Story()
    story.begin("vdi_list_changed_blocks", N1, ("OpaqueRef:x",))
    story.say(
        "***** generic exception: vdi_list_changed_blocks: EXCEPTION <class 'UnicodeDecodeError'>, "
        "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
    )
    built = CaseBuilder().host().smlog(story.lines).packages("sm-3.0.1-1.xs8.x86_64")
    assert len(built.database(sr(kind="nfs"), vdi()).examine(RULE).findings) == 1


def test_log_marked_by_a_reader_on_another_host_is_possible() -> None:
    reader = Story().activate(VDI, write=False)
    writer = Story(pid=5000)
    writer.logs[VDI] = Log()
    writer.lose(VDI)
    built = CaseBuilder().host().smlog(writer.lines).packages("sm-1.17.2-1.22.x86_64")
    built = built.host("saturn", SATURN).smlog(reader.lines)
    (finding,) = built.database(sr(kind="nfs"), vdi()).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE


COLLIDED = "13:32:41 SM: [24517] ***** BLKTAP2:<function VDI._activate_locked at 0x7f54>: EXCEPTION <class 'XenAPI.Failure'>, ['MAP_DUPLICATE_KEY', 'VDI', 'sm_config', 'OpaqueRef:x', 'activating']\n"
STOPPED = "13:32:30 SM: [900] GC: recieved SIGTERM\n"
CLONE = "13:32:41 SM: [24517] ***** generic exception: vdi_clone: EXCEPTION <class 'xs_errors.SROSError'>, Failed to clone VDI [opterr=hidden VDI]\n"


@pytest.mark.parametrize(
    ("log", "package"),
    [
        (COLLIDED, "sm-3.0.12-1.xs8.x86_64"),
        (STOPPED + CLONE, "sm-3.2.3-1.5.xcpng8.3.x86_64"),
    ],
)
def test_lines_that_are_symptoms_are_found_once_per_host(log: str, package: str) -> None:
    built = CaseBuilder().host().smlog(log + log.replace("13:3", "13:4")).packages(package)
    assert len(built.database(sr(), vdi()).examine(RULE).findings) == 1


def test_hidden_disk_without_an_interrupted_collector_is_another_error() -> None:
    built = CaseBuilder().host().smlog(CLONE).packages("sm-3.2.3-1.5.xcpng8.3.x86_64")
    assert nothing(built.database(sr(), vdi()).examine(RULE))


def test_nbd_device_that_timed_out_is_found() -> None:
    built = (
        CaseBuilder()
        .host()
        .kern_log("13:32:41 kernel: [2494015.132034] block nbd0: Connection timed out\n")
    )
    built = built.packages("xapi-core-24.39.1-1.1.xcpng8.3.x86_64").database(sr(), vdi())
    (finding,) = built.examine(RULE).findings
    assert finding.subjects[0].type == "Host"


def one(name: str) -> Defect:
    """Return a row of the shipped table."""
    return next(defect for defect in load_defects() if defect.id == name)


@pytest.mark.parametrize(
    ("version", "has"),
    [
        ("3.2.12-17.1.xcpng8.3", False),
        ("3.2.12-17.2.xcpng8.3", True),
        ("3.2.12-17.3.xcpng8.3", True),
        ("3.2.12-17.4.xcpng8.3", False),
        ("3.2.12-17.10.xcpng8.3", False),
    ],
)
def test_range_ends_where_the_fix_is(version: str, has: bool) -> None:
    assert one("metadata-compared-on-file-sr").has(parse_version(version)) is has


@pytest.mark.parametrize(
    ("version", "has"),
    [
        ("3.2.12-15.1.xcpng8.3", True),
        ("3.2.12-16.1.xcpng8.3", False),
        ("4.1.8-1.xs9", True),
        ("4.1.9-1.xs9", False),
        ("2.30.8-13.1.xcpng8.2", True),
    ],
)
def test_each_line_of_development_has_its_own_range(version: str, has: bool) -> None:
    assert one("log-left-on-supporter").has(parse_version(version)) is has


def test_shipped_rows_have_ids_of_their_own() -> None:
    ids = [defect.id for defect in load_defects()]
    assert len(ids) == len(set(ids)) > 0


ROW = """\
defects:
  - id: a-defect
    title: Something failed
    package: sm
    affected:
      - {from: 1.0-1, before: 1.0-2}
    fixed: sm 1.0-2
    symptom: duplicate-key
    looks_like: something else
    why: It was so.
    references: [somewhere]
"""


def load(folder: Path, text: str | bytes) -> tuple[Defect, ...]:
    """Load a table."""
    path = folder / "defects.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_defects(path)


def test_a_row_is_read(tmp_path: Path) -> None:
    (defect,) = load(tmp_path, ROW)
    assert (defect.id, defect.vendor) == ("a-defect", "any")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "symptom: duplicate-key",
            "symptom: bad",
            "patterns/defects.yaml:8 defects.0.symptom: exp",
        ),
        (
            "    fixed: sm 1.0-2\n",
            "",
            "patterns/defects.yaml:2 defects.0.fixed: the key is missing",
        ),
        ("    why:", "    wy:", "patterns/defects.yaml:10 defects.0.wy: unknown key"),
        ("before: 1.0-2", "before: 1.0-1", "defects.0.affected.0: the range ends at 1.0-1"),
        ("from: 1.0-1", "from: x y", "patterns/defects.yaml:6 defects.0.affected.0.from: string"),
        ("    package: sm\n", "    package: sm\n    package: sm\n", "the key is there twice"),
        (ROW.partition("\n")[2], ROW.partition("\n")[2] * 2, "a-defect is there twice"),
        ("defects:", "*x", "patterns/defects.yaml:1"),
    ],
)
def test_faults_are_told_by_file_and_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in ROW
    with pytest.raises(CatalogueError) as caught:
        load(tmp_path, ROW.replace(old, new))
    assert told in str(caught.value)


def test_file_that_is_not_utf8_is_told_by_line(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"defects\.yaml:12 not UTF-8"):
        load(tmp_path, ROW.encode() + b"\xff")


CRASHED = "13:32:41 SM: [7] ***** generic exception: sr_scan: EXCEPTION <class 'x'>, Signalled 11\n"
REFUSED = "13:32:41 SM: [7] Raising exception [81, Failed [opterr=VDI clone failed error 13]]\n"
NOT_LOADED = (
    "13:32:41 SMGC: [7] gc: EXCEPTION <class 'TypeError'>, super(type, obj): "
    "obj must be an instance or subtype of type\n"
)


BASE = f"13:32:41 SM: [7] LV list: != => deleting unused base VHD-{VDI}\n"


@pytest.mark.parametrize(
    ("package", "hosts", "number"),
    [
        ("sm-3.2.12-17.4.xcpng8.3.x86_64", POOL_OF_TWO, 1),
        ("sm-3.2.12-17.5.xcpng8.3.x86_64", POOL_OF_TWO, 0),
        ("sm-3.2.12-17.4.xcpng8.3.x86_64", POOL_OF_TWO[:1], 0),
    ],
)
def test_deleted_base_stays_active_only_where_there_is_a_supporter(
    package: str, hosts: tuple[tuple[str, str], ...], number: int
) -> None:
    built = CaseBuilder().host().smlog(BASE).packages(package).database(sr(), vdi(), hosts=hosts)
    found = built.examine(RULE).findings
    assert [each.confidence for each in found] == [Confidence.POSSIBLE] * number


@pytest.mark.parametrize(
    ("log", "package", "number"),
    [
        (CRASHED, "blktap-3.55.5-2.3.xcpng8.3.x86_64", 1),
        (CRASHED, "blktap-4.0.7-1.xs9.x86_64", 0),
        (REFUSED, "sm-3.2.9-1.xs8.x86_64", 1),
        (REFUSED, "sm-3.2.10-1.xs8.x86_64", 0),
        (NOT_LOADED, "sm-4.1.9-1.xs9.x86_64", 1),
        (NOT_LOADED, "sm-3.2.12-1.xs8.x86_64", 0),
    ],
)
def test_line_is_a_defect_only_of_the_versions_that_have_it(
    log: str, package: str, number: int
) -> None:
    built = CaseBuilder().host().smlog(log).packages(package).database(sr(), vdi())
    assert len(built.examine(RULE).findings) == number
