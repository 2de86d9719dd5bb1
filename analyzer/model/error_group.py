"""Errors that the logs tell of, whether a rule asked for them or not."""

from dataclasses import field

from analyzer.model.finding import Evidence, Severity, Subject
from analyzer.model.moment import Moment
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorGroup:
    """Lines that say the same failed, of one host and about the same objects.

    ``code`` is the name xapi gives the error, "" without one; ``meaning`` and ``next_step`` are
    what is known of it. ``calls`` are the calls that ended with it. ``per_hour`` is the rate
    between the first and the last, None for one alone. ``near_backup`` tells whether it happened
    while a backup ran or in a call that a backup makes. ``explained_by`` is the id of a finding
    or of an incident that the lines belong to, "" where nobody explains them.

    Raises:
        ValueError: no evidence.
    """

    id: str
    title: str
    severity: Severity
    host: str
    bundle: str
    process: str
    code: str
    meaning: str
    next_step: str
    calls: tuple[str, ...]
    subjects: tuple[Subject, ...]
    first_seen: Moment
    last_seen: Moment
    count: int
    per_hour: float | None
    near_backup: bool
    evidence: tuple[Evidence, ...]
    explained_by: str = field(default="")

    def __post_init__(self) -> None:
        if not self.evidence:
            msg = f"{self.id}: an error needs evidence"
            raise ValueError(msg)
