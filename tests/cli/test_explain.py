"""``cbtriage explain``: how a rule came to its answer, and what was made of a line."""

import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.case.case import Case
from analyzer.cli.main import app
from analyzer.errors import UsageError
from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.rules.load import load_catalogue
from analyzer.run import load_case

SAMPLES = Path(__file__).resolve().parents[2] / "sample_bundles"
CRASHED, POOL = str(SAMPLES / "host-crash.tar.bz2"), str(SAMPLES / "two-host-pool.zip")
NBD = str(SAMPLES / "nbd-trouble.tar.bz2")
HEAD = "Nov 22 10:06:{:02d} jupiter "


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["explain", "-q", *arguments])


def refused(*arguments: str) -> str:
    done = explain(*arguments)
    assert isinstance(done.exception, UsageError)
    return str(done.exception)


@pytest.fixture(scope="module")
def crash() -> tuple[Case, Report]:
    return load_case([Path(CRASHED)])


def quoted_line(report: Report, rule: str) -> Source:
    outcome = next(outcome for outcome in report.outcomes if outcome.rule == rule)
    return outcome.findings[0].evidence[0].source


def test_rule_that_found_something_shows_its_lines(crash: tuple[Case, Report]) -> None:
    rule = "cbt-disabled-inconsistent-log"
    done = explain(rule, CRASHED)
    assert done.exit_code == 1
    assert "FOUND: 2 findings" in done.stdout
    assert "o cbt-disabled-inconsistent-log.line: matched 2 times" in done.stdout
    assert f"[{quoted_line(crash[1], rule)}]" in done.stdout
    assert "o jupiter: read, 2024-11-20" in done.stdout


def test_rule_that_is_ruled_out_shows_what_was_missed() -> None:
    done = explain("cbt-log-missing", CRASHED)
    assert done.exit_code == 0
    assert "RULED-OUT: " in done.stdout
    assert "it holds for 2024-11-20 05:00:00 UTC to" in done.stdout
    assert "x cbt-log-missing.not-found: MISSED: not once" in done.stdout


def test_rule_that_could_not_tell_shows_what_it_lacked(tmp_path: Path) -> None:
    log = tmp_path / "SMlog"
    log.write_text(f"{HEAD.format(1)}SM: [1] lock: released /x\n", encoding="ascii")
    done = explain("cbt-log-missing", str(log))
    assert done.exit_code == 4
    assert "x SMlog: LACKED: xapi-db-dumped.xml" in done.stdout
    assert "x SMlog: LACKED: the pool's hosts are unknown" in done.stdout
    assert "settle with: " in done.stdout


def test_source_that_another_host_covers_is_not_called_lacking() -> None:
    done = explain("cbt-database-disagrees", POOL)
    assert "o jupiter: read" in done.stdout
    assert "xapi_db, of one host of the pool" in done.stdout


def test_times_are_in_the_zone() -> None:
    assert (
        "to 2024-11-22 18:05:26 +09:00"
        in explain("cbt-log-missing", CRASHED, "--tz", "Asia/Tokyo").stdout
    )


def test_pattern_of_lines_says_its_condition() -> None:
    assert "CONDITION\n  at least" in explain(load_catalogue().rules[0].id, NBD).stdout


def test_pattern_that_is_no_rule_says_that_it_gives_no_answer() -> None:
    done = explain("host-booted", CRASHED)
    assert done.exit_code == 0
    assert "context: it gives no answer by itself" in done.stdout
    assert "matched" in done.stdout


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("cbt-log-mising", "cbt-log-missing"),
        ("inconsistent", "cbt-disabled-inconsistent-log"),
        ("zzz", "rules list"),
        ("\x1b[2J", "\\x1b[2J"),
        ("nosuch.log:3", "nosuch.log: no such member"),
        ("SMlog:99999999", "no such line; the member has"),
        ("SMlog:0", "no such line"),
    ],
)
def test_what_is_not_there_is_refused_with_a_remedy(what: str, told: str) -> None:
    assert told in refused(what, CRASHED)


def test_standard_input_cannot_be_read_twice() -> None:
    assert "give a file instead of -" in refused("SMlog:3", "-")


def test_quoted_line_names_what_rests_on_it(crash: tuple[Case, Report]) -> None:
    source = quoted_line(crash[1], "cbt-disabled-inconsistent-log")
    done = explain(str(source), CRASHED)
    assert done.exit_code == 1
    assert "read by     smlog" in done.stdout
    assert "understood  program SM, pid " in done.stdout
    assert "time        2024-11-22 03:45:0" in done.stdout
    assert "dated by    year from " in done.stdout
    assert "cbt-disabled-inconsistent-log.line (check)" in done.stdout
    assert "finding F-cbt-disabled-inconsistent-log-" in done.stdout
    assert "call of SM vdi_activate: disk " in done.stdout


def test_end_of_a_path_is_enough(crash: tuple[Case, Report]) -> None:
    source = quoted_line(crash[1], "cbt-disabled-inconsistent-log")
    done = explain(f"SMlog:{source.line}", CRASHED)
    assert f"  > {source.line:>8}  " in done.stdout


