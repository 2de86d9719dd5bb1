"""Pasted lines of logs through the whole run."""

import zipfile
from pathlib import Path

import pytest
from dateutil.tz import gettz
from typer.testing import CliRunner

from analyzer.cli.main import app
from analyzer.dating.assumed import Assumed
from analyzer.model.finding import Verdict
from analyzer.model.report import Report
from analyzer.run import Options, analyze
from tests.support.bundle import BundleBuilder

DISK = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"
LOST = f"SM: [7] Changed Block Tracking metadata is inconsistent for disk {DISK}."


def told(folder: Path, text: str, options: Options | None = None) -> Report:
    path = folder / "ticket.txt"
    path.write_text(text)
    return analyze([path], options)


def test_quoted_line_is_found_dated_by_what_is_said_and_quoted_as_pasted(tmp_path: Path) -> None:
    rome = Assumed(year=2025, zone=gettz("Europe/Rome"), zone_name="Europe/Rome")
    report = told(tmp_path, f"> Aug  1 17:24:49 jupiter {LOST}\n", Options(assumed=rome))
    (finding,) = (each for outcome in report.outcomes for each in outcome.findings)
    assert finding.rule == "cbt-disabled-inconsistent-log"
    assert finding.first_seen is not None
    assert finding.first_seen.at.isoformat() == "2025-08-01T15:24:49+00:00"
    assert finding.first_seen.doubt.total_seconds() < 2
    assert finding.evidence[0].text == f"Aug  1 17:24:49 jupiter {LOST}"
    assert finding.evidence[0].source.line == 1


def test_line_without_date_is_of_no_time(tmp_path: Path) -> None:
    report = told(tmp_path, f"{LOST}\n", Options(assumed=Assumed(year=2025)))
    (finding,) = (each for outcome in report.outcomes for each in outcome.findings)
    assert finding.first_seen is not None
    assert not finding.first_seen.year_known
    assert finding.evidence[0].text == LOST
    assert report.hosts[0].name == "ticket.txt"


def test_what_lacks_is_said_in_one_sentence(tmp_path: Path) -> None:
    report = told(tmp_path, "> Aug  1 17:24:49 jupiter SM: [7] lock: opening lock file x\n")
    untold = [each for each in report.outcomes if each.verdict is Verdict.CANNOT_TELL]
    assert len(untold) == len(report.outcomes)
    assert len({outcome.reason for outcome in untold}) == 1
    assert untold[0].reason.startswith("only lines of logs were given")


@pytest.mark.parametrize("text", ["> Aug  1 17:24:49 a SM: [7] lock: x\n", "SM: [7] x\n"])
def test_could_not_tell_anything_is_no_success(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ticket.txt"
    path.write_text(text)
    for more in ([], ["--fail-on", "never"]):
        ran = CliRunner().invoke(
            app, ["analyze", str(path), "-q", "-o", str(tmp_path / "o"), *more]
        )
        assert ran.exit_code == 4


def test_year_and_zone_date_what_is_shown_of_pasted_lines(tmp_path: Path) -> None:
    path = tmp_path / "ticket.txt"
    path.write_text(f"> Aug  1 17:24:49 jupiter {LOST}\n")
    said = ["--year", "2025", "--zone", "Europe/Rome", "-q"]
    for command in (["timeline"], ["explain", "ticket.txt:1"], ["show", "host"]):
        shown = CliRunner().invoke(app, [*command, str(path), *said])
        assert "2025-08-01 15:24:49" in shown.stdout, command


@pytest.mark.parametrize("command", [["why", "enable-cbt", DISK], ["ask", "-o", "ask.sh"]])
def test_second_questions_are_told_how_to_read(
    tmp_path: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ticket.txt").write_text(f"> Aug  1 17:24:49 jupiter {LOST}\n")
    told = CliRunner().invoke(app, [*command, "ticket.txt", "-q", "--zone", "Moon/Base"])
    assert "Moon/Base" in str(told.exception)
    told = CliRunner().invoke(app, [*command, "ticket.txt", "-q", "--zone", "Europe/Rome"])
    assert "Rome" not in str(told.exception)


TWO = f"""Both fail:
> Aug  1 17:24:49 jupiter {LOST}
> Aug  1 17:30:49 saturn {LOST}
"""


def test_two_hosts_in_one_paste_are_two_hosts(tmp_path: Path) -> None:
    report = told(tmp_path, TWO)
    assert sorted(host.name for host in report.hosts) == ["jupiter", "saturn"]
    found = [each for outcome in report.outcomes for each in outcome.findings]
    assert {line.source.bundle.rpartition(":")[2] for each in found for line in each.evidence} == {
        "jupiter",
        "saturn",
    }


def test_archive_of_pasted_snippets_is_read_beside_reports(tmp_path: Path) -> None:
    report = BundleBuilder(host="mars").log("var/log/SMlog", ["Aug  1 17:00:00 mars SM: [1] x"])
    path = tmp_path / "case.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in report.packed():
            archive.writestr(file.name, file.content)
        archive.writestr("mail.txt", TWO)
        archive.writestr("bill.txt", "Dear sirs,\nplease pay.\n")
    seen = analyze([path])
    assert sorted(host.name for host in seen.hosts) == ["jupiter", "mars", "saturn"]
    lines = [line for o in seen.outcomes for each in o.findings for line in each.evidence]
    assert {(line.source.member, line.source.line) for line in lines} == {
        ("mail.txt", 2),
        ("mail.txt", 3),
    }
