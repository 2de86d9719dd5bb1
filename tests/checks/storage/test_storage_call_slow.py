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


def test_attach_and_start_of_a_tapdisk_are_measured_to_their_last_line() -> None:
    attach = BEGAN.replace("vdi_activate", "vdi_attach").replace("[7]", "[6]")
    text = f"""{attach}13:34:16 SM: [6] result: attached
        {BEGAN.replace("13:32:41", "13:34:16")}
        13:52:56 SM: [7] tap.activate: Launched Tapdisk(vhd:/dev/sm/x, pid=5511, minor=4, state=R)
    """
    built = CaseBuilder().host().smlog(text).database(sr(), vdi())
    titles = [finding.title for finding in built.examine(RULE).findings]
    assert titles == [
        "vdi_activate took 18 min 40 s on host jupiter",
        "vdi_attach took 1 min 35 s on host jupiter",
    ]


def scan(ended: str, between: str = "") -> CaseBuilder:
    text = f"""13:32:41 SM: [7] sr_scan {{'sr_uuid': '{SR}', 'args': [], 'command': 'sr_scan'}}
        {between}
        {ended} SM: [7] Kicking GC
    """
    return CaseBuilder().host().smlog(text).database(sr(), vdi())


def test_scan_of_twelve_minutes_is_found() -> None:
    (finding,) = scan("13:44:41").examine(RULE).findings
    assert finding.title == "sr_scan took 12 min 00 s on host jupiter"


@pytest.mark.parametrize(
    ("ended", "between"),
    [
        ("13:33:05", ""),
        ("13:39:41", ""),  # an SR of thousands of disks
        ("13:44:41", f"13:44:40 SM: [7] vdi_delete {{'sr_uuid': '{SR}', 'command': 'vdi_delete'}}"),
        ("14:44:41", ""),  # a process without a line that is kept has the pid again
    ],
)
def test_scan_that_was_done_in_minutes_is_ordinary(ended: str, between: str) -> None:
    assert not scan(ended, between).examine(RULE).findings
