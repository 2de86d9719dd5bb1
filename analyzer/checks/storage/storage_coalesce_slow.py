"""Merges of the garbage collector that were slow for what they moved, or that did not end.

Source: sm `cleanup.py`. ``Running VHD coalesce on`` stands before the data is copied into the
parent, ``Relinking … from`` after it. The second size in brackets is what an image takes on the
storage, so the copied data at most. How far a merge has come no line says.
"""

from collections.abc import Iterator
from datetime import timedelta

from analyzer.case.case import Case, HostReport
from analyzer.checks.observation import Observation
from analyzer.checks.tools.finding import found, host_subject, quote
from analyzer.model.event import Event
from analyzer.model.finding import Basis, Confidence, Finding, Subject
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Value
from analyzer.model.terms import HOST_BOOTED
from analyzer.values import dataclass

RULE = "storage-coalesce-slow"
BEGAN, RELINKED = f"{RULE}.began", f"{RULE}.relinked"
_LONG = timedelta(hours=1)
_ENDLESS = timedelta(hours=24)
_SLOW = 5 << 20  # bytes a second
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A merge of one image; ``relinked`` is None where no line says that it was done."""

    began: Event
    relinked: Event | None

    @property
    def size(self) -> float:
        """Return how many bytes the image takes."""
        shown = self.began.fields["size"]
        return float(shown.rstrip("KMGT") or 0) * _UNITS[shown.lstrip("0123456789.")]

    @property
    def took(self) -> timedelta:
        """Return how long it took; nothing where it was not seen to end."""
        ended = self.relinked.moment.at if self.relinked else self.began.moment.at
        return ended - self.began.moment.at

    @property
    def speed(self) -> float:
        """Return how many bytes it moved in a second, at most."""
        return self.size / max(self.took.total_seconds(), 1)


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Yield a finding for the slow merges of each host, and one for a merge that does not end."""
    merges: dict[str, list[Merge]] = {}
    for one in _merges(case):
        merges.setdefault(one.began.source.bundle, []).append(one)
    for report in case.hosts:
        own = merges.get(report.bundle, [])
        slow = [one for one in own if one.took >= _LONG and one.speed < _SLOW]
        if slow:
            yield _slow(case, text, report, slow)
        last = max(own, key=lambda one: one.began.moment.at, default=None)
        if last and last.relinked is None and (ran := _runs_since(case, report, last)):
            yield found(
                text,
                text.case("running"),
                basis=Basis.SYMPTOM,
                confidence=Confidence.POSSIBLE,
                subjects=(*_disk(case, last), host_subject(report)),
                rows=[_values(report, last, ran)],
                evidence=(quote(last.began),),
                events=[last.began],
            )


def _merges(case: Case) -> Iterator[Merge]:
    """Yield the merges of each process in order of time; a second try of one ends the first."""
    open_merges: dict[tuple[str, int | None], Event] = {}
    events = sorted(case.events.of(BEGAN, RELINKED), key=lambda event: event.moment.at)
    for event in events:
        process = (event.source.bundle, event.pid)
        began = open_merges.pop(process, None)
        if event.kind == BEGAN:
            open_merges[process] = event
        if began is not None:
            same = event.kind == RELINKED and event.fields["vdi"] == began.fields["vdi"]
            yield Merge(began=began, relinked=event if same else None)
    yield from (Merge(began=event, relinked=None) for event in open_merges.values())


def _runs_since(case: Case, report: HostReport, one: Merge) -> timedelta | None:
    """Return for how long a merge had run when the report was made, if that is a day or more."""
    boots = (boot for boot in case.events.of(HOST_BOOTED) if boot.source.bundle == report.bundle)
    booted = any(one.began.moment.at < boot.moment.at for boot in boots)
    if report.captured_at is None or booted:
        return None
    ran = report.captured_at.at - one.began.moment.at
    return ran if ran >= _ENDLESS else None


def _slow(case: Case, text: RuleText, report: HostReport, slow: list[Merge]) -> Finding:
    worst = min(slow, key=lambda one: one.speed)
    assert worst.relinked is not None
    values: dict[str, Value] = {
        **_values(report, worst, worst.took),
        "speed": f"{worst.speed / (1 << 20):.1f} MiB/s",
        "number": str(len(slow)),
        "ended": worst.relinked.moment,
    }
    return found(
        text,
        (text.title, text.detail),
        basis=Basis.SYMPTOM,
        confidence=Confidence.LIKELY,
        subjects=(*_disk(case, worst), host_subject(report)),
        rows=[values],
        evidence=(quote(worst.began), quote(worst.relinked)),
        events=[slow[0].began, slow[-1].began],
        count=len(slow),
    )


def _values(report: HostReport, one: Merge, took: timedelta) -> dict[str, Value]:
    hours, minutes = divmod(round(took / timedelta(minutes=1)), 60)
    return {
        "host": report.name,
        "disk": one.began.fields["vdi"],
        "size": f"{one.size / (1 << 30):.1f} GiB",
        "took": f"{hours} h {minutes:02} min",
        "began": one.began.moment,
    }


def _disk(case: Case, one: Merge) -> tuple[Subject, ...]:
    """Return the image as a disk, where only one in the databases has these first digits."""
    start = one.began.fields["vdi"]
    rows = [row for pool in case.pools for row in pool.vdis if row.uuid.startswith(start)]
    return (case.world.subject("VDI", rows[0].uuid),) if len(rows) == 1 else ()
