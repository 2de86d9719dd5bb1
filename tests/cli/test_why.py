"""``why nbd-info`` and ``show network``: what they print and the exit status they end with."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.main import app
from analyzer.errors import InputError, UsageError

SAMPLES = Path(__file__).resolve().parents[2] / "sample_bundles"
HEALTHY = str(SAMPLES / "two-host-pool.zip")
MIXED = str(SAMPLES / "nbd-trouble.tar.bz2")
NO_NETWORK = str(SAMPLES / "nbd-no-network.tar.bz2")
DISK = "ledger disk 0"


def cbtriage(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_empty_answer_names_its_step_and_the_change_and_exits_with_1() -> None:
    done = cbtriage("why", "nbd-info", DISK, NO_NETWORK, "-q")
    assert done.exit_code == 1
    assert "FAILS    a network has an NBD purpose" in done.stdout
    assert "The answer is empty: no network" in done.stdout
    assert "xe network-param-add param-name=purpose param-key=nbd uuid=" in done.stdout
    assert "risk: Opens TCP port 10809" in done.stdout


def test_answer_that_every_server_refuses_exits_with_1() -> None:
    done = cbtriage("why", "nbd-info", DISK, MIXED, "-q")
    assert done.exit_code == 1
    assert "of no use as it is" in done.stdout
    assert "198.51.100.11 port 10809, TLS" in done.stdout
    assert "203.0.113.11 port 10809, no TLS" in done.stdout
    assert "The call does not check whether xapi-nbd runs" in done.stdout


def test_json_is_one_object() -> None:
    done = cbtriage("why", "nbd-info", DISK, MIXED, "-q", "--json")
    (answer,) = json.loads(done.stdout)["nbd_infos"]
    assert (answer["answer"], answer["usable"], answer["stopped_at"]) == ("ok", False, None)
    assert sorted(each["secure"] for each in answer["endpoints"]) == [False, True]
    assert "refuses every connection" in answer["warnings"][0]["what"]


def test_unknown_disk_is_a_usage_error() -> None:
    done = cbtriage("why", "nbd-info", "no such disk", MIXED, "-q")
    assert isinstance(done.exception, UsageError)


@pytest.mark.parametrize("wanted", ["xenbr2", "Lab"])
def test_network_is_shown_by_bridge_or_name(wanted: str) -> None:
    done = cbtriage("show", "network", wanted, MIXED, "-q")
    assert done.exit_code == 1
    assert "purpose  insecure_nbd" in done.stdout
    assert "203.0.113.11, netmask 255.255.255.0" in done.stdout
    assert "nbd-network-purpose-mixed" in done.stdout
    assert "xenbr1" not in done.stdout


def test_network_is_shown_by_the_beginning_of_its_uuid() -> None:
    named = cbtriage("show", "network", "Lab", MIXED, "-q", "--json")
    (network,) = json.loads(named.stdout)["networks"]
    done = cbtriage("show", "network", network["uuid"][:6].upper(), MIXED, "-q")
    assert f"network  {network['uuid']}" in done.stdout


def test_all_networks_are_shown_without_a_name_those_for_nbd_first() -> None:
    shown = json.loads(cbtriage("show", "network", MIXED, "-q", "--json").stdout)["networks"]
    purposes = [network["purpose"] for network in shown]
    assert purposes == [["nbd"], ["insecure_nbd"], []]


def test_hosts_of_a_network_are_listed_with_who_is_served() -> None:
    done = cbtriage("show", "network", "xenbr1", HEALTHY, "-q")
    assert "jupiter" in done.stdout
    assert "saturn" in done.stdout
    assert "are offered here" in done.stdout
    assert "clients in 198.51.100.0/24" in done.stdout


def test_network_that_is_not_there_is_a_usage_error() -> None:
    done = cbtriage("show", "network", "xenbr9", MIXED, "-q")
    assert isinstance(done.exception, UsageError)


def test_path_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    done = cbtriage("show", "network", str(tmp_path / "no-such-file"), "-q")
    assert isinstance(done.exception, InputError)


def test_comparison_with_a_snapshot_that_is_gone_mends_nothing_of_its_disk() -> None:
    heavy = str(SAMPLES / "cbt-heavy-healthy.tar.bz2")
    gone = "b292d5c1-fa60-4e0e-9bec-61a039cf87d9"
    done = cbtriage("why", "list-changed-blocks", gone, "wiki disk 0", heavy, "-q")
    assert done.exit_code == 1
    assert "UUID_INVALID" in done.stdout
    assert "vdi_delete" in done.stdout
    assert "WHAT TO DO" not in done.stdout
