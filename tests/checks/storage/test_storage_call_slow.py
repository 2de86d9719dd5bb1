import pytest

from tests.checks.support import SR, VDI, CaseBuilder, sr, vdi

RULE = "storage-call-slow"
BEGAN = f"13:32:41 SM: [7] vdi_activate {{'sr_uuid': '{SR}', 'vdi_uuid': '{VDI}', 'args': [], "
BEGAN += "'command': 'vdi_activate'}\n"
WAITS = f"13:32:42 SM: [7] Failed to lock /var/lock/sm/{VDI}/cbtlog on first attempt, "
WAITS += "blocked by PID 4711\n"


def log(ended: str, more: str = "") -> CaseBuilder:
    text = f"{BEGAN}{more}{ended} SM: [7] Removed activating flag from {VDI}\n"
    return CaseBuilder().host().smlog(text).database(sr(), vdi())


def test_minutes_where_seconds_are_usual_are_found_with_what_was_waited_for() -> None:
    (finding,) = log("13:37:01", WAITS).examine(RULE).findings
    assert finding.title == "vdi_activate took 4 min 20 s on host jupiter"
    assert "4 min 19 s of that passed between" in finding.detail
    assert "It waited for a lock that process 4711 held." in finding.detail
    assert [line.text.split(" jupiter")[0][-8:] for line in finding.evidence] == [
        "13:32:41",
        "13:32:42",
        "13:37:01",
    ]


@pytest.mark.parametrize("ended", ["13:32:42", "13:33:40"])
def test_less_than_a_minute_is_ordinary(ended: str) -> None:
    assert not log(ended).examine(RULE).findings


def test_other_process_with_the_pid_is_no_call() -> None:
    later = f"13:59:41 SM: [7] Removed activating flag from {VDI}\n"
    text = f"{BEGAN}13:32:42 SM: [7] Removed activating flag from {VDI}\n{later}"
    built = CaseBuilder().host().smlog(text).database(sr(), vdi())
    assert not built.examine(RULE).findings
