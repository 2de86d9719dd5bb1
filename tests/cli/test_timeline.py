"""``cbtriage timeline`` and ``--tz``: filters in, entries and an exit status out."""

import csv
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.case.case import Case
from analyzer.cli.main import app
from analyzer.errors import UsageError
from analyzer.model.report import Report
from analyzer.run import load_case

SAMPLES = Path(__file__).resolve().parents[2] / "sample_bundles"
CRASHED, HEALTHY = str(SAMPLES / "host-crash.tar.bz2"), str(SAMPLES / "healthy-cbt.tar.bz2")
NBD, POOL = str(SAMPLES / "nbd-trouble.tar.bz2"), str(SAMPLES / "two-host-pool.zip")


def cbtriage(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments])


def timeline(*arguments: str) -> Result:
    return cbtriage("timeline", "-q", *arguments)


def refused(*arguments: str) -> str:
    done = timeline(*arguments)
    assert isinstance(done.exception, UsageError)
    return str(done.exception)


@dataclass(frozen=True, slots=True)
class Crash:
    """What the sample holds."""

    case: Case
    report: Report

    @property
    def disk(self) -> str:
        """Return the uuid of a disk with a finding."""
        findings = [each for outcome in self.report.outcomes for each in outcome.findings]
        return next(each.subjects[0].uuid for each in findings if each.subjects[0].type == "VDI")


@pytest.fixture(scope="module")
def crash() -> Crash:
    return Crash(*load_case([Path(CRASHED)]))


@pytest.fixture(scope="module")
def rows() -> list[dict[str, object]]:
    return [json.loads(line) for line in timeline(CRASHED, "--format", "jsonl").stdout.splitlines()]


def test_everything_kept_is_in_the_order_of_time(rows: list[dict[str, object]]) -> None:
    stamps = [row["timestamp"] for row in rows]
    assert len(rows) > 500
    assert stamps == sorted(stamps, key=lambda stamp: int(str(stamp)))


def test_plain_table_when_piped() -> None:
    done = timeline(CRASHED, "--kind", "finding")
    assert done.exit_code == 1
    assert done.stdout.startswith("  TIME")
    assert "[ERROR] CBT was turned off because the disk's log was inconsistent" in done.stdout
    assert "\x1b" not in done.stdout


def test_nothing_of_a_finding_exits_with_0() -> None:
    assert timeline(HEALTHY, "--kind", "host-alive").exit_code == 0


