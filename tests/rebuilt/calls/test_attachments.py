from dataclasses import replace

import pytest

from analyzer.case.case import HostReport
from analyzer.case.events import EventTable
from analyzer.case.pool import build_pools
from analyzer.model.host import Datapath, Role, SmDiagnostics
from analyzer.model.operation import AccessMode, Attachment
from analyzer.model.source import Source
from analyzer.model.xapi import Host, Vbd, Vdi, Vm, XapiDatabase, XapiObject
from analyzer.rebuilt.calls.attachments import DOM0, attachments_of
from analyzer.rebuilt.calls.operations import operations_of
from tests.rebuilt.calls.smlog_events import (
    KERN,
    LOG,
    OTHER,
    SMLOG,
    SR,
    VDI,
    boot,
    entry,
    ran,
    sm,
    table,
)

JUPITER = "4d7c1f0e-2a9b-4c3d-8e5f-60718293a4b5"
GUEST = "c7f1b2a9-3e4d-4a5b-9c6d-0e1f2a3b4c5d"
IMAGE = f"vhd:/run/sr-mount/{SR}/{VDI}.vhd"
SOURCE = Source(bundle="jupiter", member="xapi-db.xml")
HOST = Host(source=SOURCE, ref="OpaqueRef:host", uuid=JUPITER, name_label="jupiter")


def tap(verb: str, *options: str, result: str = " = 0") -> tuple[str, ...]:
    return ran(
        "/usr/sbin/tap-ctl", verb, "-p", "1", "-m", "2", "-a", IMAGE, *options, result=result
    )


def activated(*options: str, args: tuple[str, ...] = ("true",), at: str = "10:00:00") -> str:
    """Return a whole activation."""
    lines = (entry("vdi_activate", args=args), *tap("open", *options))
    return sm(*lines, f"Removed activating flag from {VDI}", at=at, pid=100)


def deactivated(at: str = "11:00:00") -> str:
    """Return a whole deactivation."""
    lines = (entry("vdi_deactivate"), *tap("close"), f"Removed host key host_x for {VDI}")
    return sm(*lines, at=at, pid=200)


def found(*rows: XapiObject, events: EventTable) -> tuple[Attachment, ...]:
    fact = XapiDatabase(
        source=SOURCE,
        generation=1,
        schema_minor=775,
        live=False,
        complete=True,
        tables=frozenset(),
        objects=(HOST, *rows),
    )
    pools = build_pools([("jupiter", fact)] if rows else [])
    report = HostReport(
        bundle="jupiter", name="jupiter", host_uuid=JUPITER, role=Role.MASTER, captured_at=None
    )
    return attachments_of(operations_of(events), pools, (report,), events)


def logged(*texts: str, rows: tuple[XapiObject, ...] = ()) -> tuple[Attachment, ...]:
    return found(*rows, events=table((SMLOG, "".join(texts))))


def disk(sm_config: dict[str, str] | None = None) -> Vdi:
    return Vdi(source=SOURCE, ref="OpaqueRef:vdi", uuid=VDI, sm_config=sm_config)


def plug(*, control: bool = False, attached: bool = True, mode: str = "RO") -> tuple[Vm, Vbd]:
    machine = Vm(
        source=SOURCE,
        ref="OpaqueRef:vm",
        uuid=GUEST,
        resident_on="OpaqueRef:host",
        is_control_domain=control,
    )
    link = Vbd(
        source=SOURCE,
        ref="OpaqueRef:vbd",
        uuid=OTHER,
        vm="OpaqueRef:vm",
        vdi="OpaqueRef:vdi",
        mode=mode,
        currently_attached=attached,
    )
    return machine, link


def test_disk_is_active_from_activation_to_deactivation() -> None:
    (one,) = logged(activated("-C", LOG), deactivated())
    assert (one.vdi, one.host, one.mode) == (VDI, "jupiter", AccessMode.READ_WRITE)
    assert one.began is not None
    assert one.ended is not None
    assert (one.began.at.hour, one.ended.at.hour) == (10, 11)
    assert (one.open_at_capture, one.cbt_log) == (False, True)
    assert [event.kind for event in one.events] == ["sm-call.entry", "sm-command.tapdisk"] * 2


