"""The stories of time, each told and judged once for all tests."""

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from analyzer.model.moment import Moment
from analyzer.model.report import Cause, Report
from tests.samples.verdicts import read
from tests.support.bundle import xencenter_zip
from tests.world import story_time
from tests.world.story_time import Told

# A host goes down, CBT logs are given up, and nothing else happens.
CRASHES = (
    "crash_across_zones",
    "new_year",
    "leap_day",
    "summer_time_begins",
    "summer_time_ends",
    "clock_set_back",
)


@cache
def story(name: str) -> tuple[Told, Report]:
    """Return what was told, and what the analyzer says of it."""
    told: Told = getattr(story_time, name)()
    with TemporaryDirectory() as folder:
        return told, read(xencenter_zip(Path(folder) / "x.zip", told.reports))


def root(report: Report) -> Cause:
    """Return the one cause of a report."""
    (cause,) = report.causes
    return cause


def holds(moment: Moment | None, true: datetime, slack: float = 0.0) -> bool:
    """Tell whether a range holds a true time; what takes a while is `slack` seconds later."""
    assert moment is not None
    return moment.earliest - timedelta(seconds=slack + 1) <= true <= moment.latest
