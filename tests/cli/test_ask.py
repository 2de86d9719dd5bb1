"""``cbtriage ask``: reports in, a script out, or the word that there is nothing to ask."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.main import app
from analyzer.errors import UsageError
from tests.world.story_nbd import nbd_no_network

SAMPLE = Path(__file__).resolve().parents[2] / "sample_bundles" / "resize-failed.tar.bz2"


def ask(*words: str) -> Result:
    return CliRunner().invoke(app, ["ask", "-q", *words])


@pytest.fixture(scope="module")
def lacking(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a report without its sockets."""
    (report,) = nbd_no_network().reports
    path = tmp_path_factory.mktemp("in") / "b.tar.bz2"
    return str(report.remove("ss-nampio.out").write_tar(path))


def test_a_script_is_written_over_an_older_one_only(lacking: str, tmp_path: Path) -> None:
    script = tmp_path / "ask.sh"
    done = ask(lacking, "-o", str(script))
    assert (done.exit_code, done.stdout) == (
        0,
        f"Written: {script}, 1 thing to collect. Run it as root in dom0.\n",
    )
    assert script.read_text("utf-8").startswith("#!/bin/sh\n# Written by cbtriage")
    assert script.stat().st_mode & 0o111
    assert ask(lacking, "-o", str(script)).exit_code == 0

    script.write_text("#!/bin/sh\n# mine\n")
    refused = ask(lacking, "-o", str(script))
    assert isinstance(refused.exception, UsageError)
    assert script.read_text("utf-8") == "#!/bin/sh\n# mine\n"
    assert ask(lacking, "-o", str(script), "--force").exit_code == 0


def test_with_nothing_to_ask_nothing_is_written(tmp_path: Path) -> None:
    script = tmp_path / "ask.sh"
    done = ask(str(SAMPLE), "-o", str(script))
    assert (done.exit_code, script.exists()) == (0, False)
    assert done.stdout.startswith("Nothing to ask")


def test_the_answer_names_the_command(lacking: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["analyze", lacking, "-o", str(tmp_path / "out")])
    assert "cbtriage ask writes a script that collects what is missing: 1 command" in done.stdout