@pytest.mark.parametrize(
    ("args", "options", "mode"),
    [
        (("true",), (), AccessMode.READ_WRITE),
        (("false",), (), AccessMode.READ_ONLY),
        ((), ("-R",), AccessMode.READ_ONLY),
        ((), (), AccessMode.READ_WRITE),
    ],
)
def test_mode_is_that_of_the_call_else_of_tapdisk(
    args: tuple[str, ...], options: tuple[str, ...], mode: AccessMode
) -> None:
    (one,) = logged(activated(*options, args=args))
    assert one.mode is mode


def test_mode_of_an_activation_without_arguments_and_tapdisk_is_unknown() -> None:
    (one,) = logged(sm(entry("vdi_activate"), f"Removed activating flag from {VDI}"))
    assert (one.mode, one.cbt_log) == (AccessMode.UNKNOWN, None)


def test_tapdisk_without_the_option_was_given_no_log() -> None:
    (one,) = logged(activated())
    assert one.cbt_log is False


def test_log_given_when_tapdisk_goes_on_counts() -> None:
    unpaused = sm(f"Unpause for {VDI}", *tap("unpause", "-c", LOG), at="10:30:00", pid=300)
    (one,) = logged(activated(), unpaused)
    assert one.cbt_log is True
    assert one.events[-1].message.endswith(" = 0")


def test_tapdisk_that_goes_on_without_the_log_lost_it() -> None:
    unpaused = sm(f"Unpause for {VDI}", *tap("unpause"), at="10:30:00", pid=300)
    (one,) = logged(activated("-C", LOG), unpaused)
    assert one.cbt_log is False


def test_tapdisk_that_did_not_go_on_changes_nothing() -> None:
    unpaused = sm(f"Unpause for {VDI}", *tap("unpause", result=" = 5"), at="10:30:00", pid=300)
    (one,) = logged(activated("-C", LOG), unpaused)
    assert one.cbt_log is True


def test_other_tapdisk_that_goes_on_is_no_activation() -> None:
    assert logged(sm(f"Unpause for {VDI}", *tap("unpause", "-c", LOG))) == ()


def test_activation_that_failed_is_none() -> None:
    raised = "***** vdi_activate: EXCEPTION <class 'util.SMException'>, x"
    assert logged(sm(entry("vdi_activate", args=("true",)), raised)) == ()


def test_activation_without_an_entry_line_is_seen_by_its_tapdisk() -> None:
    (one,) = logged(sm(*tap("open", "-R")))
    assert (one.vdi, one.mode) == (VDI, AccessMode.READ_ONLY)


def test_end_without_a_beginning_is_kept() -> None:
    (one,) = logged(deactivated())
    assert one.began is None
    assert one.ended is not None
    assert (one.mode, one.cbt_log, one.open_at_capture) == (AccessMode.UNKNOWN, None, False)


def test_second_activation_leaves_the_end_of_the_first_open() -> None:
    first, second = logged(activated(), activated(at="10:30:00"))
    assert (first.ended, first.open_at_capture) == (None, False)
    assert second.open_at_capture is True


def test_boot_ends_every_activation() -> None:
    log = activated() + activated(at="11:00:00")
    events = table((SMLOG, log), (KERN, boot("10:30:00")))
    first, second = found(events=events)
    assert first.ended is not None
    assert first.ended.at.minute == 30
    assert first.events[-1].kind == "host-booted"
    assert (second.ended, second.open_at_capture) == (None, True)


def test_boot_without_activations_changes_nothing() -> None:
    assert found(events=table((KERN, boot("10:30:00")))) == ()


def test_activation_without_an_end_is_open_if_the_database_agrees() -> None:
    (one,) = logged(activated(), rows=(disk({"host_OpaqueRef:host": "RW"}),))
    assert one.open_at_capture is True
    assert "host_OpaqueRef:host" in repr(one.rows) or one.rows[0].source == SOURCE


def test_activation_that_the_database_does_not_know_of_is_doubtful() -> None:
    (one,) = logged(activated(), rows=(disk({}),))
    assert one.open_at_capture is None


