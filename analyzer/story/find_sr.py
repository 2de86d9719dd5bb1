"""Find the SR that somebody means: by uuid, by the beginning of one, or by its name."""

from analyzer.case.case import Case
from analyzer.model.finding import Subject


def find_srs(case: Case, wanted: str) -> tuple[Subject, ...]:
    """Return the SRs that `wanted` fits, by uuid; one if it is clear which.

    A whole uuid or a name wins over the beginning of a uuid.
    """
    rows = {sr.uuid: sr.name_label for pool in case.pools for sr in pool.srs}
    every = [Subject(type="SR", uuid=uuid, name=rows[uuid]) for uuid in sorted(rows)]
    text = wanted.strip()
    exact = [sr for sr in every if text and text in (sr.uuid, sr.name)]
    begun = [sr for sr in every if text and sr.uuid.startswith(text.lower())]
    return tuple(exact or begun)
