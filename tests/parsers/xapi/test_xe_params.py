"""Records that `xe` printed, as support staff attach them."""

from collections.abc import Callable

import pytest

from analyzer.model.xapi import (
    Bond,
    Host,
    HostMetrics,
    Network,
    Pbd,
    Pif,
    PifMetrics,
    Pool,
    Sm,
    Sr,
    Vbd,
    Vdi,
    Vlan,
    Vm,
    XapiDatabase,
    XapiObject,
)
from analyzer.parsers.xapi import xe_params
from tests.parsers.memory_member import facts, problems

DISK = "6b0c1a3e-52d7-4f19-8c55-0d9e61f7a2b4"
SNAPSHOT = "c3f2e590-1d0a-4f63-9d0b-b6f4b1a9e7d2"
STORE = "1f4e8a90-8c6b-4a37-b1de-5d2f60c7e913"
HOST = "d27b5b46-0a9e-4c31-8f0e-4e2f9a6b7c18"

VDI = f"""\
uuid ( RO)                    : {DISK}
              name-label ( RW): disk 0
        name-description ( RW):
           is-a-snapshot ( RO): false
             snapshot-of ( RO): <not in database>
           snapshot-time ( RO): 19700101T00:00:00Z
      current-operations (SRO): enable_cbt
                 sr-uuid ( RO): {STORE}
           sr-name-label ( RO): store
            virtual-size ( RO): 21474836480
    physical-utilisation ( RO): 3422974464
                location ( RO): {DISK}
                    type ( RO): User
                 managed ( RO): true
     parent ( RO) [DEPRECATED]: <not in database>
                 missing ( RO): false
            other-config (MRW): content_id: 28be196d; note: a; b
               sm-config (MRO): vdi_type: vhd; host_OpaqueRef:5a9: RW
             cbt-enabled ( RO): true


"""


def read(content: str | bytes, path: str = "vdi.txt") -> tuple[XapiObject, ...]:
    found = facts(xe_params.PARSER, path, content)[0]
    assert isinstance(found, XapiDatabase)
    return found.objects


def one(content: str | bytes, path: str = "dump.txt") -> XapiObject:
    (found,) = read(content, path)
    return found


def vdi(content: str | bytes) -> Vdi:
    found = one(content)
    assert isinstance(found, Vdi)
    return found


def told(content: str | bytes, path: str = "dump.txt") -> tuple[str, ...]:
    return problems(facts(xe_params.PARSER, path, content))


def record(**keys: str) -> str:
    lines = [f"uuid ( RO)     : {DISK}"]
    lines += [f"  {key.replace('_', '-')} ( RO): {value}" for key, value in keys.items()]
    return "\n".join([*lines, "", ""])


@pytest.mark.parametrize(
    "head",
    [
        VDI,
        "[root@jupiter ~]# xe vdi-param-list uuid=1\n",
        f"Dear support,\nuuid ( RO): {DISK}\n",
        "$ xe sr-list\r\n",
    ],
)
def test_loose_files_are_claimed_by_their_head(head: str) -> None:
    assert xe_params.PARSER.claims("any name.txt", head.encode())


def test_a_file_saved_by_powershell_is_claimed() -> None:
    assert xe_params.PARSER.claims("vdi.txt", VDI.encode("utf-16"))


@pytest.mark.parametrize("path", ["var/log/SMlog", "etc/motd", "task_list.out"])
def test_members_of_the_collector_are_not_claimed(path: str) -> None:
    assert not xe_params.PARSER.claims(path, VDI.encode())


@pytest.mark.parametrize("head", [b"", b"uuid: 1\n", b"hello xe vdi-list\n", b"\x00\xff"])
def test_other_texts_are_not_claimed(head: bytes) -> None:
    assert not xe_params.PARSER.claims("notes.txt", head)


def test_a_dump_is_never_a_whole_database() -> None:
    (found,) = facts(xe_params.PARSER, "vdi.txt", VDI)
    assert isinstance(found, XapiDatabase)
    assert (found.generation, found.schema_minor) == (None, None)
    assert (found.live, found.complete, found.tables) == (True, False, frozenset())


def test_a_vdi_is_read() -> None:
    found = vdi(VDI)
    assert (found.ref, found.uuid, found.name_label) == ("", DISK, "disk 0")
    assert (found.sr, found.location) == (STORE, DISK)
    assert (found.virtual_size, found.physical_utilisation) == (21474836480, 3422974464)
    assert (found.is_a_snapshot, found.managed, found.missing) == (False, True, False)
    assert found.snapshot_time == "19700101T00:00:00Z"
    assert found.cbt_enabled is True


def test_a_reference_not_in_the_database_is_none() -> None:
    assert vdi(VDI).snapshot_of is None


