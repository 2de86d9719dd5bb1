"""``show vm``, and names that fit nothing or several things."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.main import app
from analyzer.errors import UsageError

SAMPLES = Path(__file__).resolve().parents[2] / "sample_bundles"
CRASHED = str(SAMPLES / "host-crash.tar.bz2")
REFUSED = str(SAMPLES / "cbt-refused-lvm.tar.bz2")


def cbtriage(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def refused(*arguments: str) -> str:
    done = cbtriage(*arguments)
    assert isinstance(done.exception, UsageError)
    return str(done.exception)


def test_vm_shows_its_disks_findings_and_plans() -> None:
    done = cbtriage("show", "vm", "mail", CRASHED, "-q")
    assert done.exit_code == 1
    assert "state  Running on jupiter" in done.stdout
    for part in ("mail disk 0", "mail disk 1", "F-cbt-stale-child-pointer-", "WHAT TO DO"):
        assert part in done.stdout


def test_vm_as_json_names_its_disks() -> None:
    document = json.loads(cbtriage("show", "vm", "mail", CRASHED, "-q", "--json").stdout)
    (vm,) = document["vms"]
    assert vm["disks"] == [disk["vdi"]["uuid"] for disk in document["disks"]]


def test_name_that_fits_nothing_tells_what_is_near() -> None:
    assert "near it: mail" in refused("show", "vm", "mial", CRASHED, "-q")


def test_name_of_several_disks_lists_them_and_says_how_to_go_on() -> None:
    told = refused("show", "vdi", "base copy", REFUSED, "-q")
    first, *listed = told.splitlines()
    assert "3 disks fit; give the beginning of a uuid, such as " in first
    assert all("base copy, SR " in line for line in listed)


def test_timeline_of_a_vm_is_that_of_its_disks() -> None:
    of_vm = cbtriage("timeline", CRASHED, "-q", "--vm", "mail", "--raw").stdout.splitlines()
    of_disk = cbtriage("timeline", CRASHED, "-q", "--vdi", "mail disk 0", "--raw").stdout
    assert set(of_disk.splitlines()) < set(of_vm)


@pytest.mark.parametrize("length", [28, 40])
def test_finding_is_explained_by_the_beginning_of_its_id(length: int) -> None:
    whole = "F-cbt-stale-child-pointer-065c50b7"
    done = cbtriage("explain", whole[:length], CRASHED, "-q")
    assert done.exit_code == 1
    for part in (whole, "IT RESTS ON", "var/log/SMlog:517", "explained by F-", "WHAT TO DO"):
        assert part in done.stdout


def test_beginning_of_several_findings_lists_them() -> None:
    assert "2 findings fit" in refused("explain", "F-cbt-stale", CRASHED, "-q")
