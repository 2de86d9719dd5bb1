import pytest

from analyzer.parsers._api import Record
from analyzer.parsers.logs import smlog
from tests.parsers._member import record, records, scanned

AT = "Jun 10 13:32:41 jupiter "
VDI = "6b0c1a3e-0d0c-4a57-9f0d-6f1d9a3f0c11"


def sm(*messages: str, pid: int = 24517, ident: str = "SM") -> str:
    return "".join(f"{AT}{ident}: [{pid}] {message}\n" for message in messages)


def messages(text: str) -> tuple[str, ...]:
    return tuple(record.message for record in records(smlog.PARSER, text))


def test_pid_is_taken_from_the_message() -> None:
    found = record(smlog.PARSER, sm("Disk status request for x"))
    assert (found.process, found.pid, found.message) == ("SM", 24517, "Disk status request for x")


@pytest.mark.parametrize("thread", ["MainThread", "ThreadPoolExecutor-0_0", "Thread-1 (run)"])
def test_thread_behind_the_pid_is_passed_over(thread: str) -> None:
    found = record(smlog.PARSER, f"{AT}SM: [12][{thread}] Pause request for x")
    assert (found.pid, found.message) == (12, "Pause request for x")


def test_command_echo_is_not_taken_for_a_thread() -> None:
    assert messages(f"{AT}SM: [12] ['/sbin/lvs']\n{AT}SM: [12]['/sbin/lvs']") == (
        "['/sbin/lvs']",
        "['/sbin/lvs']",
    )


def test_leading_blanks_of_the_message_are_kept() -> None:
    assert messages(sm("  pread SUCCESS")) == ("  pread SUCCESS",)


@pytest.mark.parametrize(("ident", "process"), [("SMGC", "SMGC"), ("SM-GC", "SMGC")])
def test_garbage_collector_is_one_process(ident: str, process: str) -> None:
    assert record(smlog.PARSER, sm("Kicking GC", ident=ident)).process == process


def test_fairlock_has_the_pid_of_syslog() -> None:
    found = record(smlog.PARSER, f"{AT}fairlock[3906]: /run/fairlock/devicemapper acquired")
    assert (found.process, found.pid) == ("fairlock", 3906)


def test_empty_record_has_an_empty_message() -> None:
    assert messages(f"{AT}SM: [12] \n{AT}SM: [12]\n") == ("", "")


@pytest.mark.parametrize(
    "line", ["SM: no pid", "SMGC: no pid", "SM-GC: no pid", "SM[12]: no pid", "SM: [x] y", "SM"]
)
def test_own_ident_without_a_pid_is_not_understood(line: str) -> None:
    _, stats = scanned(smlog.PARSER, f"{AT}{line}\n")
    assert (stats.lines, stats.not_understood) == (1, 1)


@pytest.mark.parametrize("tag", ["S", "SMX", "SM-", "SM-G", "SM-GX", "SMG", "SMGCX", "T", "SM-GCC"])
def test_other_idents_need_no_pid(tag: str) -> None:
    found = record(smlog.PARSER, f"{AT}{tag}: text\n")
    _, stats = scanned(smlog.PARSER, f"{AT}{tag}: text\n")
    assert (found.process, found.pid, stats.not_understood) == (tag, None, 0)


def test_repeated_message_keeps_its_pid_and_count() -> None:
    found = record(smlog.PARSER, f"{AT}SM: message repeated 3 times: [ [1234] lock: released x]")
    assert (found.pid, found.message, found.count) == (1234, "lock: released x", 3)


def test_repeated_message_cut_behind_the_pid() -> None:
    found = record(smlog.PARSER, f"{AT}SM: message repeated 3 times: [ [1234]")
    assert (found.pid, found.message, found.count) == (1234, "", 3)


def failed(stderr: str, out: str = "") -> str:
    return f"FAILED in util.pread: (rc 5) stdout: '{out}', stderr: '{stderr}"


def test_closing_quote_in_a_record_of_its_own_is_joined() -> None:
    text = sm(failed("Failed to read bitmap"), "'", "next")
    first, second = records(smlog.PARSER, text)
    assert (first.message, first.lines) == (failed("Failed to read bitmap\n'"), 2)
    assert first.text == text[: text.index(AT + "SM: [24517] next")].rstrip("\n")
    assert (second.message, second.line) == ("next", 3)


