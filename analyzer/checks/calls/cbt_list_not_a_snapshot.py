"""Changed blocks were asked for between disks that cannot be compared, by what they are.

vdi_from has to be a snapshot, or what data_destroy left of one; vdi_to may also be a live disk
that is not attached. xapi only looks whether vdi_to is attached, and SM follows vdi_from's child
pointer, which a live disk does not have: the call fails, and the error does not say why.
"""

from collections.abc import Iterator

from analyzer.case.case import Case
from analyzer.checks.calls.call_finding import Told, bursts, quoted_row, tell
from analyzer.checks.calls.list_pair import cannot_be_compared, is_live, visited
from analyzer.checks.observation import Observation
from analyzer.checks.tools.calls import Call, Method, calls
from analyzer.checks.tools.finding import listed
from analyzer.model.cbt import Change
from analyzer.model.finding import Basis, Confidence, Gap
from analyzer.model.rule import RuleText
from analyzer.model.sentence import say
from analyzer.rebuilt.cbt.history import cbt_history

_UNRELATED = "SR_BACKEND_FAILURE_460"


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Compare the disks of every comparison of which no good end is logged with the database."""
    found = calls(case, Method.LIST)
    for burst in bursts(found, lambda call: _is_mine(case, call)):
        last = burst[-1]
        row, to = case.world.vdi(last.vdi), case.world.vdi(last.to)
        live = is_live(row)
        told = Told(
            words=(text.title, text.detail) if live else text.case("base"),
            confidence=Confidence.CERTAIN if last.code else Confidence.LIKELY,
            basis=Basis.BOTH if last.code else Basis.STATE,
            values={
                "failed": "The call failed." if last.code else "No line says how the call ended."
            },
            evidence=(
                *quoted_row(row, "is_a_snapshot", "type", "managed"),
                *quoted_row(to, "is_a_snapshot", "type", "managed"),
            ),
        )
        yield tell(case, text, burst, told)
    for call in found:
        if call.code == _UNRELATED and (gap := _gap_about_disks(case, call)) is not None:
            yield gap


def _is_mine(case: Case, call: Call) -> bool:
    if call.done or call.code not in ("", _UNRELATED) or call.vdi == call.to:
        return False
    return cannot_be_compared(case, call)


def _gap_about_disks(case: Case, call: Call) -> Gap | None:
    """Return what is missing to say of a failed comparison what its disks are."""
    unknown = [key for key in call.disks if not _is_known_what_it_was(case, key, call)]
    if not unknown or _is_mine(case, call):
        return None
    what = listed([key or "a disk that no line names" for key in unknown])
    return Gap(
        need="xapi_db",
        host=call.line.host if call.line else "",
        why=say(
            "the comparison at {at} failed, and nothing tells whether {what} could be compared",
            at=call.at,
            what=what,
        ),
        settle_with="; ".join(f"xe vdi-param-list uuid={key}" for key in unknown if key),
    )


def _is_known_what_it_was(case: Case, key: str, call: Call) -> bool:
    """Tell whether it is known what a disk was: by its row, by SM's walk, or by its log's life.

    A log that was renamed to a disk made it a snapshot; SM reads a log only if both disks have one,
    which base copies have not, and comes to a second log only from a snapshot.
    """
    row, log = case.world.vdi(key), cbt_history(case).find(key)
    if row is not None and row.is_a_snapshot is not None:
        return True
    if log is not None and any(each.change is Change.ARRIVED for each in log.changes):
        return True
    read = visited(call)
    return bool(read) or (key == call.to and read is not None)
