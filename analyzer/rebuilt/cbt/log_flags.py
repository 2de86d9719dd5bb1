"""What xapi's log tells of CBT logs: SM turned the flag of a disk off in the database.

SM calls ``VDI.set_cbt_enabled`` where it removed a log for an error (VDI.py
`_disable_cbt_on_error`) and where a scan found none (VDI.py `_db_update`). Of a scan SMlog has
the first difference of a disk only, so this call is often all that tells of a lost log.
"""

from collections.abc import Iterable, Mapping, Sequence

from analyzer.model.cbt import Change
from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.rebuilt.cbt.log_calls import place
from analyzer.rebuilt.cbt.log_steps import Step, quoted

SET = "cbt-flag.set"


def flag_steps(events: Iterable[Event], srs: Mapping[str, str]) -> tuple[tuple[Step, ...], ...]:
    """Return the logs that SM had not when it turned the flag off, report by report.

    ``srs`` tells the SR of a disk.
    """
    found: dict[str, list[Event]] = {}
    for event in events:
        if event.fields["value"] == "false" and event.fields["vdi"] in srs:
            found.setdefault(event.source.bundle, []).append(event)
    return tuple(tuple(_steps_of_missed_writes(own, srs)) for _, own in sorted(found.items()))


def _steps_of_missed_writes(events: Sequence[Event], srs: Mapping[str, str]) -> Iterable[Step]:
    for event in sorted(events, key=lambda event: place(event.source)):
        yield Step(
            change=Change.MISSED,
            sr=srs[event.fields["vdi"]],
            uuid=event.fields["vdi"],
            moment=event.moment,
            actor=f"xapi on {event.host}",
            evidence=quoted(event),
            confidence=Confidence.LIKELY,
            read=True,
            of_known=True,
        )