def test_stderr_of_several_lines_is_joined() -> None:
    text = sm(failed("one"), "two", "  three", "'", "next")
    assert messages(text) == (failed("one\ntwo\n  three\n'"), "next")


def test_stdout_of_several_lines_is_joined() -> None:
    start = "FAILED in util.pread: (rc 5) stdout: 'a"
    assert messages(sm(start, "b", "', stderr: ''", "next")) == (
        f"{start}\nb\n', stderr: ''",
        "next",
    )


def test_failure_on_one_line_takes_nothing_more() -> None:
    assert messages(sm(failed("'"), "next")) == (failed("'"), "next")


def test_quote_of_the_program_at_the_end_of_a_line_is_not_the_last() -> None:
    assert messages(sm(failed("cannot open 'x'"), "'", "next")) == (
        failed("cannot open 'x'\n'"),
        "next",
    )


def test_stderr_that_begins_with_a_line_feed_is_joined() -> None:
    assert messages(sm(failed(""), "text", "'")) == (failed("\ntext\n'"),)


@pytest.mark.parametrize(
    "new",
    [
        "['/usr/sbin/cbt-util', 'get']",
        "  pread SUCCESS",
        "lock: released x",
        "***** x: EXCEPTION <class 'y'>, z",
        "FAILED in util.pread: (rc 1) stdout: '', stderr: 'x'",
        "vdi_delete {'args': []}",
        " = 0",
    ],
)
def test_output_ends_where_something_new_begins(new: str) -> None:
    assert messages(sm(failed("cut"), new))[:2] == (failed("cut"), new)


def test_lines_of_other_processes_are_not_joined() -> None:
    text = sm(failed("x")) + sm("'", pid=7) + sm("'", ident="SMGC") + sm("'")
    assert messages(text) == (failed("x\n'"), "'", "'")


def test_number_of_the_pid_in_another_line_is_passed_over() -> None:
    text = sm(failed("x")) + sm("waits for [24517]", pid=7) + f"rubbish [24517]\n{sm(chr(39))}"
    assert messages(text) == (failed("x\n'"), "waits for [24517]")


TRACE = (
    "***** vdi_snapshot: EXCEPTION <class 'xs_errors.SROSError'>, The VDI is not available",
    '  File "/opt/xensource/sm/SRCommand.py", line 110, in run',
    "    return self._run_locked(sr)",
    "    ^^^^^^^",
    "",
)


def test_traceback_is_one_record_up_to_its_empty_line() -> None:
    assert messages(sm(*TRACE, "next")) == ("\n".join(TRACE), "next")


def test_traceback_without_its_empty_line_ends_at_the_next_message() -> None:
    assert messages(sm(*TRACE[:-1], "next")) == ("\n".join(TRACE[:-1]), "next")
    assert messages(sm(*TRACE[:-1], "  pread SUCCESS"))[1] == "  pread SUCCESS"


def test_exception_text_of_several_lines_is_part_of_it() -> None:
    text = sm(TRACE[0], "opterr=more]", *TRACE[1:])
    assert messages(text) == ("\n".join((TRACE[0], "opterr=more]", *TRACE[1:])),)


def test_exception_without_a_traceback_takes_no_command() -> None:
    assert messages(sm(TRACE[0], "['/sbin/lvs']")) == (TRACE[0], "['/sbin/lvs']")


def test_traceback_of_the_garbage_collector_is_joined() -> None:
    trace = ("gc: EXCEPTION <class 'util.SMException'>, x", *TRACE[1:])
    assert messages(sm(*trace, ident="SMGC")) == ("\n".join(trace),)


def test_repeated_line_is_no_part_of_a_traceback() -> None:
    repeat = f"{AT}SM: message repeated 2 times: [ [24517] lock: released x]\n"
    assert messages(sm(TRACE[0]) + repeat) == (TRACE[0], "lock: released x")


def test_opener_of_another_program_is_a_record_of_one_line() -> None:
    text = f"{AT}x[5]: {failed('a')}\n{AT}x[5]: '\n"
    assert messages(text) == (failed("a"), "'")


