from datetime import timedelta

import pytest

from analyzer.checks.storage.lock_waits import waited
from tests.checks.support import SR, VDI, CaseBuilder, sr, vdi

RULE = "storage-call-slow"
SCAN = f"SM: [4711] sr_scan {{'sr_uuid': '{SR}', 'args': [], 'command': 'sr_scan'}}"


def wait(began: str, ended: str, lock: str = f"{SR}/sr", pid: int = 7, between: str = "") -> str:
    """Return the two lines of a wait, with others between them."""
    return (
        f"{began} SM: [{pid}] Failed to lock /var/lock/sm/{lock} on first attempt, blocked by PID 4711\n"
        f"{between}{ended} SM: [{pid}] lock: acquired /var/lock/sm/{lock}\n"
    )


def case(text: str) -> CaseBuilder:
    return CaseBuilder().host().smlog(text).database(sr(), vdi())


def test_wait_of_minutes_is_found_with_who_had_the_lock() -> None:
    text = f"13:30:00 {SCAN}\n" + wait("13:32:41", "13:37:01") + "13:37:02 SM: [4711] Kicking GC\n"
    (finding,) = case(text).examine(RULE).findings
    title = "A process waited 4 min 20 s for a lock of the storage manager on host jupiter"
    assert finding.title == title
    assert (
        f'for lock "sr" of SR tank ({SR}), which process 4711, which ran sr_scan, had'
        in finding.detail
    )
    assert finding.subjects[0].uuid == SR
    assert "lock: acquired" in finding.evidence[0].text


def test_waits_for_one_lock_are_one_finding() -> None:
    text = wait("13:32:41", "13:37:01", ".nil/lvm") + wait(
        "13:42:41", "13:44:01", ".nil/lvm", pid=8
    )
    text += wait("13:52:41", "13:52:43", ".nil/lvm", pid=9)
    (finding,) = case(text).examine(RULE).findings
    assert finding.count == 2
    assert "for lock .nil/lvm, which process 4711 had" in finding.detail


@pytest.mark.parametrize(
    "text",
    [
        wait("13:32:41", "13:33:40"),
        wait("13:32:41", "13:37:01").partition("\n")[0] + "\n",  # never had it, as far as was read
        wait("13:32:41", "13:37:01", between="13:32:42 SM: [7] pread SUCCESS\n"),
        wait("13:32:41", "13:37:01").replace("[7] lock: acq", "[8] lock: acq"),
    ],
)
def test_short_and_unknown_waits_are_not_told(text: str) -> None:
    assert not case(text).examine(RULE).findings


def test_wait_within_a_slow_call_is_told_with_the_call() -> None:
    call = f"SM: [7] vdi_attach {{'sr_uuid': '{SR}', 'vdi_uuid': '{VDI}', 'command': 'vdi_attach'}}"
    text = f"13:32:40 {call}\n" + wait("13:32:41", "13:37:01", f"{VDI}/vdi")
    text += "13:37:02 SM: [7] result: attached\n"
    (finding,) = case(text).examine(RULE).findings
    assert finding.title == "vdi_attach took 4 min 22 s on host jupiter"


def test_wait_over_midnight_is_measured() -> None:
    (event,) = case(wait("23:59:30", "00:01:00")).build().events.of("storage-call-slow.waited")
    assert waited(event) == timedelta(seconds=90)
