import pytest

from analyzer.model.event import Level
from analyzer.parsers.logs import user_log
from tests.parsers._member import record

AT = "Mar  5 07:24:23 jupiter "
PARSER = user_log.PARSER


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("DEBUG", Level.DEBUG),
        ("INFO", Level.INFO),
        ("WARNING", Level.WARN),
        ("ERROR", Level.ERROR),
        ("CRITICAL", Level.ERROR),
    ],
)
def test_level_of_nbd_client_manager_is_taken_off(name: str, level: Level) -> None:
    found = record(PARSER, f"{AT}nbd_client_manager: [{name}] Running cmd ['nbd-client']")
    assert (found.level, found.message) == (level, "Running cmd ['nbd-client']")


def test_line_of_cbt_util_is_all_message() -> None:
    found = record(PARSER, f"{AT}cbt-util: Creating new log file")
    assert (found.process, found.message, found.level) == (
        "cbt-util",
        "Creating new log file",
        None,
    )


def test_escaped_traceback_is_decoded() -> None:
    found = record(PARSER, f"{AT}nbd_client_manager: [ERROR] x#012Traceback")
    assert found.message == "x\nTraceback"
