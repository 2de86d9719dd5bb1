"""The joins that need more than an object in common: disks, storage, interruption, masters."""

from dataclasses import replace

import pytest

from analyzer.case.case import Case
from analyzer.causes import find_causes, load_edges
from analyzer.model.finding import Confidence, Evidence, Finding, Subject
from analyzer.model.incident import Incident, IncidentKind
from analyzer.model.report import Cause
from analyzer.model.source import Source
from analyzer.rebuilt.incidents.incidents import incidents
from tests.causes.test_causes import finding, outcomes
from tests.causes.test_shipped_edges import created
from tests.checks.support import (
    JUPITER,
    OTHER_VDI,
    POOL,
    SATURN,
    SNAPSHOT,
    SR,
    VDI,
    CaseBuilder,
    at,
    sr,
    vdi,
)
from tests.support.derived import given

NO_SPACE = "cbt-disabled-no-space"
LIST = "cbt-list-unrelated"
LEFTOVER = "cbt-leftover-metadata-vdis"
NEWER = "2b6d8f10-7c3e-4a95-b1d2-0e9f8a7b6c5d"
BETWEEN = "Changed blocks could not be listed because the chain of logs ends between the disks"
NO_MORE = "SR tank had 1 metadata disks of disks that have no CBT any more"
BOTH = (("VDI", SNAPSHOT), ("VDI", NEWER), ("SR", SR))


def snapshot(uuid: str, hour: int, of: str = VDI) -> object:
    """Return a snapshot that was taken at an hour of the day."""
    time = f"20240610T{hour:02}:00:00Z"
    return vdi(uuid, is_a_snapshot=True, snapshot_of=f"OpaqueRef:{of}", snapshot_time=time)


def disks(older: int = 9, newer: int = 15, of: str = VDI) -> CaseBuilder:
    """Return a case with two snapshots, by default of one disk."""
    rows = (sr(), vdi(), vdi(OTHER_VDI), snapshot(SNAPSHOT, older), snapshot(NEWER, newer, of))
    return CaseBuilder().host().database(*rows)  # type: ignore[arg-type]  # all are rows


def told(case: CaseBuilder | Case, *findings: Finding) -> tuple[Cause, ...]:
    built = case.build() if isinstance(case, CaseBuilder) else case
    return find_causes(outcomes(*findings), built, load_edges())[1]


def off(when: str = "12:00:00", disk: str = VDI) -> Finding:
    return finding(NO_SPACE, (("VDI", disk), ("SR", SR)), when=when, title="CBT was turned off")


def unrelated(when: str = "15:05:00", title: str = BETWEEN) -> Finding:
    return finding(LIST, BOTH, when=when, title=title, member="var/log/xensource.log")


def test_disk_turned_off_between_two_snapshots_explains_that_they_are_unrelated() -> None:
    (cause,) = told(disks(), off(), unrelated())
    assert cause.title.startswith("CBT was turned off")


@pytest.mark.parametrize(("older", "newer"), [(8, 9), (13, 15)], ids=["both before", "both after"])
def test_disk_not_turned_off_between_the_snapshots_explains_nothing(older: int, newer: int) -> None:
    causes = told(disks(older, newer), off(), unrelated())
    assert len(causes) == 2
    assert [told.why for cause in causes for told in cause.considered] == [
        "the snapshots are both from before it, or both from after it"
    ]


def test_snapshots_of_two_disks_are_no_effect_of_one() -> None:
    assert len(told(disks(of=OTHER_VDI), off(), unrelated())) == 2


def test_failure_for_another_reason_is_no_effect() -> None:
    title = "Changed blocks could not be listed because the disks are on different SRs"
    assert len(told(disks(), off(), unrelated(title=title))) == 2


def test_metadata_of_a_disk_that_was_turned_off_is_explained() -> None:
    left = finding(LEFTOVER, (("VDI", SNAPSHOT), ("SR", SR)), when=None, title=NO_MORE)
    assert len(told(disks(), off(), left)) == 1


