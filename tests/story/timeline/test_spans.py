"""What lasted: disks that were active, snapshots, coalesces."""

from collections import Counter
from functools import cache

from analyzer.model.report import SpanKind, TimelineSpan
from tests.golden.outputs import SAMPLES, sample_read


@cache
def spans(name: str) -> tuple[TimelineSpan, ...]:
    path = next(path for path in SAMPLES if path.name.startswith(name))
    return sample_read(path)[1].spans


def test_snapshots_and_coalesces_of_the_logs_are_told() -> None:
    found = Counter(span.kind for span in spans("cbt-hazards-lvm"))
    assert found[SpanKind.SNAPSHOT] == 9
    assert found[SpanKind.COALESCE] > 0
    assert all(span.began.at <= span.ended.at for span in spans("cbt-hazards-lvm"))


def test_disk_that_is_still_active_lasts_to_the_end_of_its_hosts_logs() -> None:
    attached = [s for s in spans("host-crash") if s.kind is SpanKind.ATTACHED]
    active = [span for span in attached if "still active" in span.what]
    assert {span.what.split(" active")[0] for span in active} >= {"mail disk 0", "mail disk 1"}
    end = sample_read(next(p for p in SAMPLES if p.name.startswith("host-crash")))[1].coverage
    last = max(row.last.at for row in end if row.last)
    assert {span.ended.at for span in active} == {last}


def test_disk_that_the_crash_cut_off_ends_before_the_boot() -> None:
    attached = [s for s in spans("host-crash") if s.what.startswith("mail disk 0 active")]
    before, after = attached[0], attached[-1]
    assert before.ended.at < after.began.at