def test_an_invalid_reference_stays_one_that_leads_nowhere() -> None:
    text = VDI.replace(
        "snapshot-of ( RO): <not in database>", "snapshot-of ( RO): <invalid reference>"
    )
    assert vdi(text).snapshot_of == "<invalid reference>"


def test_maps_are_split_where_a_key_follows() -> None:
    found = vdi(VDI)
    assert found.other_config == {"content_id": "28be196d", "note": "a; b"}
    assert found.sm_config == {"vdi_type": "vhd", "host_OpaqueRef:5a9": "RW"}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", {}),
        ("paused:", {"paused": ""}),
        ("paused: ; a: b", {"paused": "", "a": "b"}),
        ("odd", {"odd": ""}),
    ],
)
def test_map_without_values(text: str, pairs: dict[str, str]) -> None:
    content = VDI.replace("vdi_type: vhd; host_OpaqueRef:5a9: RW", text)
    assert vdi(content).sm_config == pairs


def test_operations_are_numbered_as_their_tasks_are_not_shown() -> None:
    assert vdi(VDI).current_operations == {"#1": "enable_cbt"}


def test_operations_of_an_sr_are_spelled_as_stored() -> None:
    text = f"uuid ( RO): {STORE}\n content-type ( RO): user\n current-operations (SRO): VDI.enable_cbt; scan\n"
    found = one(text)
    assert isinstance(found, Sr)
    assert found.current_operations == {"#1": "vdi_enable_cbt", "#2": "scan"}


@pytest.mark.parametrize(
    ("shown", "stored"),
    [
        ("User", "user"),
        ("System", "system"),
        ("CBT metadata", "cbt_metadata"),
        ("HA statefile", "ha_statefile"),
        ("Redo log", "redo_log"),
        ("rrd", "rrd"),
        ("PVS cache", "pvs_cache"),
    ],
)
def test_vdi_types_are_spelled_as_stored(shown: str, stored: str) -> None:
    assert vdi(VDI.replace("( RO): User", f"( RO): {shown}")).type == stored


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"cbt_enabled": "true"}, Vdi),
        ({"sr_uuid": STORE, "virtual_size": "1"}, Vdi),
        ({"vm_uuid": HOST, "vdi_uuid": DISK, "device": "xvda"}, Vbd),
        ({"host_uuid": HOST, "sr_uuid": STORE, "currently_attached": "true"}, Pbd),
        ({"master": HOST, "default_SR": STORE}, Pool),
        ({"master": HOST, "slaves": f"{DISK}; {STORE}"}, Bond),
        ({"tagged_PIF": HOST, "untagged_PIF": STORE, "tag": "30"}, Vlan),
        ({"power_state": "running"}, Vm),
        ({"device": "eth0", "network_uuid": STORE, "VLAN": "-1"}, Pif),
        ({"bridge": "xenbr0"}, Network),
        ({"host": "<shared>", "type": "nfs", "content_type": "user"}, Sr),
        ({"driver_filename": "/opt/xensource/sm/NFSSR", "type": "nfs"}, Sm),
        ({"hostname": "jupiter", "address": "192.0.2.1"}, Host),
    ],
)
def test_the_class_is_known_by_the_keys(keys: dict[str, str], expected: type) -> None:
    assert isinstance(one(record(**keys)), expected)


@pytest.mark.parametrize(
    ("command", "expected"),
    [("host-list", Host), ("sm-list", Sm), ("template-list", Vm), ("vm-param-list uuid=1", Vm)],
)
def test_where_keys_do_not_tell_the_class_the_command_does(command: str, expected: type) -> None:
    text = f"[root@jupiter ~]# xe {command}\n" + record(name_label="x")
    assert isinstance(one(text), expected)


def test_where_nothing_was_typed_the_file_name_tells() -> None:
    assert isinstance(one(record(name_label="x"), "extra/xe_host-list.txt"), Host)


def test_keys_win_over_a_command_that_ran_another() -> None:
    text = "# xe vdi-list; xe sr-list\n" + record(content_type="user")
    assert isinstance(one(text), Sr)


def test_a_prompt_ends_what_an_earlier_command_told() -> None:
    text = "# xe host-list\n# cat note\n" + record(name_label="x")
    assert read(text) == ()


@pytest.mark.parametrize("keys", [{"name_label": "x"}, {"vm_uuid": HOST, "network_uuid": STORE}])
def test_a_class_that_is_not_known_is_a_problem(keys: dict[str, str]) -> None:
    assert read(record(**keys)) == ()
    assert told(record(**keys)) == ("a record of a class that is not read (1 times)",)


