"""``show``, ``why`` and ``cbtlog``: arguments in, text or JSON and an exit status out."""

import json
import struct
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.main import app
from analyzer.errors import InputError, UsageError
from analyzer.run import load_case

SAMPLES = Path(__file__).resolve().parents[2] / "sample_bundles"
HEALTHY = str(SAMPLES / "healthy-cbt.tar.bz2")
CRASHED = str(SAMPLES / "host-crash.tar.bz2")
LIVE = "c1aa855a-ea52-4f96-a5df-4ba01de4a4cf"
LOST = "f5b50b40-63a2-44d0-a0e8-ca83038b14d3"
FIRST = "0d9f6b3e-7c15-4a82-9be4-5f2a1c8d7e60"
SECOND = "5b8e2f19-4d7a-4c36-a0f1-9e3d6b2c8a47"


def cbtriage(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def log(folder: Path, uuid: str, parent: str, child: str, *, cut: int | None = None) -> str:
    pointers = b"".join(UUID(p).bytes if p else bytes(16) for p in (parent, child))
    data = pointers + struct.pack("<i4xQ", 1, 16 * 65536) + b"\x03\x00"
    path = folder / f"{uuid}.cbtlog"
    path.write_bytes(data[:cut])
    return str(path)


def test_logs_are_printed_with_their_chain(tmp_path: Path) -> None:
    older, newer = log(tmp_path, FIRST, "", SECOND), log(tmp_path, SECOND, FIRST, "")
    done = cbtriage("cbtlog", newer, older)
    assert done.exit_code == 0
    chain = done.stdout.partition("CHAIN")[2]
    assert chain.index(FIRST) < chain.index(SECOND)
    assert "2 of 16 blocks of 64 KiB (12.5 %), 128 KiB" in done.stdout
    assert "00000000-0000-0000-0000-000000000000 (none)" in done.stdout


def test_logs_as_json_have_null_for_no_uuid(tmp_path: Path) -> None:
    path = log(tmp_path, FIRST, "", SECOND)
    assert json.loads(cbtriage("cbtlog", "--json", path).stdout) == [
        {
            "file": path,
            "uuid": FIRST,
            "parent": None,
            "child": SECOND,
            "consistent": True,
            "size": 16 * 65536,
            "bitmap_bytes": 2,
            "changed_blocks": 2,
            "error": None,
        }
    ]


def test_damaged_log_does_not_stop_the_others(tmp_path: Path) -> None:
    cut, sound = log(tmp_path, FIRST, "", "", cut=49), log(tmp_path, SECOND, "", "")
    done = cbtriage("cbtlog", "--json", cut, sound, str(tmp_path))
    first, second, third = json.loads(done.stdout)
    assert done.exit_code == 4
    assert (first["changed_blocks"], first["bitmap_bytes"]) == (None, 1)
    assert first["error"] == "the bitmap is cut: 1 of 2 bytes are there"
    assert second["error"] is None
    assert third["error"]


def test_nothing_readable_exits_with_3(tmp_path: Path) -> None:
    short = log(tmp_path, FIRST, "", "", cut=20)
    done = cbtriage("cbtlog", short, str(tmp_path / "no-such-file"))
    assert done.exit_code == 3
    assert done.stdout.count("DAMAGED") == 2


def test_logs_that_cannot_be_drawn_are_named(tmp_path: Path) -> None:
    own = log(tmp_path, FIRST, "", "")
    nameless = tmp_path / "copy.cbtlog"
    nameless.write_bytes(Path(own).read_bytes())
    done = cbtriage("cbtlog", own, own, str(nameless), log(tmp_path, SECOND, "", "", cut=3))
    assert "another file of the same disk is drawn" in done.stdout
    assert "its name holds no uuid" in done.stdout
    assert "nothing of it could be read" in done.stdout


def test_flag_that_is_no_flag_is_shown_and_null(tmp_path: Path) -> None:
    path = tmp_path / f"{FIRST}.cbtlog"
    path.write_bytes(bytes(32) + struct.pack("<i4xQ", 9, 0))
    assert "consistent  9" in cbtriage("cbtlog", str(path)).stdout
    (row,) = json.loads(cbtriage("cbtlog", "--json", str(path)).stdout)
    assert row["consistent"] is None


def test_log_in_use_is_said(tmp_path: Path) -> None:
    path = tmp_path / f"{FIRST}.cbtlog"
    path.write_bytes(bytes(48))
    done = cbtriage("cbtlog", str(path))
    assert "0 (the disk is being written to, or a session did not end in order)" in done.stdout
    assert "CHAIN" not in done.stdout


@pytest.mark.parametrize("wanted", [LIVE, LIVE[:6], "web disk 0"])
def test_disk_is_shown_by_uuid_prefix_or_name(wanted: str) -> None:
    done = cbtriage("show", "vdi", wanted, HEALTHY, "-q")
    assert done.exit_code == 0
    assert f"VDI    {LIVE}" in done.stdout
    assert "LIFE LINE" in done.stdout


def test_disk_with_findings_exits_with_1_and_shows_the_break() -> None:
    done = cbtriage("show", "vdi", LOST, CRASHED, "-q")
    assert done.exit_code == 1
    assert "X  its child pointer names" in done.stdout


def test_disk_as_json_is_one_object() -> None:
    (shown,) = json.loads(cbtriage("show", "vdi", LIVE, HEALTHY, "-q", "--json").stdout)["disks"]
    assert shown["vdi"]["uuid"] == LIVE


def test_ambiguous_disk_lists_the_candidates() -> None:
    case, _ = load_case([Path(CRASHED)])
    firsts = [vdi.uuid[0] for vdi in case.pools[0].vdis]
    shared = next(first for first in firsts if firsts.count(first) > 1)
    done = cbtriage("show", "vdi", shared, CRASHED, "-q")
    assert isinstance(done.exception, UsageError)
    assert f"{firsts.count(shared)} disks fit" in str(done.exception)


def test_disk_that_nobody_has_is_a_usage_error() -> None:
    done = cbtriage("show", "vdi", "mail disk", CRASHED, "-q")
    assert isinstance(done.exception, UsageError)


def test_missing_bundle_is_no_input() -> None:
    done = cbtriage("show", "vdi", LIVE, "no-such.tar.bz2", "-q")
    assert isinstance(done.exception, InputError)


def test_cut_bundle_without_a_finding_about_the_disk_is_damaged(tmp_path: Path) -> None:
    whole = Path(HEALTHY).read_bytes()
    cut = tmp_path / "cut.tar.bz2"
    cut.write_bytes(whole[: len(whole) * 9 // 10])
    done = cbtriage("show", "vdi", LIVE, str(cut), "-q")
    assert done.exit_code == 4 or isinstance(done.exception, UsageError)


def test_why_of_a_live_disk_is_refused_by_xapi() -> None:
    done = cbtriage("why", "data-destroy", LIVE, HEALTHY, "-q")
    assert done.exit_code == 1
    assert "VDI is not a snapshot" in done.stdout
    assert "[xapi-db" in done.stdout


def test_why_of_an_attached_disk_cannot_be_settled() -> None:
    done = cbtriage("why", "enable-cbt", LOST, CRASHED, "-q")
    assert done.exit_code == 4
    assert "settle with: tap-ctl list, on jupiter" in done.stdout


def test_why_of_a_comparison_as_json() -> None:
    done = cbtriage("why", "list-changed-blocks", "52743559", LIVE, HEALTHY, "-q", "--json")
    (judged,) = json.loads(done.stdout)["calls"]
    assert (judged["call"], judged["answer"]) == ("VDI.list_changed_blocks", "fails")
    assert [check["answer"] for check in judged["checks"]].count("fails") == 1
    assert done.exit_code == 1


@pytest.mark.parametrize(
    "command",
    [
        ("cbtlog",),
        ("show", "vdi"),
        ("why", "enable-cbt"),
        ("why", "data-destroy"),
        ("why", "list-changed-blocks"),
    ],
)
def test_help_teaches_the_exit_status(command: tuple[str, ...]) -> None:
    done = cbtriage(*command, "--help")
    assert done.exit_code == 0
    assert "Exit status" in done.stdout


def test_a_disk_may_be_called_disk() -> None:
    shown = cbtriage("show", "disk", LIVE, HEALTHY)
    assert shown.exit_code == 0
    assert shown.stdout == cbtriage("show", "vdi", LIVE, HEALTHY).stdout
