from datetime import UTC, datetime

import pytest

from analyzer.model.event import Event, words_of
from analyzer.model.moment import Moment
from analyzer.model.operation import Result
from analyzer.model.source import Source
from analyzer.rebuilt.calls.sm_lines import Entry, entry_of
from tests.rebuilt.calls.smlog_events import LOG, OTHER, SR, VDI, cbt, entry, failed, only, ran, sm


def entry_in(message: str) -> Entry:
    """Return what an entry line says."""
    words, place, said = words_of(message, message)
    line = Event(
        moment=Moment.exact(datetime(2024, 6, 10, tzinfo=UTC), "test"),
        source=Source(bundle="b", member="var/log/SMlog", line=1),
        kind="sm-call.entry",
        parser="smlog",
        host="jupiter",
        process="SM",
        words=words,
        place=place,
        said=said,
    )
    return entry_of(line)


def test_dictionary_of_the_entry_is_decoded() -> None:
    line = entry("vdi_enable_cbt", device_config={"SRmaster": "true"}, vdi_size=7)
    found = entry_in(line)
    assert found.name == "vdi_enable_cbt"
    assert found.arguments["device_config.SRmaster"] == "true"
    assert (found.arguments["vdi_uuid"], found.arguments["vdi_size"]) == (VDI, "7")


def test_list_args_is_apart_from_the_arguments() -> None:
    found = entry_in(entry("vdi_activate", args=("true",)))
    assert found.args == ("true",)
    assert "args" not in found.arguments


@pytest.mark.parametrize("more", ["plain", 'it\'s "odd"', "back\\slash"])
def test_what_matters_is_the_same_however_it_is_found(more: str) -> None:
    line = entry("vdi_activate", args=("true", "x]"), subtask_of="DummyRef:|7|VDI.x", more=more)
    found = entry_in(line)
    assert (found.vdi, found.sr, found.task) == (VDI, SR, "DummyRef:|7|VDI.x")
    assert found.args == ("true", "x]")
    assert found.arguments["more"] == more
    assert len(found.arguments) == 5


def test_arguments_show_themselves_decoded() -> None:
    arguments = entry_in("vdi_attach {'args': [], 'vdi_uuid': 'x'}").arguments
    assert repr(arguments) == "{'vdi_uuid': 'x'}"


def test_key_inside_a_text_is_no_key() -> None:
    line = entry("vdi_attach", label=f"'vdi_uuid': '{OTHER}'")
    assert entry_in(line).vdi == VDI


def test_key_of_a_dictionary_inside_is_not_the_call_s_own() -> None:
    line = entry("vdi_attach", driver_params={"vdi_uuid": OTHER})
    assert entry_in(line).vdi == VDI


def test_dictionary_of_python_2_is_decoded() -> None:
    line = f"vdi_delete {{'vdi_uuid': u'{VDI}', 'odd': set(['b']), 'args': [u'x']}}"
    found = entry_in(line)
    assert (found.arguments["vdi_uuid"], found.arguments["odd"]) == (VDI, "['b']")
    assert found.args == ("x",)


@pytest.mark.parametrize(
    "tail",
    [
        "'more': <object at 0x7f3a>}",
        "'more': 'cut",
        "'more': f(1)}",
        "'more': " + "[" * 1000,
        "'more': '\\N{no such name}'}",
        "'more': '\0'}",
        "'more': '" + "x" * 70_000 + "'}",
        "{}: 1}",
    ],
)
def test_what_is_no_dictionary_gives_what_can_be_found_in_it(tail: str) -> None:
    line = f"vdi_delete {{'args': ['a', \"b\"], 'vdi_uuid': u'{VDI}', 'sr_uuid': \"{SR}\", {tail}"
    found = entry_in(line)
    assert (found.name, found.arguments["vdi_uuid"]) == ("vdi_delete", VDI)
    assert (found.arguments["sr_uuid"], found.args) == (SR, ("a", "b"))


def test_odd_escape_in_a_name_is_no_warning() -> None:
    line = "vdi_delete {'name': 'C:\\disk', 'args': []}"
    assert entry_in(line).arguments["name"] == "C:\\disk"