def test_spellings_of_the_database_for_vm_and_vbd() -> None:
    found = one(
        record(power_state="running", resident_on="<not in database>", is_control_domain="false")
    )
    assert isinstance(found, Vm)
    assert (found.power_state, found.resident_on, found.is_control_domain) == (
        "Running",
        None,
        False,
    )


def test_a_pif_is_read() -> None:
    found = one(
        f"uuid ( RO): {DISK}\n device ( RO): eth1\n network-uuid ( RO): {STORE}\n"
        f" host-uuid ( RO): {HOST}\n VLAN ( RO): 12\n IP ( RO): 198.51.100.4\n"
        " IP-configuration-mode ( RO): Static\n IPv6 (SRO): 2001:db8::4/64; 2001:db8::5/64\n"
    )
    assert isinstance(found, Pif)
    assert (found.network, found.host, found.vlan) == (STORE, HOST, 12)
    assert (found.ip, found.ip_configuration_mode) == ("198.51.100.4", "Static")
    assert found.ipv6 == ("2001:db8::4/64", "2001:db8::5/64")


def test_the_rest_of_a_pif_is_read() -> None:
    found, _ = read(
        f"uuid ( RO): {DISK}\n device ( RO): eth1\n MAC ( RO): 02:16:3e:11:22:33\n"
        f" physical ( RO): true\n network-uuid ( RO): {STORE}\n gateway ( RO): 198.51.100.1\n"
        " IPv6-configuration-mode ( RO): Autoconf\n primary-address-type ( RO): IPv4\n"
        " carrier ( RO): true\n"
    )
    assert isinstance(found, Pif)
    assert (found.mac, found.physical) == ("02:16:3e:11:22:33", True)
    assert (found.gateway, found.ipv6_configuration_mode) == ("198.51.100.1", "Autoconf")
    assert found.primary_address_type == "IPv4"


@pytest.mark.parametrize(
    ("shown", "carrier"), [("true", True), ("false", False), ("<not in database>", None)]
)
def test_the_carrier_in_a_pifs_record_becomes_its_metrics(shown: str, carrier: bool | None) -> None:
    pif, metrics = read(record(device="eth1", network_uuid=STORE, carrier=shown))
    assert isinstance(pif, Pif)
    assert isinstance(metrics, PifMetrics)
    assert (metrics.uuid, metrics.ref, metrics.carrier) == (pif.metrics, "", carrier)
    assert metrics.source == pif.source


def test_a_pif_without_a_carrier_has_no_metrics_beside_it() -> None:
    assert isinstance(one(record(device="eth1", network_uuid=STORE)), Pif)


def test_what_the_master_saw_of_a_host_becomes_its_metrics() -> None:
    text = record(hostname="jupiter", address="192.0.2.1", host_metrics_live="false")
    host, metrics = read(f"{text.rstrip()}\n current-operations (SRO): shutdown\n")
    assert isinstance(host, Host)
    assert isinstance(metrics, HostMetrics)
    assert (metrics.uuid, metrics.live) == (host.metrics, False)
    assert host.current_operations == {"#1": "shutdown"}


def test_bonds_and_vlans_are_read() -> None:
    bond = one(record(master=HOST, slaves=f"{DISK}; {STORE}"))
    vlan = one(record(tagged_PIF=HOST, untagged_PIF=STORE, tag="30"))
    assert isinstance(bond, Bond)
    assert isinstance(vlan, Vlan)
    assert (bond.master, vlan.tagged_pif, vlan.untagged_pif) == (HOST, HOST, STORE)
    assert vlan.tag == 30


@pytest.mark.parametrize(
    ("shown", "purpose"),
    [("", ()), ("nbd", ("nbd",)), ("nbd, insecure_nbd", ("nbd", "insecure_nbd"))],
)
def test_network_purpose_is_joined_by_commas(shown: str, purpose: tuple[str, ...]) -> None:
    found = one(f"uuid ( RO): {DISK}\n bridge ( RO): xenbr0\n purpose (SRW): {shown}\n")
    assert isinstance(found, Network)
    assert found.purpose == purpose


def test_a_network_list_without_purpose_does_not_say_that_there_is_none() -> None:
    found = one(record(bridge="xenbr0"))
    assert isinstance(found, Network)
    assert found.purpose is None


@pytest.mark.parametrize("kind", ["MRO", "SRO"])
def test_driver_features_are_names_whatever_the_version_shows(kind: str) -> None:
    shown = "VDI_CREATE: 1; VDI_CONFIG_CBT: 1" if kind == "MRO" else "VDI_CREATE; VDI_CONFIG_CBT"
    found = one(f"uuid ( RO): {DISK}\n driver-filename ( RO): x\n features ({kind}): {shown}\n")
    assert isinstance(found, Sm)
    assert found.features is not None
    assert "VDI_CONFIG_CBT" in found.features


