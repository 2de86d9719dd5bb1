"""``analyze --redact`` and ``redact``: files that may be shared, and a map that may not."""

import json
import re
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.main import app
from analyzer.desk.identifiers import Identifier, Kind
from analyzer.desk.redaction import Redactor
from analyzer.errors import UsageError
from analyzer.model.packed_lines import packed, unpacked

SAMPLE = str(Path(__file__).resolve().parents[2] / "sample_bundles" / "resize-failed.tar.bz2")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_a_redacted_run_leaves_a_private_map_beside_the_folder(tmp_path: Path) -> None:
    folder, private = tmp_path / "out", tmp_path / "out.map.json"
    done = run("analyze", SAMPLE, "--redact", "-o", str(folder))
    assert "jupiter" not in done.stdout
    for path in folder.iterdir():
        assert "jupiter" not in path.read_text("utf-8")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    tokens = json.loads(private.read_text("utf-8"))["tokens"]
    assert tokens["host-1"] == "jupiter"
    assert not [path for path in folder.iterdir() if "map" in path.name]


def test_packed_lines_of_a_redacted_page_name_nobody(tmp_path: Path) -> None:
    def lines_of(*options: str) -> str:
        folder = tmp_path / "-".join(("out", *options))
        run("analyze", SAMPLE, *options, "-o", str(folder))
        page = (folder / "report.html").read_text("utf-8")
        found = re.findall(r'data-packed="([^"]*)"', page)
        return "\n".join(text for part in found for text in unpacked(part))

    plain, redacted = lines_of(), lines_of("--redact")
    assert "jupiter" in plain
    assert "jupiter" not in redacted
    assert "host-1" in redacted
    assert plain.count("\n") == redacted.count("\n")


def test_name_in_packed_lines_lets_no_page_leave() -> None:
    redactor = Redactor([Identifier(Kind.HOST, "acme-host-7")], {}, ())
    page = f'<span data-packed="{packed(["Nov 22 acme-host-7 SM"])}"></span>'
    assert redactor.residue(page)
    assert not redactor.residue('<span data-packed="AAAA"></span>')


def test_a_report_is_redacted_with_the_tokens_of_its_case(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    run("analyze", SAMPLE, "-q", "-o", str(folder))
    report = folder / "report.json"
    first, second = run("redact", str(report)), run("redact", str(report))
    assert first.exit_code == 0
    assert first.stdout == second.stdout
    assert "jupiter" not in first.stdout
    assert json.loads(first.stdout)["hosts"][0]["name"] == "host-1"


def test_what_is_no_map_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "out.map.json").write_text("[]", encoding="utf-8")
    done = run("analyze", SAMPLE, "-q", "--redact", "-o", str(tmp_path / "out"))
    assert isinstance(done.exception, UsageError)
    assert (tmp_path / "out.map.json").read_text("utf-8") == "[]"


@pytest.mark.parametrize("sample", ["resize-failed.tar.bz2", "two-host-pool.zip"])
def test_a_reply_names_no_host(sample: str, tmp_path: Path) -> None:
    path = str(Path(SAMPLE).with_name(sample))
    reply = run("analyze", path, "--reply", "-o", str(tmp_path)).stdout
    assert "jupiter" not in reply
    assert "-1" not in reply


def test_a_map_with_what_is_no_token_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out.map.json").write_text('{"tokens": {"mine": "jupiter"}}', encoding="utf-8")
    done = run("analyze", SAMPLE, "-q", "--redact", "-o", str(tmp_path / "out"))
    assert isinstance(done.exception, UsageError)
    assert "is no token" in str(done.exception)
