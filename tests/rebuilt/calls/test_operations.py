from analyzer.model.operation import Operation, Result
from analyzer.rebuilt.calls.operations import operations_of
from tests.rebuilt.calls.smlog_events import (
    KERN,
    LOG,
    OTHER,
    SMLOG,
    SR,
    VDI,
    boot,
    cbt,
    entry,
    failed,
    only,
    operations,
    ran,
    sm,
    table,
)

UNRELATED = "Failed to calculate changed blocks for given VDIs. [opterr=Source and target VDI are unrelated]"
TRACE = (
    f"***** generic exception: vdi_list_changed_blocks: EXCEPTION <class 'xs_errors.SROSError'>, {UNRELATED}",
    '  File "/opt/xensource/sm/SRCommand.py", line 113, in run',
    "    return self._run_locked(sr)",
    "",
)


def later(at: str = "13:50:00") -> str:
    """Return the entry line of a call that has nothing to do with the others."""
    return sm(entry("vdi_attach", OTHER), at=at, pid=30000)


def first(*texts: str) -> Operation:
    return operations(*texts)[0]


def test_call_has_what_its_entry_line_says() -> None:
    found = only(sm(entry("vdi_enable_cbt", subtask_of="DummyRef:|x|VDI.enable_cbt")))
    assert (found.name, found.vdi, found.sr, found.pid) == ("vdi_enable_cbt", VDI, SR, 24517)
    assert (found.host, found.bundle) == ("jupiter", "jupiter")
    assert found.task == "DummyRef:|x|VDI.enable_cbt"
    assert found.entry is not None
    assert found.entry.source.line == 1


def test_lines_of_one_process_are_one_call() -> None:
    found = only(
        sm(entry("vdi_enable_cbt"), f"Pause request for {VDI}", *cbt("create", "-s", "1")),
        sm(*cbt("set", "-f", "1"), f"Unpause request for {VDI} secondary=None", at="13:32:45"),
    )
    assert [command.argv[1] for command in found.commands] == ["create", "set"]
    assert [note.message[:7] for note in found.notes] == ["Pause r", "Unpause"]
    assert (found.last.at - found.first.at).total_seconds() == 4


def test_lines_are_in_the_order_of_writing() -> None:
    renamed = f"FileVDI._rename {LOG} to /run/sr-mount/{SR}/{OTHER}.cbtlog"
    found = only(sm(entry("vdi_snapshot"), *cbt("get", "-p"), renamed, *cbt("get", "-c")))
    kinds = [line.kind for line in found.lines]
    assert kinds == ["sm-call.entry", "sm-command.log", "cbt-told.renamed", "sm-command.log"]
    assert found.commands[1].event == found.lines[3]


def test_processes_side_by_side_are_told_apart() -> None:
    one, two = operations(
        sm(entry("vdi_enable_cbt")),
        sm(entry("vdi_delete", OTHER), pid=7),
        sm(*cbt("set", "-f", "1")),
        sm(*cbt("get", "-p"), pid=7),
    )
    assert (one.commands[0].argv[1], two.commands[0].argv[1]) == ("set", "get")


def test_entry_line_of_a_reused_pid_begins_a_new_call() -> None:
    one, two = operations(
        sm(entry("vdi_enable_cbt"), *cbt("set", "-f", "1")),
        sm(entry("vdi_delete", OTHER), *cbt("get", "-p"), at="13:32:50"),
    )
    assert (one.name, len(one.commands)) == ("vdi_enable_cbt", 1)
    assert (two.name, two.vdi, len(two.commands)) == ("vdi_delete", OTHER, 1)


def test_lines_before_the_entry_line_belong_to_the_call() -> None:
    found = only(sm("Raising exception [46, x]", entry("vdi_delete"), *cbt("get", "-p")))
    assert (found.name, len(found.raised), len(found.commands)) == ("vdi_delete", 1, 1)


def test_lines_long_before_the_entry_line_are_of_another_process() -> None:
    one, two = operations(
        sm(*cbt("get", "-p"), at="13:00:00"), sm(entry("vdi_delete"), at="13:10:00")
    )
    assert (one.name, two.name, two.commands) == ("", "vdi_delete", ())


def test_pid_that_comes_back_after_a_long_silence_is_another_process() -> None:
    one, two = operations(
        sm(entry("vdi_attach"), at="10:00:00"), sm(*cbt("get", "-p"), at="13:00:00")
    )
    assert (one.name, two.name, two.vdi) == ("vdi_attach", "", VDI)


def test_process_that_waits_for_a_lock_may_be_silent_for_hours() -> None:
    waits = f"Failed to lock /var/lock/sm/{VDI}/cbtlog on first attempt, blocked by PID 1"
    found = only(
        sm(entry("vdi_delete"), waits, at="10:00:00"), sm(*cbt("get", "-p"), at="13:00:00")
    )
    assert (found.name, len(found.commands)) == ("vdi_delete", 1)


