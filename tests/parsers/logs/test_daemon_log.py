from analyzer.model.event import Level
from analyzer.parsers.logs import daemon_log
from tests.parsers._member import record

AT = "Nov 22 10:06:01 jupiter "
PARSER = daemon_log.PARSER


def test_section_of_xapi_nbd_stays_in_the_message() -> None:
    found = record(PARSER, f"{AT}xapi-nbd[1234]: main: Got new client")
    assert (found.process, found.pid, found.message) == ("xapi-nbd", 1234, "main: Got new client")


def test_tapdisk_and_systemd_have_their_pid() -> None:
    assert record(PARSER, f"{AT}tapdisk[762]: nbd: NBD server pause(0x1)").pid == 762
    assert record(PARSER, f"{AT}systemd[1]: xapi-nbd.service failed.").pid == 1


def test_daemon_of_the_toolstack_has_its_bracket_taken_off() -> None:
    found = record(PARSER, f"{AT}squeezed: [debug||9 ||memory_control] balance")
    assert (found.message, found.level) == ("balance", Level.DEBUG)


def test_other_brackets_are_message() -> None:
    found = record(PARSER, f"{AT}dbus-daemon[812]: [system] Activating service")
    assert found.message == "[system] Activating service"