def test_damaged_input_without_a_finding_exits_with_4(tmp_path: Path) -> None:
    cut = tmp_path / "cut.tar.bz2"
    whole = Path(HEALTHY).read_bytes()
    cut.write_bytes(whole[: len(whole) * 9 // 10])
    assert timeline(str(cut), "--kind", "host-alive").exit_code == 4


def test_csv_has_as_many_rows(rows: list[dict[str, object]]) -> None:
    text = timeline(CRASHED, "--format", "csv").stdout
    assert len(list(csv.DictReader(io.StringIO(text, newline="")))) == len(rows)


def test_markdown_is_a_table() -> None:
    text = timeline(CRASHED, "--kind", "finding", "--format", "markdown").stdout
    assert text.startswith("| | time | host | source | what |")


def test_raw_prints_the_lines_as_they_are() -> None:
    done = timeline(CRASHED, "--raw", "--kind", "nbd-started")
    lines = done.stdout.splitlines()
    assert lines
    assert all("xapi-nbd[" in line and line.startswith("Nov ") for line in lines)


def test_bytes_that_are_no_text_do_not_stop_it(tmp_path: Path) -> None:
    log = tmp_path / "SMlog"
    log.write_bytes(b"Nov 22 10:06:01 jupiter SM: [1] vdi_attach {'x': '\xff\xfe'}\n")
    done = timeline(str(log), "--raw")
    assert done.exit_code == 0
    assert "vdi_attach" in done.stdout


@pytest.mark.parametrize("width", [8, 36])
def test_disk_is_named_by_its_uuid_or_the_beginning(crash: Crash, width: int) -> None:
    text = timeline(CRASHED, "--vdi", crash.disk[:width], "--format", "jsonl").stdout
    shown = [json.loads(line) for line in text.splitlines()]
    assert any(crash.disk in row["text"] for row in shown)
    assert len(shown) < len(crash.case.events)


def test_sr_brings_what_tells_of_its_disks(crash: Crash) -> None:
    sr = next(sr for sr in crash.case.pools[0].srs if sr.type == "lvm")
    text = timeline(CRASHED, "--sr", sr.name_label or "", "--format", "jsonl").stdout
    disks = {vdi.uuid for vdi in crash.case.pools[0].vdis if vdi.sr == sr.ref}
    texts = [json.loads(line)["text"] for line in text.splitlines()]
    assert any(sr.uuid not in each and any(disk in each for disk in disks) for each in texts)


def test_session_of_nbd_is_found_by_the_pid_of_its_server() -> None:
    done = timeline(NBD, "--session", "2407", "--format", "jsonl")
    pids = {json.loads(line)["pid"] for line in done.stdout.splitlines()}
    assert pids == {2407}


def test_host_leaves_out_the_others() -> None:
    text = timeline(POOL, "--host", "jupiter", "--format", "jsonl").stdout
    rows = [json.loads(line) for line in text.splitlines()]
    assert {row["host"] for row in rows if row["source"] != "backup run"} == {"jupiter"}
    assert {row["host"] for row in rows if row["source"] == "backup run"} == {""}  # of the pool


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--vdi", "mail disk 77"), "no disk"),
        (
            ("--sr", "attic"),
            "--sr attic: no SR of the given bundles is called so; there are: Local storage",
        ),
        (("--sr", ""), "--sr: no SR"),
        (("--host", "pluto"), "--host pluto: no host of the given bundles"),
        (("--host", " "), "there are: jupiter"),
        (("--session", "abc"), "at least 6 characters"),
        (("--kind", "sm-cal"), "sm-call"),
        (("--kind", "zzz"), "rules list"),
        (("--around", "noon"), "--around noon: not a time"),
        (("--from", "noon"), "--from noon: not a time"),
        (("--from", "2024-11-22", "--to", "2024-11-21"), "ends before it begins"),
        (("--tz", "Rome"), "Europe/Rome"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_remedy(
    arguments: tuple[str, ...], told: str
) -> None:
    assert told in refused(CRASHED, *arguments)


def test_ambiguous_host_lists_the_candidates() -> None:
    case, _ = load_case([Path(POOL)])
    (first,) = {host.uuid[0] for host in case.pools[0].hosts if host.name_label == "jupiter"}
    both = all(host.uuid.startswith(first) for host in case.pools[0].hosts)
    done = timeline(POOL, "--host", first, "--kind", "host-alive")
    assert isinstance(done.exception, UsageError) == both


def test_ambiguous_disk_lists_the_candidates(crash: Crash) -> None:
    firsts = [vdi.uuid[0] for vdi in crash.case.pools[0].vdis]
    shared = next(first for first in firsts if firsts.count(first) > 1)
    assert f"{firsts.count(shared)} disks fit" in refused(CRASHED, "--vdi", shared)


def test_host_of_which_no_report_was_given_is_named(tmp_path: Path) -> None:
    alone = tmp_path / "alone.zip"
    with zipfile.ZipFile(POOL) as whole, zipfile.ZipFile(alone, "w") as part:
        for name in whole.namelist():
            if "bugtool-jupiter" in name:
                part.writestr(name, whole.read(name))
    assert "no status report of this host was given" in refused(str(alone), "--host", "saturn")


def around(*arguments: str) -> list[str]:
    text = timeline(CRASHED, "--kind", "host-booted", "--format", "jsonl", *arguments).stdout
    return [json.loads(line)["datetime"] for line in text.splitlines()]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--around", "2024-11-22T03:44:00Z"),
        ("--around", "11-22 03:44"),
        ("--around", "Nov 22 03:50", "--minutes", "6"),
        ("--around", "11-22 12:44", "--tz", "Asia/Tokyo"),
        ("--around", "11-22 04:44", "--tz", "host"),
        ("--from", "2024-11-22 03:44", "--to", "2024-11-22 03:44"),
        ("--around", "2024-11-22 04:00", "--minutes", "60", "--to", "2024-11-22 03:50"),
        ("--around", "2024-11-22 04:00", "--minutes", "60", "--from", "2024-11-22 03:40"),
    ],
)
def test_window_holds_the_boot_however_it_is_written(arguments: tuple[str, ...]) -> None:
    assert len(around(*arguments)) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--around", "2024-11-22T03:44:00+01:00"),
        ("--around", "Nov 22 03:50", "--minutes", "5"),
        ("--around", "11-22 03:44", "--tz", "Asia/Tokyo"),
        ("--from", "2024-11-22 03:45"),
        ("--to", "2024-11-22 03:43"),
    ],
)
def test_window_beside_the_boot_does_not_hold_it(arguments: tuple[str, ...]) -> None:
    assert not around(*arguments)