def test_joining_is_bounded_in_lines() -> None:
    first: Record = records(smlog.PARSER, sm(failed("x"), *["more"] * 500))[0]
    assert first.lines == 201


def test_joining_is_bounded_in_size() -> None:
    first: Record = records(smlog.PARSER, sm(failed("x"), *["m" * 20_000] * 20))[0]
    assert len(first.text) < 100_000


def test_joining_is_bounded_in_reach() -> None:
    between = sm("x" * 1000, pid=7) * 70
    assert records(smlog.PARSER, sm(failed("x")) + between + sm("'"))[0].lines == 1


def test_tab_in_output_is_decoded() -> None:
    assert messages(sm("PV#011VG")) == ("PV\tVG",)


LOG = f"/run/sr-mount/0d2b6bd6-53d4-2f51-9e6c-1f8de3b4f0a7/{VDI}.cbtlog"
ECHOES = (
    f"['/usr/sbin/cbt-util', 'get', '-n', '{LOG}', '-c']",
    f"['/usr/sbin/cbt-util', u'set', '-n', '{LOG}', '-f', '1']",
    f"['/sbin/lvrename', '/dev/VG_XenStorage-x/{VDI}.cbtlog', 'y.cbtlog']",
    f"['/sbin/lvcreate', '-n', '{VDI}.cbtlog', '-L', '4']",
    f"['/sbin/lvremove', '-f', '/dev/VG_XenStorage-x/{VDI}.cbtlog']",
    "['/usr/sbin/tap-ctl', 'open', '-p', '1', '-C', 'x']",
    "['/usr/bin/vhd-util', 'resize', '--debug', '-s', '1']",
)


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("result", ["  pread SUCCESS", " = 0", " = -9", failed("x'")])
def test_command_is_joined_with_its_result(echo: str, result: str) -> None:
    text = sm(echo, result, "next")
    first, second = records(smlog.PARSER, text)
    assert (first.message, first.lines, first.line) == (f"{echo}\n{result}", 2, 1)
    assert first.text == text[: text.index(AT + "SM: [24517] next")].rstrip("\n")
    assert second.message == "next"


def test_command_is_joined_with_a_failure_of_several_lines() -> None:
    assert messages(sm(ECHOES[0], failed("one"), "two", "'", "next")) == (
        f"{ECHOES[0]}\n{failed('one')}\ntwo\n'",
        "next",
    )


def test_command_is_joined_with_a_failure_that_is_cut() -> None:
    cut = "FAILED in util.pread: (rc 5) std"
    assert messages(sm(ECHOES[0], cut, "'")) == (f"{ECHOES[0]}\n{cut}", "'")


@pytest.mark.parametrize("new", ["lock: released x", "['/sbin/lvs']", "***** x: EXCEPTION y, z"])
def test_command_that_did_not_come_back_stands_alone(new: str) -> None:
    assert messages(sm(ECHOES[0], new)) == (ECHOES[0], new)


def test_command_at_the_end_of_the_log_stands_alone() -> None:
    assert messages(sm(ECHOES[0])) == (ECHOES[0],)


def test_result_of_another_process_is_not_joined() -> None:
    text = sm(ECHOES[0]) + sm("  pread SUCCESS", pid=7) + sm("  pread SUCCESS")
    assert messages(text) == (f"{ECHOES[0]}\n  pread SUCCESS", "  pread SUCCESS")


@pytest.mark.parametrize(
    "echo",
    [
        "['/sbin/lvs']",
        "['/sbin/lvremove', '-f', '/dev/VG_XenStorage-x/VHD-y']",
        "['/usr/bin/vhd-util', 'query']",
        "['/usr/sbin/tap-ctl', 'list']",
    ],
)
def test_other_commands_stand_apart_from_their_results(echo: str) -> None:
    assert messages(sm(echo, "  pread SUCCESS")) == (echo, "  pread SUCCESS")


def test_command_of_the_garbage_collector_is_not_joined() -> None:
    text = sm(ECHOES[0], "  pread SUCCESS", ident="SMGC")
    assert messages(text) == (ECHOES[0], "  pread SUCCESS")
