"""What a rule wants for an object, and what a step does to it."""

from enum import StrEnum


class Goal(StrEnum):
    """What a plan is for. Rules name goals; how to reach them is the planner's."""

    INCREMENTAL = "incremental backups again"
    NO_SILENT_LOSS = "no comparison leaves blocks out"
    STARTS = "the VM can start"
    SPACE = "space back"
    NBD_REACHABLE = "NBD reachable"


GOALS_OF_DISKS = frozenset({Goal.INCREMENTAL, Goal.NO_SILENT_LOSS, Goal.STARTS})


class StepKind(StrEnum):
    """What a step does to the system."""

    LOOK = "look"
    DO = "do"
    DESTROYS = "destroys"


class Standing(StrEnum):
    """Whether a trouble goes on at the end of the bundle."""

    NOW = "still so at the end"
    UNKNOWN = "not known whether it goes on"
    OVER = "over"

    @property
    def rank(self) -> int:
        """Return 0 for what goes on, so that sorting puts it first, and 2 for what is over."""
        return list(Standing).index(self)
