"""One judge says whether a list shows that a CBT log is missing; all that ask give one answer."""

import pytest

from analyzer.case.case import Case
from analyzer.model.finding import Basis
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.rebuilt.cbt.log_listings import listing_shows_log_is_missing, log_listings
from tests.checks.support import (
    HEADER,
    OTHER_VDI,
    SATURN,
    SR,
    VDI,
    CaseBuilder,
    examine,
    lvs,
    pbd,
    sr,
    vdi,
)

VOLUME, LOG, IMAGE = f"VHD-{VDI}", f"{VDI}.cbtlog", f"{VDI}.vhd"
CUT = lvs(VOLUME)[:-20]
HOSTS = (("4d7c1f0e-2a9b-4c3d-8e5f-60718293a4b5", "jupiter"), (SATURN, "saturn"))


def volumes(text: str, plug: object = None) -> Case:
    """Return a case of a disk with CBT on a volume SR, of which jupiter lists the volumes."""
    rows = [sr(), plug or pbd(), vdi()]
    return CaseBuilder().host().lvs(text).database(*rows, hosts=HOSTS).build()  # type: ignore[arg-type]  # rows


def files(
    *names: str, kind: str = "ext", complete: bool = True, repository: str | None = SR
) -> Case:
    """Return a case of a disk with CBT on a file SR, of which somebody listed the folder."""
    builder = CaseBuilder().host().listing(*names, complete=complete, repository=repository)
    return builder.database(sr(kind=kind), pbd(), vdi()).build()


MISSING = {
    "all volumes of a plugged SR": volumes(lvs(VOLUME)),
    "all files of a mounted folder": files(IMAGE),
}
NOT_TOLD = {
    "lvs was cut": volumes(CUT),
    "lvs shows no volume of the SR": volumes(HEADER + "\n"),
    "the SR is not plugged": volumes(lvs(VOLUME), pbd(attached=False)),
    "only another host has it plugged": volumes(lvs(VOLUME), pbd(SATURN)),
    "whether it is plugged is not known": volumes(lvs(VOLUME), pbd(attached=None)),
    "the listing was cut": files(IMAGE, complete=False),
    "the folder has no disk of the SR": files("lost+found", f"{OTHER_VDI}.vhd"),
    "the folder is not known": files(IMAGE, repository=None),
    "where such an SR keeps logs is not known": files(IMAGE, kind="linstor"),
}


def answers(case: Case) -> tuple[bool, bool, bool]:
    """Return whether a list, the rebuilt history, and the rule say that the log is missing."""
    listed = any(listing_shows_log_is_missing(each, VDI) for each in log_listings(case))
    log = cbt_history(case).log(SR, VDI)
    gone = log is not None and log.exists is not None and log.exists.value is False
    found = examine(case, "cbt-log-missing").findings
    return listed, gone, any(finding.basis is Basis.STATE for finding in found)


@pytest.mark.parametrize("case", MISSING.values(), ids=MISSING.keys())
def test_log_that_a_whole_list_does_not_show_is_missing_to_all(case: Case) -> None:
    assert answers(case) == (True, True, True)


@pytest.mark.parametrize("case", NOT_TOLD.values(), ids=NOT_TOLD.keys())
def test_what_may_not_show_all_of_an_sr_says_to_nobody_that_a_log_is_missing(case: Case) -> None:
    assert answers(case) == (False, False, False)


@pytest.mark.parametrize("case", NOT_TOLD.values(), ids=NOT_TOLD.keys())
def test_where_one_rule_cannot_tell_no_other_finds_the_log_removed(case: Case) -> None:
    assert examine(case, "cbt-log-missing").gaps
    assert examine(case, "cbt-database-disagrees").findings == ()


@pytest.mark.parametrize("case", [volumes(lvs(VOLUME, LOG)), files(IMAGE, LOG)])
def test_log_that_is_listed_is_missing_to_nobody(case: Case) -> None:
    assert answers(case) == (False, False, False)


def test_without_a_database_a_whole_list_speaks_for_itself() -> None:
    (listing,) = log_listings(CaseBuilder().host().lvs(lvs(VOLUME)).build())
    assert listing_shows_log_is_missing(listing, VDI)
    assert listing.words == f"volume group VG_XenStorage-{SR} as jupiter saw it"


def test_neighbour_that_is_quoted_is_the_disks_own_image() -> None:
    (listing,) = log_listings(CaseBuilder().host().lvs(lvs("MGT", VOLUME)).build())
    assert [VOLUME in evidence.text for evidence in listing.quote(VDI)] == [False, True]