def test_database_that_shows_no_keys_does_not_contradict() -> None:
    (one,) = logged(activated(), rows=(disk(),))
    assert one.open_at_capture is True


def test_unknown_mode_is_taken_from_the_database() -> None:
    log = sm(entry("vdi_activate"), f"Removed activating flag from {VDI}")
    (one,) = logged(log, rows=(disk({"host_OpaqueRef:host": "RO"}),))
    assert one.mode is AccessMode.READ_ONLY


def test_attachment_that_only_the_database_shows() -> None:
    (one,) = logged(rows=(disk({"host_OpaqueRef:host": "RW", "vhd-parent": "x"}),))
    assert (one.vdi, one.host, one.mode) == (VDI, "jupiter", AccessMode.READ_WRITE)
    assert (one.events, one.began, one.open_at_capture) == ((), None, True)
    assert one.vm is None
    assert [row.source for row in one.rows] == [SOURCE]


def test_key_of_a_host_that_is_not_in_the_database_says_nothing() -> None:
    assert logged(rows=(disk({"host_OpaqueRef:gone": "RW"}),)) == ()


def test_vm_that_has_the_disk_plugged_is_named() -> None:
    (one,) = logged(rows=(disk(), *plug()))
    assert (one.vm, one.mode, len(one.rows)) == (GUEST, AccessMode.READ_ONLY, 1)


def test_control_domain_is_named_as_such() -> None:
    (one,) = logged(activated(), rows=(disk({"host_OpaqueRef:host": "RW"}), *plug(control=True)))
    assert (one.vm, one.mode, len(one.rows)) == (DOM0, AccessMode.READ_WRITE, 2)


def test_mode_that_the_key_does_not_tell_is_that_of_the_plug() -> None:
    (one,) = logged(rows=(disk({"host_OpaqueRef:host": "odd"}), *plug(mode="RW")))
    assert one.mode is AccessMode.READ_WRITE


def test_plug_that_is_not_attached_says_nothing() -> None:
    assert logged(rows=(disk(), *plug(attached=False))) == ()


def test_plug_of_a_vm_that_runs_nowhere_says_nothing() -> None:
    machine, link = plug()
    assert logged(rows=(disk(), replace(machine, resident_on=None), link)) == ()


def test_older_report_of_the_same_host_adds_nothing() -> None:
    old = [(SMLOG, activated())]
    events = table((SMLOG, activated() + deactivated()), bundles=[("jupiter (2)", old)])
    (one,) = found(events=events)
    assert one.ended is not None


def test_attachments_are_ordered_by_disk_host_and_beginning() -> None:
    later, ended = activated(at="12:00:00"), deactivated()
    found_ones = logged(activated(), ended, later)
    assert [one.began.at.hour for one in found_ones if one.began] == [10, 12]


def held(name: str, *, active: bool = True) -> tuple[Attachment, ...]:
    datapath = Datapath(
        source=SOURCE,
        text=f"DP: {name}: activated RO",
        sr=SR,
        vdi=VDI,
        name=name,
        active=active,
        mode="RO",
        leaked=False,
    )
    report = HostReport(
        bundle="jupiter",
        name="jupiter",
        host_uuid=JUPITER,
        role=Role.MASTER,
        captured_at=None,
        diagnostics=SmDiagnostics(source=SOURCE, complete=True, datapaths=(datapath,)),
    )
    events = table((SMLOG, ""))
    return attachments_of(operations_of(events), (), (report,), events)


def test_datapath_of_xapi_shows_who_holds_a_disk() -> None:
    (attachment,) = held("vbd/0/xvda")
    assert (attachment.vdi, attachment.host, attachment.vm) == (VDI, "jupiter", DOM0)
    assert (attachment.mode, attachment.open_at_capture) == (AccessMode.READ_ONLY, True)
    assert [row.text for row in attachment.rows] == ["DP: vbd/0/xvda: activated RO"]


def test_datapath_of_a_guest_does_not_name_the_guest() -> None:
    (attachment,) = held("vbd/7/xvda")
    assert attachment.vm is None


def test_datapath_that_is_only_attached_is_not_active() -> None:
    assert held("vbd/0/xvda", active=False) == ()