def test_boot_ends_every_process() -> None:
    log = sm(entry("vdi_attach")) + sm(*cbt("get", "-p"), at="13:34:00")
    found = operations_of(table((SMLOG, log), (KERN, boot("13:33:00"))))
    assert [operation.name for operation in found] == ["vdi_attach", ""]


def test_twenty_tries_are_one_command() -> None:
    tries = cbt("set", "-s", "1", result=failed(5, "Failed to write"))
    found = only(sm(entry("vdi_resize"), *tries * 20))
    (command,) = found.commands
    assert (command.attempts, command.result, command.rc) == (20, Result.FAILED, 5)
    assert command.event.source.line == 40
    assert len(found.lines) == 2


def test_try_that_succeeds_after_others_is_a_success() -> None:
    tries = cbt("get", "-c", result=failed(5, "x"))
    (command,) = only(sm(*tries, *tries, *cbt("get", "-c"))).commands
    assert (command.attempts, command.result) == (3, Result.SUCCEEDED)


def test_same_command_again_after_a_success_is_another() -> None:
    assert len(only(sm(*cbt("get", "-c"), *cbt("get", "-c"))).commands) == 2


def test_failure_too_far_from_its_command_is_found_all_the_same() -> None:
    far = "".join(sm("x" * 1000, pid=9) for _ in range(70))
    found = first(sm(cbt("get", "-c")[0]), far, sm(failed(2, "gone"), *cbt("get", "-p")))
    assert [command.result for command in found.commands] == [Result.FAILED, Result.SUCCEEDED]
    assert (found.commands[0].stderr, found.notes) == ("gone", ())
    assert found.lines[0].text.count("\n") == 1


def test_failure_of_a_command_that_is_not_kept_is_a_note() -> None:
    found = only(sm(entry("vdi_delete"), *cbt("get", "-c"), failed(1, "x")))
    assert found.commands[0].result is Result.SUCCEEDED
    assert [note.kind for note in found.notes] == ["sm-trouble.failed"]


def test_call_that_raised_failed() -> None:
    found = only(
        sm(entry("vdi_list_changed_blocks"), f"Raising exception [460, {UNRELATED}]", *TRACE)
    )
    assert found.result is Result.FAILED
    assert [(error.code, error.final) for error in found.raised] == [(460, True), (460, True)]


def test_error_that_is_caught_does_not_fail_the_call() -> None:
    caught = "Raising exception [46, The VDI is not available [opterr=LV not found]]"
    found = first(sm(entry("vdi_delete"), caught, *cbt("get", "-p")), later())
    assert (found.result, found.raised[0].final) == (Result.SUCCEEDED, False)


def test_call_that_cannot_load_its_disk_is_named_by_its_exception() -> None:
    found = only(sm(*TRACE))
    assert (found.name, found.entry, found.result) == (
        "vdi_list_changed_blocks",
        None,
        Result.FAILED,
    )
    assert (found.vdi, found.sr, dict(found.arguments)) == (None, None, {})


def test_call_after_one_that_could_not_load_is_another() -> None:
    one, two = operations(sm(*TRACE, entry("vdi_delete")))
    assert (one.result, two.name) == (Result.FAILED, "vdi_delete")


def test_call_at_the_end_of_the_log_is_unknown() -> None:
    assert only(sm(entry("vdi_resize"), *cbt("set", "-s", "1"))).result is Result.UNKNOWN


def test_call_that_others_follow_much_later_has_ended() -> None:
    assert first(sm(entry("vdi_resize")), later("13:37:41")).result is Result.SUCCEEDED


def test_call_that_others_follow_soon_may_still_run() -> None:
    assert first(sm(entry("vdi_resize")), later("13:33:00")).result is Result.UNKNOWN


def test_call_about_the_same_disk_shows_that_the_one_before_ended() -> None:
    log = (sm(entry("vdi_resize")), sm(entry("vdi_attach"), at="13:32:43", pid=7))
    assert first(*log).result is Result.SUCCEEDED


def test_process_with_the_same_pid_shows_that_the_one_before_ended() -> None:
    log = (sm(entry("vdi_resize")), sm(entry("vdi_attach", OTHER), at="13:32:43"))
    assert first(*log).result is Result.SUCCEEDED


def test_boot_after_a_call_leaves_its_end_open() -> None:
    log = sm(entry("vdi_resize")) + later()
    found = operations_of(table((SMLOG, log), (KERN, boot("13:40:00"))))
    assert found[0].result is Result.UNKNOWN


def test_command_that_did_not_come_back_leaves_the_end_open() -> None:
    assert (
        first(sm(entry("vdi_resize"), cbt("set", "-s", "1")[0]), later()).result is Result.UNKNOWN
    )


def test_last_words_of_a_call_are_its_success() -> None:
    found = only(sm(entry("vdi_enable_cbt"), f"Unpause request for {VDI} secondary=None"))
    assert found.result is Result.SUCCEEDED


