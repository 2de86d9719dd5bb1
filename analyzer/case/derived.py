"""What is made of a case by a function is made once, for all that ask for it."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, TypeVarTuple, cast

from analyzer.case.case import Case

Made = TypeVar("Made")
Of = TypeVarTuple("Of")


def derived(make: Callable[[Case, *Of], Made]) -> Callable[[Case, *Of], Made]:
    """Let a function of a case, and of what else it takes, answer from memory the second time.

    What else it takes must be hashable; what it returns must not be changed.
    """

    @wraps(make)
    def once(case: Case, *of: *Of) -> Made:
        key = (make, *of)
        if key not in case.derived:
            case.derived[key] = make(case, *of)
        return cast("Made", case.derived[key])

    return once
