import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.bundle.archive import Progress
from analyzer.cli.main import app
from analyzer.cli.progress import STAGES, share_done, watching
from analyzer.errors import UsageError
from analyzer.run import load_case
from tests.support.bundle import BundleBuilder
from tests.support.clock import utc
from tests.world.world import World

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_bundles"
CRASH = SAMPLES / "host-crash.tar.bz2"
HEALTHY = SAMPLES / "healthy-cbt.tar.bz2"


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def test_report_files_are_written_into_the_folder_and_nowhere_else(tmp_path: Path) -> None:
    done = run("analyze", CRASH, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "out",
        "report.cbtcase",
        "report.html",
        "report.json",
    ]


def test_summary_is_the_answer_in_25_lines_and_ends_with_the_verdict(tmp_path: Path) -> None:
    assert run("analyze", CRASH, "-o", tmp_path, "-q").stdout == ""
    lines = run("analyze", CRASH, "-o", tmp_path).stdout.splitlines()
    assert len(lines) <= 25
    assert lines[-2].startswith("ERROR: VM mail lost change tracking on 2 of 2 disks")
    assert "mail/mail disk 0: CBT off, untracked since 21 Nov 01:00" in lines


def test_session_in_the_readme_is_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    session = (ROOT / "README.md").read_text("utf-8").partition("```console\n")[2]
    shown = session.partition("\n```")[0].partition("\n")[2]
    assert run("analyze", CRASH).stdout.rstrip() == shown


def test_verbose_summary_is_the_whole_report(tmp_path: Path) -> None:
    text = run("analyze", CRASH, "-o", tmp_path, "-v").stdout
    assert "\nFINDINGS\n" in text
    assert f"Written: {tmp_path / 'report.html'}" in text


def test_ticket_and_reply_are_printed_alone(tmp_path: Path) -> None:
    assert run("analyze", CRASH, "-o", tmp_path, "--ticket").stdout.startswith("## ERROR: VM mail")
    assert run("analyze", CRASH, "-o", tmp_path, "--reply").stdout.startswith("Hello,")
    assert isinstance(run("analyze", CRASH, "--ticket", "--reply").exception, UsageError)


def test_healthy_bundle_exits_with_0(tmp_path: Path) -> None:
    done = run("analyze", HEALTHY, "-o", tmp_path)
    assert done.exit_code == 0
    assert "NOTHING FOUND" in done.stdout


def test_one_format_goes_to_standard_output_and_no_file_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("analyze", CRASH, "--format", "json", "--stdout", "-q")
    assert json.loads(done.stdout)["schema_version"] == 2
    assert not list(tmp_path.iterdir())


def test_default_folder_that_is_a_link_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cbtriage-host-crash").symlink_to("elsewhere")
    assert "a link" in str(run("analyze", CRASH, "-q").exception)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_chosen_formats_are_written(tmp_path: Path) -> None:
    run("analyze", CRASH, "-o", tmp_path, "-q", "--format", "markdown", "--format", "text")
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".cbtcase", ".md", ".txt"]


def test_default_folder_is_named_after_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("analyze", CRASH, "-q")
    assert (tmp_path / "cbtriage-host-crash" / "report.html").is_file()


@pytest.mark.parametrize(("threshold", "status"), [("critical", 0), ("error", 1), ("never", 0)])
def test_fail_on_sets_which_findings_count(tmp_path: Path, threshold: str, status: int) -> None:
    assert run("analyze", CRASH, "-o", tmp_path, "-q", "--fail-on", threshold).exit_code == status