def test_line_that_nobody_asks_for_is_read_again(tmp_path: Path) -> None:
    done = explained(tmp_path, f"{HEAD.format(1)}SM: [1] nothing that matters\n")
    assert done.exit_code == 0
    assert "understood  program SM, pid 1, host jupiter" in done.stdout
    assert "no rule and nothing that is rebuilt asks for such a line" in done.stdout
    assert "nothing rests on it" in done.stdout


def explained(tmp_path: Path, text: str, line: int = 1) -> Result:
    log = tmp_path / "SMlog"
    log.write_bytes(text.encode(errors="surrogateescape"))
    return explain(f"SMlog:{line}", str(log))


def test_line_that_is_not_understood_is_said_to_be_so(tmp_path: Path) -> None:
    done = explained(tmp_path, f"{HEAD.format(1)}SM: [1] x\nhalf a li\n", 2)
    assert "not understood: it has not the form of this log" in done.stdout
    assert "time " not in done.stdout


def test_empty_line_is_passed_over(tmp_path: Path) -> None:
    assert (
        "blank lines are passed over"
        in explained(tmp_path, f"{HEAD.format(1)}SM: [1] x\n\n", 2).stdout
    )


def test_line_of_a_traceback_names_its_record(tmp_path: Path) -> None:
    lines = [
        "***** LVHDoISCSISR.load: EXCEPTION <class 'IOError'>, [Errno 5] Input/output error",
        '  File "/opt/xensource/sm/SRCommand.py", line 378, in run',
        "    sr = driver(cmd, cmd.sr_uuid)",
    ]
    text = "".join(f"{HEAD.format(1)}SM: [7] {line}\n" for line in lines)
    done = explained(tmp_path, text, 2)
    assert "it is part of a record of several lines, which begins at line 1:" in done.stdout
    assert "    | Nov 22 10:06:01 jupiter SM: [7]     sr = driver" in done.stdout


def test_hostile_line_cannot_move_the_cursor(tmp_path: Path) -> None:
    done = explained(tmp_path, f"{HEAD.format(1)}SM: [1] \x1b[2J\u202ex\n")
    assert "\x1b" not in done.stdout
    assert "<U+202E>" in done.stdout


def test_neighbours_are_shown(tmp_path: Path) -> None:
    text = "".join(f"{HEAD.format(second)}SM: [1] line {second}\n" for second in range(1, 10))
    done = explained(tmp_path, text, 5)
    assert [row.split()[-1] for row in done.stdout.splitlines()[1:6]] == ["3", "4", "5", "6", "7"]


def test_known_noise_is_told_with_its_reason(tmp_path: Path) -> None:
    noise = next(each for each in load_catalogue().noise if each.selectors[0].parser == "smlog")
    done = explained(tmp_path, f"{noise.samples[0].hit[0]}\n")
    assert f"known noise: {noise.reason}" in done.stdout
    assert f"noise {noise.id}: " in done.stdout


def test_rule_shows_the_noise_of_its_logs(tmp_path: Path) -> None:
    noise = next(each for each in load_catalogue().noise if each.selectors[0].parser == "smlog")
    log = tmp_path / "SMlog"
    log.write_text(f"{noise.samples[0].hit[0]}\n", encoding="utf-8")
    done = explain("cbt-log-missing", str(log))
    assert f"NEAR, IN THE SAME LOGS, BUT KNOWN NOISE\n  {noise.id}: 1 time" in done.stdout


def test_document_is_read_as_a_whole(crash: tuple[Case, Report]) -> None:
    done = explain(f"{crash[0].pools[0].source.member}:1", CRASHED)
    assert "read by     xapi_db, as a whole" in done.stdout
    assert "finding F-" in done.stdout


def test_member_that_nobody_reads_is_said_to_be_so(tmp_path: Path) -> None:
    bundle = tmp_path / "b.zip"
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("jupiter/var/log/SMlog", f"{HEAD.format(1)}SM: [1] x\n")
        archive.writestr("jupiter/etc/motd", "welcome\n")
    done = explain("etc/motd:1", str(bundle))
    assert "read by     nobody" in done.stdout
    assert "no parser of cbtriage reads this member" in done.stdout


def test_member_of_several_hosts_needs_the_host() -> None:
    told = refused("var/log/SMlog:3", POOL)
    assert "2 members fit; give the path, or --host" in told
    assert explain("var/log/SMlog:3", POOL, "--host", "jupiter").exit_code in {0, 1}


def test_damaged_input_exits_with_4_for_a_line_that_no_finding_rests_on(tmp_path: Path) -> None:
    cut = tmp_path / "cut.tar.bz2"
    cut.write_bytes(Path(CRASHED).read_bytes()[: Path(CRASHED).stat().st_size * 9 // 10])
    done = explain("xapi-db-dumped.xml:1", str(cut))
    assert done.exit_code in {1, 4} or isinstance(done.exception, UsageError)
