"""What was given back beside the reports, and which doubts it settled: one line for each."""

from analyzer.model.moment import Moment
from analyzer.model.report import GivenFile, Report, Settled
from analyzer.render.words.view import counted, cut, stamp

_SHOWN = 3
_NAME = 60


def given_line(file: GivenFile) -> str:
    """Return what a file was read as, when it was made, and whose report it was joined to."""
    name = file.member if file.bundle == file.member else f"{file.bundle} {file.member}"
    made = f"made by {made_by(file)}" if file.taken else "when it was made is not known"
    return f"{name}: {file.source}, {made}, joined to {file.joined_to}"


def made_by(file: GivenFile) -> str:
    """Return the time at which a file was there: that of a copy is all that is known of some."""
    return stamp(Moment.exact(file.taken.latest, file.taken.dated_by)) if file.taken else ""


def settled_line(settled: Settled) -> str:
    """Return what could not be told, and what is told now."""
    return f"{settled.title}: {settled.verdict} now. It could not be told: {settled.doubt}"


def settled_short(report: Report) -> str:
    """Return in one sentence which doubts were settled, "" where nothing was given back."""
    if not report.given_back:
        return ""
    names = list(dict.fromkeys(file.bundle.partition(":")[0] for file in report.given_back))
    by = ", ".join(cut(name, _NAME) for name in names[:_SHOWN])
    if not report.settled:
        return f"no doubt, by {by}"
    rules = ", ".join(f"{each.rule} {each.verdict}" for each in report.settled[:_SHOWN])
    more = len(report.settled) - _SHOWN
    rest = f" and {more} more" if more > 0 else ""
    return f"{counted(len(report.settled), 'doubt')}, by {by}: {rules}{rest}"