def test_metadata_of_disks_is_explained_only_if_all_were_turned_off() -> None:
    left = finding(LEFTOVER, BOTH, when=None, title=NO_MORE)
    case = disks(of=OTHER_VDI)
    assert len(told(case, off(), left)) == 2
    assert len(told(case, off(), off("12:00:30", OTHER_VDI), left)) == 1


def test_metadata_for_another_reason_is_not_explained() -> None:
    title = "SR tank had 1 metadata disks whose chain leads to no disk"
    left = finding(LEFTOVER, (("VDI", SNAPSHOT), ("SR", SR)), when=None, title=title)
    assert len(told(disks(), off(), left)) == 2


@pytest.mark.parametrize(("smlog", "number"), [("", 1), (created("13:00:00"), 2)])
def test_snapshots_that_keep_cbt_are_explained_unless_it_was_on_again(
    smlog: str, number: int
) -> None:
    subjects = (("VDI", SNAPSHOT), ("SR", SR), ("VDI", VDI))
    kept = finding("cbt-enabled-on-old-snapshots", subjects, when=None)
    assert len(told(disks().smlog(smlog), off(), kept)) == number


def incident(
    kind: IncidentKind,
    began: str,
    ended: str | None = None,
    subjects: tuple[tuple[str, str], ...] = (("Host", JUPITER),),
    *,
    master: bool = False,
    bundle: str = "jupiter",
    confidence: Confidence = Confidence.CERTAIN,
) -> Incident:
    """Return an incident with one quoted line."""
    source = Source(bundle=bundle, member="var/log/daemon.log", line=77)
    return Incident(
        id=f"I-{kind.name.lower()}-{began}",
        kind=kind,
        host=bundle,
        bundle=bundle,
        title=kind.value,
        began=at(began),
        ended=at(ended) if ended else None,
        confidence=confidence,
        subjects=tuple(Subject(type=type_, uuid=uuid) for type_, uuid in subjects),
        evidence=(Evidence(source=source, text="…", at=at(began)),),
        master=master,
    )


def befallen(case: CaseBuilder, *befell: Incident) -> Case:
    """Return the case with these incidents and no other."""
    return given(case.build(), incidents, befell)


def explained(case: Case, effect: Finding) -> bool:
    """Tell whether an incident explains a finding."""
    (cause,) = told(case, effect)
    return cause.chain[0].incident is not None


FULL = IncidentKind.SR_FULL
ON_SR = (("SR", SR),)


def test_full_sr_explains_what_had_no_space() -> None:
    case = befallen(disks(), incident(FULL, "11:50:00", subjects=ON_SR))
    assert explained(case, off())


def test_other_full_sr_does_not() -> None:
    case = befallen(disks(), incident(FULL, "11:50:00", subjects=(("SR", OTHER_VDI),)))
    assert not explained(case, off())


def test_incident_that_only_the_finding_itself_tells_explains_nothing() -> None:
    full = incident(FULL, "12:00:00", subjects=ON_SR)
    alone = replace(full, evidence=off().evidence)
    assert not explained(befallen(disks(), alone), off())


STUCK = "database-stuck-keys"


def stuck(
    line: str | None, *, title: str = "Disk web was still marked as being activated"
) -> Finding:
    found = finding(STUCK, (("VDI", VDI),), when=None, title=title)
    at_line = at(line) if line else None
    return replace(found, evidence=(replace(found.evidence[0], at=at_line),))


@pytest.mark.parametrize(
    ("line", "is_explained"),
    [("12:58:00", True), ("10:00:00", False), ("13:30:00", False), (None, False)],
    ids=["at work when it went down", "long before", "after the boot", "no line"],
)
def test_mark_is_explained_by_a_host_that_went_down_at_work(
    line: str | None, *, is_explained: bool
) -> None:
    case = befallen(disks(), incident(IncidentKind.HOST_CRASHED, "13:00:00", "13:20:00"))
    assert explained(case, stuck(line)) is is_explained


def test_mark_of_a_host_that_went_down_is_explained() -> None:
    mark = finding(
        STUCK, (("Host", JUPITER), ("VDI", VDI)), when=None, title="1 disks were marked as attached"
    )
    case = befallen(disks(), incident(IncidentKind.HOST_FENCED, "13:00:00", "13:20:00"))
    assert explained(case, mark)


