"""The story of time that is a sample bundle: a crash across two zones, with a clock that is wrong."""

from tests.world import story_time
from tests.world.sample import Sample


def crash_across_zones() -> Sample:
    """A supporter lost power; its clock was seven minutes fast, its zone nine hours behind."""
    told = story_time.crash_across_zones()
    logs = tuple((disk.uuid,) for disk in told.disks)
    return Sample(
        reports=told.reports,
        found={
            "cbt-disabled-inconsistent-log": logs,
            "cbt-enabled-on-old-snapshots": logs,
            "cbt-stale-child-pointer": logs,
        },
    )