def test_an_expensive_field_is_absent() -> None:
    found = vdi(
        VDI.replace(
            "sm-config (MRO): vdi_type: vhd; host_OpaqueRef:5a9: RW",
            "sm-config (MRO): <expensive field>",
        )
    )
    assert found.sm_config is None


def test_several_records_and_classes_in_one_file() -> None:
    text = VDI + VDI.replace(DISK, SNAPSHOT) + record(content_type="user")
    assert [type(each) for each in read(text)] == [Vdi, Vdi, Sr]


def test_records_without_a_blank_line_between_them() -> None:
    text = VDI.rstrip() + "\n" + VDI.replace(DISK, SNAPSHOT)
    assert [each.uuid for each in read(text)] == [DISK, SNAPSHOT]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\n".join(line.strip() for line in text.split("\n")),
        lambda text: text.replace("    ", "\t"),
        lambda text: "[root@jupiter ~]# xe vdi-param-list uuid=1\n" + text + "[root@jupiter ~]# ",
        lambda text: text.encode("utf-16"),
        lambda text: "\ufeff" + text,
    ],
    ids=["crlf", "no indent", "tabs", "prompts", "powershell", "notepad"],
)
def test_ways_of_saving_make_no_difference(change: Callable[[str], str | bytes]) -> None:
    found = vdi(change(VDI))
    assert (found.uuid, found.sr, found.cbt_enabled) == (DISK, STORE, True)


def test_the_source_is_the_line_of_the_uuid() -> None:
    assert str(vdi("\n# xe vdi-list\n" + VDI).source) == "dump.txt:3"


def test_the_lines_are_kept_for_quoting() -> None:
    assert ("cbt_enabled", "             cbt-enabled ( RO): true") in vdi(VDI).raw


def test_lines_of_another_command_do_not_fall_to_the_last_record() -> None:
    text = (
        record(sr_uuid=STORE, virtual_size="1")
        + "name-label ( RW): other\ncbt-enabled ( RO): true\n"
    )
    assert vdi(text).cbt_enabled is None
    assert told(text) == ("a line that belongs to no record (2 times)",)


def test_a_prompt_ends_a_record() -> None:
    text = (
        record(sr_uuid=STORE, virtual_size="1").rstrip()
        + "\n# xe vdi-param-get\ncbt-enabled ( RO): true\n"
    )
    assert vdi(text).cbt_enabled is None


def test_a_description_that_imitates_a_key_is_not_believed() -> None:
    text = VDI.replace(
        "name-description ( RW):", "name-description ( RW): x\n cbt-enabled ( RO): false"
    )
    assert vdi(text).cbt_enabled is None
    assert told(text) == ("a key stands twice in one record: neither value is used (1 times)",)


def test_a_description_of_several_lines_does_not_end_the_record() -> None:
    text = VDI.replace("name-description ( RW):", "name-description ( RW): one\ntwo > three")
    assert vdi(text).cbt_enabled is True


@pytest.mark.parametrize("uuid", ["6b0c1a3e-52d7", "<not in database>", ""])
def test_a_record_without_a_uuid_is_a_problem(uuid: str) -> None:
    text = VDI.replace(f"uuid ( RO)                    : {DISK}", f"uuid ( RO)    : {uuid}")
    assert read(text) == ()
    assert "a record's uuid is no uuid (1 times)" in told(text)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [("cbt-enabled", "yes", "is no bool"), ("virtual-size", "20 GiB", "is no whole number")],
)
def test_a_value_not_understood_is_none(key: str, value: str, why: str) -> None:
    text = f"uuid ( RO): {DISK}\n cbt-enabled ( RO): \n".replace(" cbt-enabled ( RO): \n", "")
    text += f" sr-uuid ( RO): {STORE}\n location ( RO): x\n {key} ( RO): {value}\n"
    assert getattr(vdi(text), key.replace("-", "_")) is None
    assert told(text) == (f"VDI.{key.replace('-', '_')} {why}: its value is not used (1 times)",)


def test_a_number_on_an_open_last_line_is_not_used() -> None:
    text = f"uuid ( RO): {DISK}\n sr-uuid ( RO): {STORE}\n location ( RO): x\n virtual-size ( RO): 2147"
    assert vdi(text).virtual_size is None
    assert (
        "VDI.virtual_size stands on a last line without an end: its value is not used (1 times)"
        in told(text)
    )


def test_a_word_that_cannot_be_half_is_used_on_an_open_last_line() -> None:
    assert vdi(VDI.rstrip()).cbt_enabled is True


def test_a_cut_is_told() -> None:
    assert told(VDI.rstrip()) == ("cut short: its last line has no end",)


def test_an_empty_file_has_no_objects() -> None:
    assert read("") == ()
    assert told("") == ("cut short: it is empty",)
