"""Any lines of SM make calls: none raises, no line is lost or doubled, one process each."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model.operation import Result
from analyzer.rebuilt.calls.attachments import attachments_of
from analyzer.rebuilt.calls.operations import operations_of
from analyzer.rebuilt.calls.sm_lines import KINDS
from tests.rebuilt.calls.smlog_events import (
    KERN,
    LOG,
    OTHER,
    SMLOG,
    VDI,
    boot,
    cbt,
    entry,
    failed,
    sm,
    table,
)
from tests.support.whole import examples

messages = st.one_of(
    st.sampled_from(
        (
            entry("vdi_activate", args=("true",)),
            entry("vdi_deactivate"),
            entry("vdi_delete", OTHER),
            entry("sr_scan"),
            "vdi_delete {'vdi_uuid': 'cut",
            "vdi_delete {}",
            "vdi_delete {[]: {}}",
            *cbt("get", "-c"),
            cbt("set", "-f", "1")[0],
            "['/usr/sbin/cbt-util', ",
            f"['/usr/sbin/tap-ctl', 'open', '-a', 'vhd:{LOG}', '-C', '{LOG}']",
            "['/usr/sbin/tap-ctl', 'close']",
            " = 0",
            " = 7",
            failed(5, "x"),
            "FAILED in util.pread: (rc 5) stdout: '', stderr: 'cut",
            "'",
            f"Unpause for {VDI}",
            f"Pause request for {VDI}",
            f"Removed activating flag from {VDI}",
            "Raising exception [460, x]",
            "Raising exception [460, ",
            "***** generic exception: vdi_delete: EXCEPTION <class 'a'>, x",
            "***** x: EXCEPTION ",
            '  File "/opt/xensource/sm/SRCommand.py", line 1, in run',
            "",
            "cbt_enabled False <> True",
            f"Failed to lock /var/lock/sm/{VDI}/cbtlog on first attempt, blocked by PID 1",
        )
    ),
    st.text(max_size=30).map(lambda text: text.replace("\n", " ")),
    st.text(max_size=30).map(lambda text: f"vdi_attach {{'a': '{text}'}}".replace("\n", " ")),
    st.text(max_size=30).map(lambda text: f"['/usr/sbin/cbt-util', {text}]".replace("\n", " ")),
)
lines = st.builds(
    lambda hour, minute, pid, text: sm(text, at=f"{hour:02}:{minute:02}:00", pid=pid),
    st.integers(10, 13),
    st.integers(0, 59),
    st.sampled_from((7, 7, 7, 8)),
    messages,
)
logs = st.lists(lines, max_size=30).map("".join)


@settings(max_examples=examples(150), deadline=None)
@given(newer=logs, older=logs, booted=st.booleans())
def test_every_kept_line_is_in_one_call_of_its_own_process(
    newer: str, older: str, booted: bool
) -> None:
    kernel = boot("11:30:00") if booted else ""
    events = table((SMLOG, newer), (f"{SMLOG}.1", older), (KERN, kernel))
    found = operations_of(events)
    kept = Counter(event.source for event in events.of(*KINDS) if not _quiet(event.message))
    told = Counter(line.source for operation in found for line in operation.lines)
    assert all(count == 1 for count in told.values())
    assert set(told) <= {event.source for event in events.of(*KINDS)}
    folded = sum(c.attempts - 1 for operation in found for c in operation.commands)
    late = sum(line.kind == "sm-trouble.failed" for line in events.of(*KINDS))
    assert len(set(kept) - set(told)) <= folded + late
    assert all(len({line.pid for line in operation.lines}) == 1 for operation in found)


def _quiet(message: str) -> bool:
    return message.startswith("sr_scan ")


@settings(max_examples=examples(100), deadline=None)
@given(log=logs)
def test_call_with_a_final_error_failed_and_no_other(log: str) -> None:
    for operation in operations_of(table((SMLOG, log))):
        raised = any(error.final for error in operation.raised)
        assert raised == (operation.result is Result.FAILED) or not operation.name


@settings(max_examples=examples(100), deadline=None)
@given(log=logs)
def test_attachment_has_a_disk_and_is_open_or_over(log: str) -> None:
    events = table((SMLOG, log))
    for one in attachments_of(operations_of(events), (), (), events):
        assert one.vdi
        assert one.began is not None or one.ended is not None
        assert one.ended is None or one.open_at_capture is False
