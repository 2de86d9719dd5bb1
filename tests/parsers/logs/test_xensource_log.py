import pytest

from analyzer.model.event import Level
from analyzer.parsers.logs import xensource_log
from tests.parsers._member import record, scanned

AT = "Jul 29 16:37:07 jupiter "
PARSER = xensource_log.PARSER


@pytest.mark.parametrize(
    ("bracket", "level", "task"),
    [
        (
            "[debug|jupiter|1680 INET :::80|VDI.data_destroy R:b0567678c53d|audit]",
            Level.DEBUG,
            "VDI.data_destroy R:b0567678c53d",
        ),
        (
            "[error||4882 HTTPS 192.0.2.188->:::80|[XO] Importing content R:03a940e24a95|vhd]",
            Level.ERROR,
            "[XO] Importing content R:03a940e24a95",
        ),
        ("[ info|00ab-trace-01|15 |events|xapi_event]", Level.INFO, "events"),
        ("[ warn||9 ||]", Level.WARN, None),
        ("[debug||1959896 unix-RPC|import a|b|xapi]", Level.DEBUG, "import a|b"),
    ],
)
def test_bracket_of_every_era_is_taken_apart(bracket: str, level: Level, task: str | None) -> None:
    found = record(PARSER, f"{AT}xapi: {bracket} text ] with [brackets]")
    assert (found.level, found.task) == (level, task)
    assert found.message == "text ] with [brackets]"


def test_line_without_a_bracket_is_all_message() -> None:
    found = record(PARSER, f"{AT}xenopsd-xc: starting")
    assert (found.process, found.message, found.level) == ("xenopsd-xc", "starting", None)


def test_bracket_that_was_cut_is_message() -> None:
    assert record(PARSER, f"{AT}xapi: [debug||12 |task").message == "[debug||12 |task"


def test_unknown_level_is_message() -> None:
    assert record(PARSER, f"{AT}xapi: [loud||1 |t|m] x").message == "[loud||1 |t|m] x"


@pytest.mark.parametrize(
    "escaped", ["exception:#012   End_of_file", r"exception:\x0A   End_of_file"]
)
def test_line_feeds_are_decoded(escaped: str) -> None:
    found = record(PARSER, f"{AT}xapi: [error||1 |t|m] {escaped}")
    assert found.message == "exception:\n   End_of_file"
    assert escaped in found.text
    assert found.lines == 1


def test_other_backslashes_are_kept() -> None:
    assert record(PARSER, rf"{AT}xapi: a\n \x41 \xe9").message == r"a\n \x41 \xe9"


def test_repeated_message_is_unfolded() -> None:
    line = "message repeated 25 times: [ [debug|h|0 ||xenops_server] Adding a new worker]"
    found = record(PARSER, f"{AT}xenopsd-xc: {line}")
    assert (found.message, found.count, found.level) == ("Adding a new worker", 25, Level.DEBUG)


def test_hostile_bracket_is_read_in_no_time() -> None:
    text = f"{AT}xapi: [debug||1 |" + "|" * 300_000
    found, stats = scanned(PARSER, text)
    assert (found, stats.not_understood) == ((), 0)
    assert record(PARSER, text).message.startswith("[debug")