def test_orderly_reboot_leaves_no_mark() -> None:
    case = befallen(disks(), incident(IncidentKind.HOST_REBOOTED, "13:00:00", "13:20:00"))
    assert not explained(case, stuck("12:58:00"))


INVALID = finding(
    "nbd-session-invalid", (("Host", JUPITER),), when="13:32:41", member="var/log/daemon.log"
)


@pytest.mark.parametrize("kind", [IncidentKind.TOOLSTACK_RESTARTED, IncidentKind.HOST_CRASHED])
@pytest.mark.parametrize("master", [True, False])
def test_sessions_end_with_the_master_only(kind: IncidentKind, *, master: bool) -> None:
    case = befallen(disks(), incident(kind, "13:10:00", "13:20:00", master=master))
    assert explained(case, INVALID) is master


@pytest.mark.parametrize(("ended", "lasts"), [(None, True), ("13:20:00", False)])
def test_sr_that_stays_unplugged_explains_that_it_is_not_connected(
    ended: str | None, *, lasts: bool
) -> None:
    unplugged = incident(
        IncidentKind.SR_UNPLUGGED, "13:10:00", ended, (("Host", JUPITER), ("SR", SR))
    )
    alone = finding("nbd-info-sr-not-connected", (("SR", SR),), when=None)
    assert explained(befallen(disks(), unplugged), alone) is lasts


@pytest.mark.parametrize(
    ("title", "is_explained"),
    [
        ("The TLS certificate of jupiter was not valid yet", True),
        ("Clients left jupiter when TLS was demanded of them", False),
    ],
)
def test_clock_that_was_set_explains_a_certificate_of_the_future_only(
    title: str, *, is_explained: bool
) -> None:
    tls = finding("nbd-tls-mismatch", (("Host", JUPITER),), when="13:32:41", title=title)
    case = befallen(disks(), incident(IncidentKind.CLOCK_STEPPED, "13:10:00"))
    assert explained(case, tls) is is_explained


OUTAGE = IncidentKind.SR_OUTAGE
ON_HOST = (("Host", JUPITER), ("SR", SR))
READ = finding("nbd-read-failed", (("Host", JUPITER), ("VDI", VDI)), when="13:12:00")


def test_outage_explains_reads_that_failed_while_it_lasted() -> None:
    assert explained(befallen(disks(), incident(OUTAGE, "13:10:00", None, ON_HOST)), READ)


@pytest.mark.parametrize(
    "outage",
    [
        incident(OUTAGE, "13:10:00", None, (("Host", SATURN), ("SR", SR))),
        incident(OUTAGE, "13:10:00", None, (("Host", JUPITER), ("SR", OTHER_VDI))),
        incident(OUTAGE, "13:00:00", "13:05:00", ON_HOST),
        incident(OUTAGE, "13:20:00", None, ON_HOST),
    ],
    ids=["other host", "other SR", "over before", "later"],
)
def test_other_outage_does_not(outage: Incident) -> None:
    assert not explained(befallen(disks(), outage), READ)


def test_cause_is_no_surer_than_its_incident() -> None:
    perhaps = incident(OUTAGE, "13:10:00", None, ON_HOST, confidence=Confidence.POSSIBLE)
    (cause,) = told(befallen(disks(), perhaps), READ)
    assert cause.confidence is Confidence.POSSIBLE


def test_networks_without_nbd_explain_that_purged_backups_were_full() -> None:
    pool = (("Pool", POOL),)
    none = finding("nbd-info-no-nbd-network", pool, when="13:00:00")
    full = finding("nbd-never-used-purge-on", (*pool, ("SR", SR)), when=None)
    assert len(told(disks(), none, full)) == 1


def test_incident_of_another_pool_explains_nothing() -> None:
    other = "88d3fab5-2c4e-4071-9b8f-6ead1c2b3f49"
    case = disks().host("saturn", SATURN).database(hosts=((SATURN, "saturn"),), pool=other)
    away = incident(FULL, "11:50:00", subjects=ON_SR, bundle="saturn")
    assert not explained(befallen(case, away), off())