def test_literal_that_is_no_dictionary_has_no_arguments() -> None:
    assert dict(entry_in("vdi_delete {1, 2}").arguments) == {}


def test_arguments_that_are_no_list_are_left_out() -> None:
    assert entry_in("vdi_delete {'args': 7}").args == ()


def test_command_that_succeeded() -> None:
    (command,) = only(sm(*cbt("set", "-f", "1"))).commands
    assert command.argv == ("/usr/sbin/cbt-util", "set", "-n", LOG, "-f", "1")
    assert (command.result, command.rc, command.attempts) == (Result.SUCCEEDED, 0, 1)
    assert command.event.message.endswith("]\n  pread SUCCESS")


def test_command_that_failed_has_its_status_and_stderr() -> None:
    (command,) = only(sm(*cbt("get", "-c", result=failed(2, "No such file")))).commands
    assert (command.result, command.rc, command.stderr) == (Result.FAILED, 2, "No such file")


def test_stderr_of_several_lines_is_whole() -> None:
    (command,) = only(sm(*cbt("get", "-c", result=failed(5, "one\ntwo\n")))).commands
    assert command.stderr == "one\ntwo"


@pytest.mark.parametrize(
    ("status", "result", "rc"),
    [("0", Result.SUCCEEDED, 0), ("2", Result.FAILED, 2), ("-9", Result.FAILED, -9)],
)
def test_status_of_tap_ctl(status: str, result: Result, rc: int) -> None:
    (command,) = only(sm(*ran("/usr/sbin/tap-ctl", "open", result=f" = {status}"))).commands
    assert (command.result, command.rc) == (result, rc)


def test_command_without_a_result_is_unknown() -> None:
    (command,) = only(sm(cbt("set", "-f", "1")[0])).commands
    assert (command.result, command.rc) == (Result.UNKNOWN, None)


@pytest.mark.parametrize(
    ("echo", "argv"),
    [
        ("['/usr/sbin/cbt-util', \"it's\"]", ("/usr/sbin/cbt-util", "it's")),
        ("['/usr/sbin/cbt-util', u'get']", ("/usr/sbin/cbt-util", "get")),
        ("['/usr/sbin/cbt-util', 'a\\\\b']", ("/usr/sbin/cbt-util", "a\\b")),
        ("['/usr/sbin/cbt-util', 'get', 'cut", ("/usr/sbin/cbt-util", "get")),
    ],
)
def test_words_of_a_command(echo: str, argv: tuple[str, ...]) -> None:
    (command,) = only(sm(echo)).commands
    assert command.argv == argv


def test_error_has_its_code_and_reason() -> None:
    text = "Invalid VDI type [opterr=Raw VDI or snapshot not permitted]"
    (raised,) = only(sm(f"Raising exception [66, {text}]")).raised
    assert (raised.code, raised.text, raised.final) == (66, text, False)


def test_code_follows_from_the_text_where_no_line_has_it() -> None:
    text = "Failed to calculate changed blocks for given VDIs. [opterr=Source and target VDI are unrelated]"
    line = f"***** generic exception: vdi_list_changed_blocks: EXCEPTION <class 'sm.core.xs_errors.SROSError'>, {text}"
    (raised,) = only(sm(line)).raised
    assert (raised.code, raised.text, raised.final) == (460, text, True)


def test_exception_of_another_class_has_no_code() -> None:
    (raised,) = only(sm("***** x: EXCEPTION <class 'OSError'>, General IO error")).raised
    assert (raised.code, raised.final) == (None, False)


@pytest.mark.parametrize(("file", "final"), [("SRCommand.py", True), ("lvmcache.py", False)])
def test_exception_ends_the_call_where_srcommand_caught_it(file: str, final: bool) -> None:
    lines = (
        "***** Local EXT3 VHD: EXCEPTION <class 'KeyError'>, 'x'",
        f'  File "/opt/xensource/sm/{file}", line 7, in run',
        "    return self.x()",
        "",
    )
    (raised,) = only(sm(*lines)).raised
    assert (raised.text, raised.final) == ("'x'", final)