def test_damaged_input_without_findings_exits_with_4(tmp_path: Path) -> None:
    cut = tmp_path / "cut.tar.bz2"
    cut.write_bytes(HEALTHY.read_bytes()[: HEALTHY.stat().st_size * 2 // 3])
    assert run("analyze", cut, "-o", tmp_path / "out", "-q").exit_code == 4


def test_strict_makes_an_undecided_rule_exit_with_4(tmp_path: Path) -> None:
    world = World("strict", utc("2024-11-22 04:00:00"))
    world.start(world.machine("db", world.storage("SAN", "nfs"), [1 << 30]))
    world.serve()
    report = world.bundle(world.master).remove("var/log/kern.log")
    bundle = report.write_tar(tmp_path / "b.tar.bz2")
    assert run("analyze", bundle, "-o", tmp_path / "out", "-q").exit_code == 0
    assert run("analyze", bundle, "-o", tmp_path / "out", "-q", "--strict").exit_code == 4


def test_input_of_which_no_rule_can_tell_anything_exits_with_4(tmp_path: Path) -> None:
    log = tmp_path / "SMlog"
    log.write_text("Nov 22 10:06:01 jupiter SM: [1] lock: released /x\n", encoding="ascii")
    assert run("analyze", log, "-o", tmp_path / "out", "-q").exit_code == 4


def test_output_folder_that_is_a_file_is_a_usage_error(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("x", encoding="ascii")
    done = run("analyze", CRASH, "-o", taken, "-q")
    assert "another folder" in str(done.exception)


def test_stream_on_standard_input_is_read(tmp_path: Path) -> None:
    stream = BundleBuilder().log("var/log/SMlog", "Nov 22 10:06:01 jupiter SM: [1] x\n").stream()
    done = run("analyze", "-", "-o", tmp_path, "--fail-on", "never", stdin=stream)
    assert done.exit_code == 4
    assert "NOT SURE" in done.stdout


def test_a_path_that_cannot_be_read_does_not_cost_the_others(tmp_path: Path) -> None:
    done = run("analyze", CRASH, tmp_path / "gone.tar", "-o", tmp_path / "out", "--format", "json")
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert done.exit_code == 1
    assert [row["bundle"] for row in report["omissions"]] == ["gone.tar"]


def test_two_bundles_of_one_file_name_stay_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "SMlog").write_text(
            "Nov 22 10:06:01 jupiter SM: [1] x\n", encoding="ascii"
        )
    paths = [tmp_path / "a" / "SMlog", tmp_path / "b" / "SMlog"]
    run("analyze", *paths, "-o", tmp_path / "out", "-q")
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert len(report["bundles"]) == 2


def test_stages_come_in_order_and_never_go_back() -> None:
    seen: list[Progress] = []
    load_case([Path(CRASH)], progress=seen.append)
    assert tuple(dict.fromkeys(each.stage for each in seen))[-3:] == tuple(STAGES)[1:-1]
    shares = [share_done(each) for each in seen]
    assert shares == sorted(shares)


@pytest.mark.parametrize("quiet", [True, False])
def test_nothing_is_left_behind_where_nobody_watches(
    quiet: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with watching(quiet=quiet) as progress:
        assert progress is None
    assert capsys.readouterr().err == ""


def test_bar_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with watching(quiet=False) as progress:
        assert progress is not None
        progress(Progress(done=1, total=2, member="var/log/SMlog"))


@pytest.mark.parametrize("option", ["--max-total=-5", "--max-line=0", "--as=holiday"])
def test_impossible_options_are_usage_errors(option: str) -> None:
    assert run("analyze", CRASH, option).exit_code == 2


def test_log_that_nobody_understands_exits_with_4(tmp_path: Path) -> None:
    log = tmp_path / "SMlog"
    log.write_bytes(b"\0" * 100_000)
    assert run("analyze", log, "-o", tmp_path / "out", "-q").exit_code == 4


def test_what_was_lost_is_said_on_the_first_screen(tmp_path: Path) -> None:
    cut = tmp_path / "cut.tar.bz2"
    cut.write_bytes(HEALTHY.read_bytes()[: HEALTHY.stat().st_size * 2 // 3])
    screen = run("analyze", cut, "-o", tmp_path / "out").stdout
    assert "was not read whole: bz2 data damaged" in " ".join(screen.split())