def test_times_are_shown_in_the_zone() -> None:
    assert (
        "2024-11-22 12:44:00 +09:00"
        in timeline(CRASHED, "--kind", "host-booted", "--tz", "Asia/Tokyo").stdout
    )


def test_empty_window_says_what_was_read() -> None:
    done = timeline(CRASHED, "--around", "2025-01-01")
    assert done.exit_code == 0
    assert not done.stdout
    assert "nothing to show: none of" in done.stderr
    assert "smlog of jupiter: read, 2024-11-20 05:00:00 UTC to" in done.stderr


def test_log_that_was_not_read_is_said_though_something_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "SMlog"
    log.write_text("Nov 22 10:06:01 jupiter SM: [1] vdi_attach {'a': 'b'}\n", encoding="ascii")
    done = timeline(str(log))
    assert "vdi_attach" in done.stdout
    assert "xensource_log of jupiter: " in done.stderr


def test_lines_of_an_unknown_year_are_shown_last_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        line = "Nov 22 10:06:01 jupiter SM: [1] vdi_attach {'a': 'b'}\n"
        archive.writestr("jupiter/var/log/SMlog", line)
    done = timeline(str(path))
    assert "????-11-22 10:06:01 (year unknown)" in done.stdout
    assert "1 line of an unknown year, shown last" in done.stderr


@pytest.mark.parametrize(
    "command", [("timeline",), ("explain",), ("show", "vdi"), ("show", "session"), ("analyze",)]
)
def test_help_tells_of_the_zone(command: tuple[str, ...]) -> None:
    assert "--tz" in cbtriage(*command, "--help").stdout


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_report_for_people_is_in_the_zone(form: str) -> None:
    text = cbtriage(
        "analyze", CRASHED, "-q", "--format", form, "--stdout", "--tz", "Asia/Tokyo"
    ).stdout
    assert "+09:00" in text
    assert "Nov 22 04:45:01 jupiter SM:" in text


def test_json_stays_in_utc_whatever_the_zone() -> None:
    plain = cbtriage("analyze", CRASHED, "-q", "--format", "json", "--stdout").stdout
    zoned = cbtriage(
        "analyze", CRASHED, "-q", "--format", "json", "--stdout", "--tz", "Asia/Tokyo"
    ).stdout
    assert zoned == plain


def test_summary_and_files_are_in_the_zone(tmp_path: Path) -> None:
    done = cbtriage(
        "analyze", CRASHED, "-o", str(tmp_path), "--format", "markdown", "--tz", "+09:00"
    )
    assert "+09:00" in done.stdout
    assert "+09:00" in (tmp_path / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "what",
    [("host", NBD), ("session", NBD), ("sr", NBD), ("network", NBD), ("vdi", "DISK", CRASHED)],
)
def test_objects_are_shown_in_the_zone(what: tuple[str, ...], crash: Crash) -> None:
    arguments = [crash.disk if each == "DISK" else each for each in what]
    plain = cbtriage("show", *arguments, "-q")
    zoned = cbtriage("show", *arguments, "-q", "--tz", "Asia/Tokyo")
    assert zoned.exit_code == plain.exit_code
    assert (" UTC" in plain.stdout) == ("+09:00" in zoned.stdout)
