from analyzer.parsers.logs import kern_log
from tests.parsers._member import record, scanned

AT = "Jul  8 15:09:13 jupiter "
PARSER = kern_log.PARSER


def test_uptime_is_cut_off() -> None:
    found = record(PARSER, f"{AT}kernel: [99081.001306] block nbd0: shutting down sockets")
    assert (found.process, found.message) == ("kernel", "block nbd0: shutting down sockets")


def test_padded_uptime_is_cut_off() -> None:
    assert record(PARSER, f"{AT}kernel: [    0.000000] Linux version").message == "Linux version"


def test_line_without_uptime_is_understood() -> None:
    assert record(PARSER, f"{AT}kernel: imklog started").message == "imklog started"


def test_repeated_line_is_unfolded() -> None:
    found = record(PARSER, f"{AT}kernel: message repeated 7 times: [ [12.5] nbd0: timed out]")
    assert (found.message, found.count) == ("nbd0: timed out", 7)


def test_output_of_dmesg_is_not_understood() -> None:
    assert scanned(PARSER, "[12.5] block nbd0: x\n")[1].not_understood == 1