def test_rotated_files_are_read_in_the_order_of_writing() -> None:
    older = sm(entry("vdi_enable_cbt"), *cbt("create", "-s", "1"))
    newer = sm(*cbt("set", "-f", "1"), f"Unpause request for {VDI}")
    (found,) = operations_of(table((SMLOG, newer), (f"{SMLOG}.1", older)))
    assert [command.argv[1] for command in found.commands] == ["create", "set"]
    assert found.result is Result.SUCCEEDED


def test_later_call_in_the_next_file_shows_the_end() -> None:
    logs = ((SMLOG, later()), (f"{SMLOG}.1", sm(entry("vdi_resize"))))
    assert operations_of(table(*logs))[0].result is Result.SUCCEEDED


def test_missing_file_after_a_call_leaves_its_end_open() -> None:
    logs = ((SMLOG, later()), (f"{SMLOG}.2", sm(entry("vdi_resize"))))
    assert operations_of(table(*logs))[0].result is Result.UNKNOWN


def test_command_cut_by_a_rotation_has_no_result() -> None:
    older, newer = sm(cbt("set", "-f", "1")[0]), sm("  pread SUCCESS", *cbt("get", "-p"))
    (found,) = operations_of(table((SMLOG, newer), (f"{SMLOG}.1", older)))
    assert [command.result for command in found.commands] == [Result.UNKNOWN, Result.SUCCEEDED]


def test_process_without_an_entry_line_has_the_disk_its_commands_agree_on() -> None:
    found = only(sm(*cbt("get", "-p"), *cbt("get", "-c")))
    assert (found.name, found.vdi, found.sr) == ("", VDI, SR)


def test_process_without_an_entry_line_about_two_disks_has_none() -> None:
    other = LOG.replace(VDI, OTHER)
    found = only(sm(*cbt("get", "-p"), *cbt("get", "-c", log=other)))
    assert (found.vdi, found.sr) == (None, SR)


def test_plugin_is_a_process_of_its_own() -> None:
    image = f"vhd:/dev/VG_XenStorage-{SR}/VHD-{VDI}"
    unpause = ran("/usr/sbin/tap-ctl", "unpause", "-p", "1", "-m", "2", "-a", image, result=" = 0")
    one, two = operations(sm(entry("vdi_attach", OTHER)), sm(f"Unpause for {VDI}", *unpause))
    assert (one.name, one.vdi) == ("vdi_attach", OTHER)
    assert (two.name, two.vdi, two.sr, two.result) == ("", VDI, SR, Result.SUCCEEDED)


def test_entry_line_after_a_plugin_begins_a_new_call() -> None:
    one, two = operations(sm(f"Pause for {VDI}", entry("vdi_attach", OTHER)))
    assert (one.name, one.vdi, two.vdi) == ("", VDI, OTHER)


def test_scan_that_says_nothing_is_left_out() -> None:
    assert operations(sm(entry("sr_scan"))) == ()


def test_scan_that_says_something_is_kept() -> None:
    found = only(sm(entry("sr_scan"), "cbt_enabled False <> True"))
    assert (found.name, found.sr, len(found.notes)) == ("sr_scan", SR, 1)


def test_scan_that_says_nothing_still_shows_that_calls_before_it_ended() -> None:
    log = (sm(entry("vdi_resize")), sm(entry("sr_scan"), at="13:50:00", pid=7))
    assert only(*log).result is Result.SUCCEEDED


def test_garbage_collector_is_no_call() -> None:
    line = sm(*cbt("get", "-p")).replace(" SM: ", " SMGC: ")
    assert operations(line) == ()


def test_calls_of_all_hosts_are_in_the_order_of_time() -> None:
    saturn = (SMLOG, sm(entry("vdi_attach"), at="13:00:00"))
    jupiter = (SMLOG, sm(entry("vdi_attach"), at="13:30:00"))
    found = operations_of(table(jupiter, bundles=[("saturn", [saturn])]))
    assert [operation.host for operation in found] == ["saturn", "jupiter"]


def test_same_pid_on_another_host_is_another_process() -> None:
    saturn = (SMLOG, sm(*cbt("get", "-p")))
    jupiter = (SMLOG, sm(entry("vdi_delete")))
    found = operations_of(table(jupiter, bundles=[("saturn", [saturn])]))
    assert [(one.host, one.name) for one in found] == [("jupiter", "vdi_delete"), ("saturn", "")]


def test_sr_attached_after_a_call_leaves_its_end_open() -> None:
    log = (sm(entry("vdi_resize")), sm(entry("sr_attach"), at="13:49:00", pid=7), later())
    assert first(*log).result is Result.UNKNOWN


def test_call_in_two_reports_of_one_host_is_told_once_and_whole() -> None:
    begun = sm(entry("vdi_resize"))
    whole = begun + sm(*cbt("set", "-s", "1")) + later()
    for old, new in ((begun, whole), (whole, begun)):
        found = operations_of(table((SMLOG, old), bundles=[("jupiter (2)", [(SMLOG, new)])]))
        (resize,) = (one for one in found if one.name == "vdi_resize")
        assert (len(resize.commands), resize.result) == (1, Result.SUCCEEDED)
