"""What a process is at when it fails: read from lines that were laid aside until then."""

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.case.errors.ledger import ErrorLedger, Failure
from analyzer.parsers.logs import smlog
from analyzer.parsers.scan.scan import Scanner
from tests.support.whole import examples

SR = "67a9f2c1-0000-4000-8000-00000000000{}"
MESSAGES = (
    "=== SR {sr}: gc ===",
    "sr_update {{'sr_uuid': '{sr}', 'args': []}}",
    "vdi_attach {{'sr_uuid': '{sr}', 'vdi_ref': 'OpaqueRef:{sr}', 'vdi_uuid': '{sr}'}}",
    "lock: opening lock file /var/lock/sm/x/sr",
    "Failed to find it",
    "***** sr_scan: EXCEPTION <class 'x'>, no",
    '  File "/opt/xensource/sm/SRCommand.py", line 1, in run',
    "",
    "loJun 10 13:40:02 jupiter SM: [7] === SR {sr}",
)
lines = st.lists(
    st.tuples(st.sampled_from(MESSAGES), st.integers(1, 3), st.integers(1, 3)), max_size=40
)


def log_of(said: list[tuple[str, int, int]]) -> bytes:
    texts = (
        f"Jun 10 13:32:41 jupiter SM: [{pid}] {message.format(sr=SR.format(sr))}\n"
        for message, pid, sr in said
    )
    return "".join(texts).encode()


def failures(log: bytes, *, at_once: bool) -> tuple[list[Failure], dict[str, str], int, int]:
    found: list[Failure] = []
    ledger = ErrorLedger()
    notice = ledger.watch(smlog.PARSER, found.append)
    blocks = [log[place : place + 300] for place in range(0, len(log), 300)]
    scan = Scanner([smlog.PARSER], []).scan_blocks(blocks, smlog.PARSER, notice, at_once=at_once)
    assert list(scan) == []
    return found, ledger.disks, scan.met, scan.stats.hidden


@settings(max_examples=examples(300), deadline=None)
@given(lines)
def test_what_is_laid_aside_tells_the_same(said: list[tuple[str, int, int]]) -> None:
    log = log_of(said)
    assert failures(log, at_once=False) == failures(log, at_once=True)


def test_the_last_line_of_the_process_before_its_failure_counts() -> None:
    said = [(MESSAGES[0], 1, 1), (MESSAGES[1], 1, 2), (MESSAGES[1], 2, 3), (MESSAGES[4], 1, 1)]
    (failure,), *_ = failures(log_of([*said, (MESSAGES[1], 1, 3)]), at_once=False)
    assert (failure.at.call, failure.at.sr) == ("sr_update", SR.format(2))
