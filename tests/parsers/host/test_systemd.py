"""States of units in `systemctl status`."""

import pytest

from analyzer.model.host import ServiceState, ServiceStates
from analyzer.parsers.host import systemd
from tests.parsers.memory_member import facts, problems

STATUS = """\
● jupiter
    State: degraded
     Jobs: 0 queued
   Failed: 1 units
    Since: Thu 2024-11-21 09:58:12 UTC; 24h ago
   CGroup: /
           ├─1 /usr/lib/systemd/systemd
           └─system.slice

● proc-sys-fs-binfmt_misc.automount - Arbitrary Executable File Formats
   Loaded: loaded (/usr/lib/systemd/system/proc-sys-fs-binfmt_misc.automount; static)
   Active: active (waiting) since Thu 2024-11-21 09:58:12 UTC; 24h ago
    Where: /proc/sys/fs/binfmt_misc

● xapi-nbd.service - NBD server that exposes XenServer disks
   Loaded: loaded (/usr/lib/systemd/system/xapi-nbd.service; enabled; vendor preset: disabled)
   Active: failed (Result: exit-code) since Thu 2024-11-21 10:06:01 UTC; 5min ago
  Process: 2201 ExecStart=/usr/sbin/xapi-nbd --certfile=/etc/xensource/xapi-ssl.pem (code=exited, status=2)
 Main PID: 2201 (code=exited, status=2)

Nov 21 10:05:59 jupiter systemd[1]: Stopping NBD server that exposes XenServer disks...
Nov 21 10:06:01 jupiter systemd[1]: xapi-nbd.service failed.
Hint: Some lines were ellipsized, use -l to show in full.

● xapi.service - LSB: XenServer API
   Loaded: loaded (/usr/lib/systemd/system/xapi.service; enabled)
   Active: inactive (dead)
"""


def states(content: str | bytes) -> ServiceStates:
    found = facts(systemd.PARSER, "systemctl-status.out", content)[0]
    assert isinstance(found, ServiceStates)
    return found


def service(content: str | bytes, unit: str = "xapi-nbd.service") -> ServiceState:
    return next(each for each in states(content).services if each.unit == unit)


def test_the_file_is_claimed_by_name() -> None:
    assert systemd.PARSER.claims("systemctl-status.out", b"")
    assert not systemd.PARSER.claims("systemctl.out", b"")


def test_units_are_read_in_order() -> None:
    found = states(STATUS)
    assert found.complete
    assert [each.unit for each in found.services] == [
        "proc-sys-fs-binfmt_misc.automount",
        "xapi-nbd.service",
        "xapi.service",
    ]


def test_a_failed_service_keeps_its_words_and_line() -> None:
    found = service(STATUS)
    assert found.active == "failed"
    assert found.since == "Thu 2024-11-21 10:06:01 UTC"
    assert found.text == (
        "   Active: failed (Result: exit-code) since Thu 2024-11-21 10:06:01 UTC; 5min ago"
    )
    assert found.source.line == 17


def test_a_service_that_never_ran_has_no_since() -> None:
    found = service(STATUS, "xapi.service")
    assert (found.active, found.since, found.journal) == ("inactive", None, ())


def test_the_journal_is_that_of_its_unit() -> None:
    assert service(STATUS).journal == (
        "Nov 21 10:05:59 jupiter systemd[1]: Stopping NBD server that exposes XenServer disks...",
        "Nov 21 10:06:01 jupiter systemd[1]: xapi-nbd.service failed.",
    )


@pytest.mark.parametrize(
    "bullet", ["*", "\u00d7", "○", "x", "?", "â—\x8f", "\ufffd\ufffd\ufffd", "↻"]
)
def test_bullets_of_all_versions_and_encodings(bullet: str) -> None:
    assert service(STATUS.replace("●", bullet)).active == "failed"


def test_bytes_of_another_encoding_do_not_hide_a_unit() -> None:
    assert service(STATUS.encode().replace("●".encode(), b"\xe2\x97")).active == "failed"


def test_carriage_returns_make_no_difference() -> None:
    assert service(STATUS.replace("\n", "\r\n")).since == "Thu 2024-11-21 10:06:01 UTC"


@pytest.mark.parametrize(
    "content",
    ["", "\n", STATUS[:-5], STATUS + "\n** timeout **\n", "● jupiter\n    State: running\n"],
)
def test_what_is_not_whole_is_incomplete(content: str) -> None:
    assert not states(content).complete


def test_half_a_state_is_no_state() -> None:
    cut = STATUS[: STATUS.index("failed (Result") + 4]
    assert [each.unit for each in states(cut).services] == ["proc-sys-fs-binfmt_misc.automount"]


def test_a_unit_without_a_state_is_told() -> None:
    content = STATUS[: STATUS.rindex("   Active")]
    assert not states(content).complete
    assert problems(facts(systemd.PARSER, "x", content)) == ("the unit xapi.service has no state",)


MANAGER = """\
● jupiter
    State: degraded
     Jobs: 0 queued
   Failed: 1 units
    Since: Thu 2024-11-21 09:58:12 UTC; 24h ago
   CGroup: /
           ├─1 /usr/lib/systemd/systemd --switched-root --system --deserialize 21
           └─system.slice
             ├─xapi.service
             │ └─1930 /opt/xensource/bin/xapi -nowatchdog
             └─xapi-nbd.service
               └─2201 /usr/sbin/xapi-nbd --certfile=/etc/xensource/xapi-ssl.pem
"""


def test_what_the_collector_runs_shows_no_states() -> None:
    found = states(MANAGER)
    assert (found.complete, found.services) == (True, ())


def test_a_manager_without_its_tree_is_incomplete() -> None:
    assert not states(MANAGER[: MANAGER.index("   CGroup")]).complete


def test_the_manager_counts_the_failed_units() -> None:
    assert states(MANAGER).failed_units == 1
    assert states(STATUS).failed_units == 1


@pytest.mark.parametrize(
    "content", ["", STATUS.partition("\n\n")[2], MANAGER[: MANAGER.index(" units")]]
)
def test_a_count_that_is_not_shown_is_none(content: str) -> None:
    assert states(content).failed_units is None


def test_units_with_processes_are_running() -> None:
    assert states(MANAGER).running == ("system.slice", "xapi-nbd.service", "xapi.service")


def test_the_tree_in_ascii_is_the_same() -> None:
    content = MANAGER.replace("├─", "|-").replace("└─", "`-").replace("│", "|")
    assert states(content).running == states(MANAGER).running


def test_half_a_name_in_the_tree_is_not_running() -> None:
    cut = MANAGER[: MANAGER.index("xapi-nbd.service") + 10]
    assert states(cut).running == ("system.slice", "xapi.service")
