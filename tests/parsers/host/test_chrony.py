import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.clock import NtpTracking
from analyzer.parsers import document_parser
from analyzer.parsers.host import chrony
from tests.parsers.memory_member import facts

TEXT = """\
Reference ID    : C0000214 (ntp.example.net)
Stratum         : 3
Ref time (UTC)  : Fri Nov 22 10:02:11 2024
System time     : 0.512342000 seconds slow of NTP time
Last offset     : -0.000004321 seconds
RMS offset      : 0.000012345 seconds
Frequency       : 12.345 ppm slow
Residual freq   : -0.001 ppm
Skew            : 0.012 ppm
Root delay      : 0.020000000 seconds
Root dispersion : 0.001000000 seconds
Update interval : 1034.5 seconds
Leap status     : Normal
"""


def read(text: str) -> NtpTracking:
    (found,) = facts(chrony.PARSER, "chronyc-tracking.out", text)
    assert isinstance(found, NtpTracking)
    return found


def test_a_slow_clock_is_behind_ntp() -> None:
    found = read(TEXT)
    assert (found.seconds, found.source.line) == (-0.512342, 4)
    assert found.text == "System time     : 0.512342000 seconds slow of NTP time"


def test_a_fast_clock_is_ahead_of_ntp() -> None:
    assert read(TEXT.replace("slow of", "fast of")).seconds == 0.512342


def test_the_doubt_is_what_lies_between_the_host_and_the_true_time() -> None:
    assert read(TEXT).doubt == pytest.approx(0.011)


def test_a_clock_that_follows_a_server_is_synchronised() -> None:
    assert read(TEXT).synchronised


@pytest.mark.parametrize("text", [TEXT.replace("Normal", "Not synchronised"), "506 Cannot talk\n"])
def test_other_clocks_are_not(text: str) -> None:
    assert not read(text).synchronised


@pytest.mark.parametrize("text", ["", TEXT[:-20], TEXT + "** timeout **\n", "506 Cannot talk\n"])
def test_what_is_not_whole_is_incomplete(text: str) -> None:
    assert read(TEXT).complete
    assert not read(text).complete


def test_it_is_known_by_its_name() -> None:
    assert document_parser("chronyc-tracking.out", b"") is chrony.PARSER
    assert document_parser("chronyc-sources--v.out", b"") is not chrony.PARSER


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert read(text).seconds is None
