"""What lasted, for the timeline: disks that were active, snapshots, coalesces."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from analyzer.case.case import Case
from analyzer.model.moment import Moment
from analyzer.model.operation import Result
from analyzer.model.report import Coverage, SpanKind, TimelineSpan
from analyzer.rebuilt.calls.attachments import DOM0, disk_attachments
from analyzer.rebuilt.calls.operations import sm_operations

_MOST = 2000  # of each kind; the latest are kept
_SHORT = 8  # digits of a uuid
_COALESCES = "cbt-told.coalesce"


def spans_of(case: Case, coverage: Sequence[Coverage]) -> tuple[TimelineSpan, ...]:
    """Return the spans in the order of time, of each kind at most the latest two thousand."""
    # Return name of the host → the last dated line that was read of it.
    names = {host.bundle: host.name for host in case.hosts}
    ends: dict[str, Moment] = {}
    for row in coverage:
        host = names.get(row.bundle, row.bundle)
        if row.last and (host not in ends or row.last.at > ends[host].at):
            ends[host] = row.last
    spans_of_calls: list[TimelineSpan] = []
    for each in sm_operations(case):
        if each.name in {"vdi_snapshot", "vdi_clone"}:
            spans_kind: SpanKind | None = SpanKind.SNAPSHOT
        else:
            joined = any("coalesce" in command.argv for command in each.commands)
            told = any(note.kind == _COALESCES for note in each.notes)
            spans_kind = SpanKind.COALESCE if joined or told else None
        if spans_kind is not None:
            disk = _disk_in_words(case, each.vdi) if each.vdi else "a disk"
            done = "" if each.result is Result.SUCCEEDED else f", {each.result}"
            spans_of_calls.append(
                TimelineSpan(
                    kind=spans_kind,
                    host=each.host,
                    began=each.first,
                    ended=each.last,
                    what=f"{spans_kind.value.removesuffix('s')} of {disk}{done}",
                    vdi=each.vdi or "",
                )
            )
    found = [*_spans_of_attachments(case, ends), *spans_of_calls]
    found.sort(key=_order_of_span)
    kept = [span for kind in SpanKind for span in [s for s in found if s.kind is kind][-_MOST:]]
    return tuple(sorted(kept, key=_order_of_span))


def _order_of_span(span: TimelineSpan) -> tuple[datetime, str, str, str]:
    return span.began.at, span.host, span.kind, span.what


def _spans_of_attachments(case: Case, ends: Mapping[str, Moment]) -> Iterator[TimelineSpan]:
    for each in disk_attachments(case):
        open_end = ends.get(each.host) if each.open_at_capture else None
        first, last = each.began or each.ended, each.ended or open_end or each.began
        if first and last and first.at <= last.at:
            by = " by the control domain" if each.vm == DOM0 else ""
            attachment_ends = "" if each.began else ", its beginning was not seen"
            if not each.ended:
                attachment_ends += (
                    ", still active" if each.open_at_capture else ", its end was not seen"
                )
            attachment_in_words = (
                f"{_disk_in_words(case, each.vdi)} active ({each.mode}){by}{attachment_ends}"
            )
            yield TimelineSpan(
                kind=SpanKind.ATTACHED,
                host=each.host,
                began=first,
                ended=last,
                what=attachment_in_words,
                vdi=each.vdi,
            )


def _disk_in_words(case: Case, vdi: str) -> str:
    for pool in case.pools:
        if found := pool.vdi(vdi):
            return found.name_label or vdi[:_SHORT]
    return vdi[:_SHORT]
