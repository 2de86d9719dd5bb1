"""``show runs``: which runs are shown, as text or JSON, and the exit status."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.main import app
from analyzer.errors import UsageError
from analyzer.render.data.json import answers_json
from analyzer.render.terminal.run_text import runs_text
from tests.story.runs.backup_log import Client

SAMPLES = Path(__file__).resolve().parents[2] / "sample_bundles"
HEALTHY = str(SAMPLES / "healthy-cbt.tar.bz2")
CRASHED = str(SAMPLES / "host-crash.tar.bz2")


def cbtriage(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_runs_are_shown_with_a_verdict_for_each_disk() -> None:
    done = cbtriage("show", "runs", HEALTHY, "-q")
    assert done.exit_code == 0
    assert done.stdout.startswith("BACKUP RUNS: 3 runs, of disks 7 incremental possible, 5 full\n")
    assert "FULL: it was the first run  web disk 0" in done.stdout
    assert "INCREMENTAL POSSIBLE  web disk 0" in done.stdout


def test_one_disk_is_shown_with_its_steps() -> None:
    done = cbtriage("show", "runs", "--vdi", "web disk 0", HEALTHY, "-q")
    assert "web disk 1" not in done.stdout
    assert "VDI.list_changed_blocks of" in done.stdout
    assert "[var/log/SMlog" in done.stdout


def test_json_has_every_step_with_its_line() -> None:
    done = cbtriage("show", "runs", "--json", CRASHED, "-q")
    (run,) = json.loads(done.stdout)["runs"]
    disk = run["disks"][0]
    assert (disk["verdict"], disk["reason"]) == ("full", "first-run")
    assert all(step["evidence"]["text"] for step in disk["steps"])
    assert disk["evidence"]


def test_findings_about_the_disks_set_the_exit_status() -> None:
    assert cbtriage("show", "runs", CRASHED, "-q").exit_code == 1


def test_times_are_shown_in_a_zone() -> None:
    done = cbtriage("show", "runs", "--tz", "+02:00", HEALTHY, "-q")
    assert "2024-11-19 14:24:13 +02:00" in done.stdout


def test_a_disk_that_nobody_has_is_an_error() -> None:
    done = cbtriage("show", "runs", "--vdi", "nobody", HEALTHY, "-q")
    assert isinstance(done.exception, UsageError)


def test_no_runs_are_said_to_be_none_seen() -> None:
    assert "none seen" in runs_text(())


def test_what_would_settle_it_is_shown() -> None:
    client = Client(nbd=False)
    client.wait(600).ask(client.snapshot(client.disk()))
    shown = runs_text(client.runs())
    assert "CANNOT BE DECIDED" in shown
    assert "would settle it: the client's log of this run" in shown


def test_very_many_steps_are_cut_and_counted() -> None:
    client = Client()
    snapshot = client.wait(600).snapshot(client.disk())
    for _ in range(60):
        client.wait(200).ask(snapshot)
    assert "steps more" in runs_text(client.runs(), steps=True)


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\u202eb"])
def test_hostile_names_are_made_visible(name: str) -> None:
    client = Client()
    disk = client.disk()
    client.fields[disk] = {"name_label": name}
    client.wait(600).backup(disk)
    assert name not in runs_text(client.runs(), steps=True)
    assert (
        json.loads(answers_json(runs=client.runs()))["runs"][0]["disks"][0]["vdi"]["name"] == name
    )
