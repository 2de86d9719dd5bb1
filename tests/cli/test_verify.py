"""``cbtriage verify``: a report and its bundles in, a count or the first quotation that is lost."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.case_file import NAME
from analyzer.cli.main import app
from analyzer.errors import InputError, UsageError

SAMPLE = str(Path(__file__).resolve().parents[2] / "sample_bundles" / "resize-failed.tar.bz2")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    CliRunner().invoke(app, ["analyze", SAMPLE, "-q", "-o", str(folder)])
    return folder / "report.json"


def verify(report: Path, *bundles: str) -> Result:
    return CliRunner().invoke(app, ["verify", str(report), *bundles])


def test_a_true_report_is_counted(report: Path) -> None:
    done = verify(report, SAMPLE)
    assert done.exit_code == 0
    assert done.stdout.endswith("quotations read again, each is there\n")


def test_a_changed_word_is_named_with_its_place(report: Path, tmp_path: Path) -> None:
    document = json.loads(report.read_text("utf-8"))
    found = next(o for o in document["outcomes"] if o["findings"])["findings"][0]["evidence"][0]
    found["text"] = found["text"].replace("SM", "MS")
    changed = tmp_path / "report.json"
    changed.write_text(json.dumps(document), encoding="utf-8")
    done = verify(changed, SAMPLE)
    assert done.exit_code == 1
    assert f"{found['member']}:{found['line']}" in done.stdout


def test_a_bundle_of_another_name_is_not_said_to_lack_the_line(
    report: Path, tmp_path: Path
) -> None:
    renamed = shutil.copy(SAMPLE, tmp_path / "ticket-4711.tar.bz2")
    error = verify(report, str(renamed)).exception
    assert isinstance(error, UsageError)
    assert str(error).startswith("resize-failed.tar.bz2:")
    assert str(error).endswith("no given bundle is called so")


def test_what_is_no_report_is_a_usage_error(tmp_path: Path) -> None:
    odd = tmp_path / "report.json"
    odd.write_text("{", encoding="utf-8")
    assert isinstance(verify(odd, SAMPLE).exception, UsageError)


@pytest.mark.parametrize(
    ("command", "name", "what"),
    [
        ("verify", "report.html", "a drawn page"),
        ("verify", NAME, "a case file"),
        ("render", "report.html", "a drawn page"),
    ],
)
def test_what_lies_beside_a_report_is_named_with_what_to_give_instead(
    report: Path, tmp_path: Path, command: str, name: str, what: str
) -> None:
    given = str(report.with_name(name))
    alone = str(shutil.copy(given, tmp_path))
    more = [SAMPLE] if command == "verify" else []
    error = CliRunner().invoke(app, [command, given, *more]).exception
    assert isinstance(error, UsageError)
    assert str(error) == f"{given}: it is {what}, and no report.json: give {report}"
    assert str(CliRunner().invoke(app, [command, alone, *more]).exception).endswith(
        "give the report.json that was written with it"
    )


def test_a_missing_bundle_is_no_readable_input(report: Path, tmp_path: Path) -> None:
    assert isinstance(verify(report, str(tmp_path / "nothing")).exception, InputError)
