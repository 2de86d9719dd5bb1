"""Whatever order the parts of reports come in, the incidents are the same."""

from collections.abc import Sequence
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.rebuilt.incidents.incidents import incidents
from tests.checks.support import JUPITER, SATURN, SR, VDI, CaseBuilder, sr, vdi
from tests.support.whole import examples

Part: TypeAlias = tuple[str, str, tuple[str, ...]]
HOSTS = ((JUPITER, "jupiter"), (SATURN, "saturn"))
KERN = (
    "12:00:00 kernel: [9.1] device vif3.0 entered promiscuous mode",
    "12:10:00 kernel: [9.1] nfs: server 192.0.2.40 not responding, timed out",
    "12:20:00 kernel: [9.1] tapdisk[11874]: segfault at 7f3a12c45000 ip 0 sp 0 error 4",
    "12:28:00 kernel: [0.0] Linux version 4.19.0+1 (mockbuild@builder)",
    "12:40:00 kernel: [9.1] nfs: server 192.0.2.40 OK",
)
SMLOG = (
    f"11:00:00 SM: [9] vdi_enable_cbt {{'vdi_uuid': '{VDI}', 'sr_uuid': '{SR}'}}",
    "11:00:01 SM: [9] Not enough space! free space: 0, need: 4194304",
)
DAEMON = (
    "12:25:00 systemd[1]: Reached target Shutdown.",
    "12:26:00 xapi-nbd[7]: main: Caught signal SIGTERM, cleaning up",
    "12:30:00 xapi-nbd[8]: main: Starting xapi-nbd: port = '10809'",
)
PARTS: list[Part] = [
    (name, log, lines)
    for name in ("jupiter", "saturn")
    for log, lines in (("kern_log", KERN), ("smlog", SMLOG), ("daemon_log", DAEMON))
]


def told(parts: Sequence[Part], first: str) -> list[tuple[object, ...]]:
    uuids = {"jupiter": JUPITER, "saturn": SATURN}
    case = CaseBuilder()
    for name in (first, *(uuids.keys() - {first})):
        case = case.host(name, uuids[name]).database(sr(), vdi(), hosts=HOSTS)
        for host, log, lines in parts:
            if host == name:
                case = getattr(case, log)("\n".join(lines))
    found = incidents(case.build())
    return [(one.id, one.began, one.ended, one.count, one.title, one.evidence) for one in found]


@settings(deadline=None, max_examples=12)
@given(st.permutations(PARTS), st.sampled_from(["jupiter", "saturn"]))
def test_order_of_reading_changes_nothing(parts: list[Part], first: str) -> None:
    assert told(parts, first) == told(PARTS, "jupiter")


@settings(deadline=None, max_examples=examples(25))
@given(st.sets(st.sampled_from(KERN)), st.sets(st.sampled_from(DAEMON)))
def test_no_incident_ends_certainly_before_it_began(kern: set[str], daemon: set[str]) -> None:
    case = CaseBuilder().host().kern_log("\n".join(sorted(kern)))
    for one in incidents(case.daemon_log("\n".join(sorted(daemon))).build()):
        assert one.ended is None or not one.ended.certainly_before(one.began)
        assert one.began.earliest <= one.began.at <= one.began.latest
