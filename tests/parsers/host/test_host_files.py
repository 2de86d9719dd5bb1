"""xensource-inventory and pool.conf."""

import pytest

from analyzer.model.host import HostInventory, PoolMembership, Role
from analyzer.parsers.host import host_files
from tests.parsers.memory_member import facts, problems

HOST = "d27b5b46-0a9e-4c31-8f0e-4e2f9a6b7c18"
DOM0 = "a81a6fd2-7c3b-4d0f-9b51-6e0f2d9c4b37"
INVENTORY = f"""\
PRODUCT_BRAND='XCP-ng'
PRODUCT_VERSION='8.3.0'
BUILD_NUMBER='cloud'
# a remark
INSTALLATION_UUID='{HOST}'
CONTROL_DOMAIN_UUID="{DOM0}"
MANAGEMENT_INTERFACE=xenbr0
"""


def inventory(content: str) -> HostInventory:
    found = facts(host_files.INVENTORY, "etc/xensource-inventory", content)[0]
    assert isinstance(found, HostInventory)
    return found


def membership(content: str, damage: str = "") -> PoolMembership:
    found = facts(host_files.POOL_CONF, "etc/xensource/pool.conf", content, damage=damage)[0]
    assert isinstance(found, PoolMembership)
    return found


def test_files_are_claimed_by_name() -> None:
    assert host_files.INVENTORY.claims("etc/xensource-inventory", b"")
    assert host_files.POOL_CONF.claims("etc/xensource/pool.conf", b"")
    assert not host_files.INVENTORY.claims("etc/xensource/pool.conf", b"")
    assert not host_files.POOL_CONF.claims("etc/other/pool.conf", b"")


def test_an_inventory_is_read() -> None:
    found = inventory(INVENTORY)
    assert (found.host_uuid, found.control_domain_uuid) == (HOST, DOM0)
    assert (found.product_brand, found.product_version) == ("XCP-ng", "8.3.0")
    assert found.build_number == "cloud"


def test_a_whole_inventory_leaves_no_problem() -> None:
    assert problems(facts(host_files.INVENTORY, "etc/xensource-inventory", INVENTORY)) == ()


@pytest.mark.parametrize("content", ["", "INSTALLATION_UUID=''\n", "PRODUCT_VERSION='8'\n"])
def test_an_absent_or_empty_key_is_none(content: str) -> None:
    assert inventory(content).host_uuid is None


def test_a_setting_without_the_end_of_its_line_is_cut() -> None:
    told = problems(facts(host_files.INVENTORY, "x", "PRODUCT_VERSION='8'"))
    assert told == ("cut short: its last line has no end",)


def test_a_value_cut_in_two_is_none_and_a_problem() -> None:
    content = f"INSTALLATION_UUID='{HOST[:20]}"
    assert inventory(content).host_uuid is None
    assert problems(facts(host_files.INVENTORY, "x", content)) == (
        "cut short: no setting of the inventory",
    )


@pytest.mark.parametrize("strange", ["CONTROL_DOMAIN_UUID\xbd'x'", "CONTROL_DOMAIN_UUID5'x'"])
def test_a_line_that_is_no_setting_was_changed(strange: str) -> None:
    told = problems(facts(host_files.INVENTORY, "x", f"{strange}\n# a remark\nBRAND='x'\n"))
    assert told == ("cut short: no setting of the inventory",)


def test_a_bare_value_on_an_open_last_line_is_not_used() -> None:
    assert inventory("INSTALLATION_UUID=d27b5b46").host_uuid is None


def test_a_quoted_value_on_an_open_last_line_is_whole() -> None:
    assert inventory(f"INSTALLATION_UUID='{HOST}'").host_uuid == HOST


@pytest.mark.parametrize("content", ["master", "master\n", "master\r\n"])
def test_a_master(content: str) -> None:
    found = membership(content)
    assert (found.role, found.master_address) == (Role.MASTER, None)


@pytest.mark.parametrize("address", ["192.0.2.10", "2001:db8::10", "jupiter.example.org"])
def test_a_supporter_names_its_master(address: str) -> None:
    found = membership(f"slave:{address}")
    assert (found.role, found.master_address) == (Role.SUPPORTER, address)


def test_the_address_in_a_damaged_file_is_not_used() -> None:
    found = membership("slave:192.0.2.1", damage="the archive ends here")
    assert (found.role, found.master_address) == (Role.SUPPORTER, None)


@pytest.mark.parametrize(
    "content", ["slave:", "slave:<script>", "slave:19", "slave:192.0.2", "slave:2001:db8:"]
)
def test_a_supporter_without_a_whole_address(content: str) -> None:
    assert membership(content).master_address is None
    assert problems(facts(host_files.POOL_CONF, "pool.conf", content)) == (
        "cut short: it names no whole address of the master",
    )


@pytest.mark.parametrize("content", ["", "broken", "mast", "\x00"])
def test_another_content_is_no_role(content: str) -> None:
    assert membership(content).role is Role.UNKNOWN
    assert problems(facts(host_files.POOL_CONF, "pool.conf", content)) == (
        "cut short: it names no role of a host in a pool",
    )
