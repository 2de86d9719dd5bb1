"""A verdict on one disk of one run before it is dressed, and the words that verdicts share."""

from collections.abc import Sequence

from analyzer.model.cbt import NO_LOG, Walk, WalkEnd
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.run import FullReason, RunVerdict
from analyzer.story.runs.acts import Act, Deed
from analyzer.story.runs.cut import Episode
from analyzer.values import dataclass

_NO_CODE = "an error that was not read"
_BROKEN = (WalkEnd.CHAIN_ENDS, WalkEnd.SIZES, WalkEnd.CYCLE)
NO_LOG_ENDS = (WalkEnd.NO_LOG_FROM, WalkEnd.NO_LOG_TO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What can be said of a run: as `analyzer.model.run.DiskRun`, without what it is about."""

    verdict: RunVerdict
    words: str
    confidence: Confidence
    reason: FullReason | None = None
    settle_with: str = ""
    evidence: tuple[Evidence, ...] = ()
    snapshot: str = ""
    base: str = ""


def full(
    reason: FullReason | None,
    words: str,
    confidence: Confidence,
    evidence: Sequence[Evidence | None] = (),
    settle_with: str = "",
) -> Judged:
    """Return that a run was full."""
    return Judged(
        verdict=RunVerdict.FULL,
        reason=reason,
        words=words,
        confidence=confidence,
        evidence=tuple(each for each in evidence if each is not None),
        settle_with=settle_with,
    )


def incremental(
    words: str, confidence: Confidence, evidence: Sequence[Evidence | None] = ()
) -> Judged:
    """Return that a run could be incremental."""
    return Judged(
        verdict=RunVerdict.INCREMENTAL,
        words=words,
        confidence=confidence,
        evidence=tuple(each for each in evidence if each is not None),
    )


def undecidable(words: str, settle_with: str, evidence: Sequence[Evidence | None] = ()) -> Judged:
    """Return that nobody can tell, and what would."""
    return Judged(
        verdict=RunVerdict.UNDECIDABLE,
        words=words,
        confidence=Confidence.POSSIBLE,
        evidence=tuple(each for each in evidence if each is not None),
        settle_with=settle_with,
    )


def reads_of(episode: Episode, snapshot: str) -> tuple[Deed, ...]:
    """Return who read a snapshot in a run."""
    return tuple(deed for deed in episode.deeds if deed.reads and deed.disk == snapshot)


def what_of(deed: Deed) -> str:
    """Return an error as a sentence names it."""
    return deed.code or _NO_CODE


def lesser(*confidences: Confidence) -> Confidence:
    """Return the least sure of some."""
    return max(confidences, key=list(Confidence).index)


def by_walk(walked: Walk, older: str, newer: str) -> Judged | None:
    """Return why SM finds no way from one snapshot to another.

    None where it finds one, or where nobody can tell.
    """
    if walked.end is WalkEnd.NOT_SUPPORTED:
        words = f"{walked.why}, so nothing was tracked"
        return full(FullReason.CBT_OFF, words, walked.confidence, walked.evidence)
    if walked.end in NO_LOG_ENDS:
        words = f"the CBT log of {walked.at} was not there"
        return full(FullReason.LOG_MISSING, words, walked.confidence, walked.evidence)
    if walked.end in _BROKEN:
        after = f"after {walked.at}"
        if walked.end is WalkEnd.CHAIN_ENDS and walked.next == NO_LOG:
            hop_in_words = f"{after}: its log named no next one"
        elif walked.end is WalkEnd.CHAIN_ENDS:
            hop_in_words = f"{after}: the log of {walked.next}, which comes next, was not there"
        else:
            hop_in_words = f"at {walked.at}: {walked.why}"
        words = f"the chain of CBT logs from {older} to {newer} was broken {hop_in_words}"
        return full(FullReason.CHAIN_BROKEN, words, walked.confidence, walked.evidence)
    return None


def nbd_failures(episode: Episode) -> tuple[Deed, ...]:
    """Return the connections of a run that could not read, where none could."""
    reads = episode.of(Act.READ)
    failed = tuple(deed for deed in reads if deed.succeeded is False)
    return failed if len(failed) == len(reads) else ()
