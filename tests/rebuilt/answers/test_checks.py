"""Why a call would be refused: each check of xapi and SM, alone, and the sentence it ends in."""

from dataclasses import replace
from typing import TypeVar

import pytest

from analyzer.case.case import Case
from analyzer.errors import UsageError
from analyzer.model.call import Answer, CallCheck, CallJudgement
from analyzer.model.cbt import CbtLog, Known
from analyzer.model.finding import Confidence, Evidence
from analyzer.model.source import Source
from analyzer.model.xapi import Pool, Sm, Vbd, Vdi, Vm, XapiObject
from analyzer.rebuilt.answers.checks import data_destroy, enable_cbt, list_changed_blocks
from analyzer.rebuilt.cbt.history import CbtHistory, cbt_history
from tests.checks.support import (
    GROUP,
    OTHER_VDI,
    POOL,
    SNAPSHOT,
    SR,
    VDI,
    CaseBuilder,
    lvs,
    pbd,
    sr,
    vdi,
    vgs,
)
from tests.rebuilt.cbt import sm_logs
from tests.rebuilt.cbt.test_cbt_hazards import error_disabled
from tests.support.derived import given

Row = TypeVar("Row", bound=XapiObject)
SOURCE = Source(bundle="jupiter", member="xapi-db.xml")
VM = "b1c2d3e4-f5a6-4b7c-8d9e-0f1a2b3c4d5e"
CHECKPOINT = "c2d3e4f5-a6b7-4c8d-9e0f-1a2b3c4d5e6f"
VBD = "d3e4f5a6-b7c8-4d9e-8f1a-2b3c4d5e6f70"
PROOF = Evidence(source=Source(bundle="jupiter", member="var/log/SMlog", line=7), text="cbt-util")


def made(kind: type[Row], uuid: str, **fields: object) -> Row:
    row = kind(source=SOURCE, ref=f"OpaqueRef:{uuid}", uuid=uuid)
    return replace(row, **fields)  # type: ignore[arg-type]  # the names are those of the model


def pool(**fields: object) -> Pool:
    lawful = {"restrictions": {"restrict_cbt": "false"}, "other_config": {}}
    return made(Pool, POOL, **{**lawful, **fields})


def driver(*features: str, kind: str = "lvmoiscsi") -> Sm:
    return made(Sm, CHECKPOINT, type=kind, features=dict.fromkeys(features, "1"))


def vbd(machine: str = VM, disk: str = VDI, *, attached: bool | None = True) -> Vbd:
    return made(
        Vbd,
        VBD,
        vm=f"OpaqueRef:{machine}",
        vdi=f"OpaqueRef:{disk}",
        currently_attached=attached,
        reserved=False,
        current_operations={},
    )


def vm(uuid: str = VM, *, snapshot: bool = False) -> Vm:
    return made(Vm, uuid, name_label="web-01", is_a_snapshot=snapshot)


def ready(**fields: object) -> Vdi:
    """Return a disk on which CBT can be enabled."""
    config = {"vdi_type": "vhd"}
    lawful = {"cbt_enabled": False, "on_boot": "persist", "sm_config": config, "managed": True}
    return vdi(**{**lawful, **fields})  # type: ignore[arg-type]  # the names are the model's


def snapshot(**fields: object) -> Vdi:
    """Return a snapshot whose data can be destroyed."""
    lawful = {"uuid": SNAPSHOT, "is_a_snapshot": True, "cbt_enabled": True, "managed": True}
    return ready(**{**lawful, **fields})


def case(*rows: XapiObject, complete: bool = True, free: str = "50.00g") -> Case:
    """Return a pool that can do everything, with these rows instead of the usual ones."""
    usual: tuple[XapiObject, ...] = (pool(), sr(), driver("VDI_CONFIG_CBT"), pbd())
    own = {(type(row), row.uuid): row for row in (*usual, *rows)}
    builder = CaseBuilder().host().lvs(lvs(f"VHD-{OTHER_VDI}")).vgs(vgs(free))
    return builder.database(*own.values(), pool=None, complete=complete).build()


def failing(judgement: CallJudgement) -> list[str]:
    return [check.asks for check in judgement.checks if check.answer is Answer.FAILS]


def unknown(judgement: CallJudgement) -> list[CallCheck]:
    return [check for check in judgement.checks if check.answer is Answer.UNKNOWN]


def test_enable_of_a_disk_with_nothing_against_it_is_ok() -> None:
    judgement = enable_cbt(case(ready()), VDI)
    assert judgement.answer is Answer.OK, failing(judgement) or unknown(judgement)
    assert "would have succeeded" in judgement.sentence


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([pool(other_config={"rolling_upgrade_in_progress": "true"})], "UPGRADE"),
        ([driver("VDI_SNAPSHOT")], "SR_OPERATION_NOT_SUPPORTED"),
        ([sr(current_operations={"OpaqueRef:1": "vdi_snapshot"})], "OTHER_OPERATION_IN_PROGRESS"),
        ([ready(current_operations={"OpaqueRef:1": "resize"})], "OTHER_OPERATION_IN_PROGRESS"),
        ([ready(is_a_snapshot=True)], "OPERATION_NOT_ALLOWED"),
        ([ready(type="cbt_metadata")], "VDI_INCOMPATIBLE_TYPE"),
        ([ready(on_boot="reset")], "VDI_ON_BOOT_MODE"),
        ([pool(restrictions={"restrict_cbt": "true"})], "LICENSE_RESTRICTION"),
        ([ready(cbt_enabled=True)], "success, and nothing is done"),
        ([ready(sm_config={"vdi_type": "aio"})], "SR_BACKEND_FAILURE_66"),
    ],
)
def test_enable_is_refused_by_the_check_that_fails(rows: list[XapiObject], error: str) -> None:
    judgement = enable_cbt(case(ready(), *rows), VDI)
    assert judgement.answer is Answer.FAILS
    assert error in judgement.sentence
    assert judgement.remedy


def test_copy_of_the_disk_does_not_hold_it() -> None:
    copied = ready(current_operations={"OpaqueRef:1": "copy"})
    assert enable_cbt(case(copied), VDI).answer is Answer.OK


def test_vbd_that_is_being_plugged_holds_the_disk() -> None:
    busy = replace(vbd(), current_operations={"OpaqueRef:1": "plug"})
    judgement = enable_cbt(case(ready(), busy), VDI)
    assert failing(judgement) == ["is no VBD of the disk being plugged or unplugged?"]


def test_full_volume_group_has_no_room_for_the_log() -> None:
    judgement = enable_cbt(case(ready(), free="3.00m"), VDI)
    assert "457" in judgement.sentence
    assert judgement.checks[-1].evidence[0].text.split()[0] == GROUP


def test_file_sr_is_not_asked_for_room() -> None:
    rows = (sr(kind="nfs"), driver("VDI_CONFIG_CBT", kind="nfs"))
    assert enable_cbt(case(ready(), *rows), VDI).answer is Answer.OK


def test_raw_volume_shows_that_a_disk_is_raw() -> None:
    builder = CaseBuilder().host().lvs(lvs(f"LV-{VDI}"))
    judgement = enable_cbt(builder.database(ready(sm_config={}), sr()).build(), VDI)
    assert failing(judgement) == ["is the disk a VHD or QCOW2, not raw?"]


def test_listed_image_shows_that_a_disk_is_not_raw() -> None:
    builder = CaseBuilder().host().listing(f"{VDI}.vhd")
    judgement = enable_cbt(builder.database(ready(sm_config={}), sr(kind="nfs")).build(), VDI)
    assert not failing(judgement)
    assert "raw" not in " ".join(check.asks for check in unknown(judgement))


def test_disk_that_is_open_somewhere_may_not_be_pausable() -> None:
    held = ready(sm_config={"vdi_type": "vhd", "host_OpaqueRef:none": "RW"})
    judgement = enable_cbt(case(held), VDI)
    assert judgement.answer is Answer.UNKNOWN
    assert judgement.remedy[0].step == "tap-ctl list, on the host"


def test_nothing_known_is_unknown_and_never_ok() -> None:
    bare = made(Vdi, VDI)
    judgement = enable_cbt(CaseBuilder().host().database(bare, complete=False).build(), VDI)
    assert judgement.answer is Answer.UNKNOWN
    assert not [check for check in judgement.checks if check.answer is Answer.OK]
    assert all(check.settle_with for check in unknown(judgement)[:1])


def test_earlier_unknown_checks_are_mentioned() -> None:
    bare = made(Vdi, VDI, is_a_snapshot=True)
    judgement = enable_cbt(CaseBuilder().host().database(bare, complete=False).build(), VDI)
    assert "earlier checks are unknown" in judgement.sentence


def test_disk_of_no_database_cannot_be_called_for() -> None:
    with pytest.raises(UsageError, match=OTHER_VDI):
        enable_cbt(case(ready()), OTHER_VDI)


def told(uuid: str, *, complete: bool = True) -> Case:
    """Return a case whose database has one disk, and whose logs tell of another."""
    known = CaseBuilder().host().database(ready(), sr(), complete=complete).build()
    there = Known(value=False, evidence=PROOF, confidence=Confidence.CERTAIN)
    log = CbtLog(sr=SR, uuid=uuid, exists=there)
    return given(known, cbt_history, CbtHistory(now={(SR, uuid): log}))


def test_disk_that_only_logs_tell_of_is_refused_for_its_uuid() -> None:
    for call in (enable_cbt, data_destroy):
        judgement = call(told(OTHER_VDI), OTHER_VDI)
        assert (judgement.answer, judgement.checks[0].error) == (Answer.FAILS, "UUID_INVALID")
        assert judgement.checks[0].evidence == (PROOF,)


def test_half_a_database_does_not_say_that_a_disk_is_gone() -> None:
    judgement = data_destroy(told(OTHER_VDI, complete=False), OTHER_VDI)
    assert judgement.answer is Answer.UNKNOWN


def test_comparison_from_a_snapshot_that_only_logs_tell_of_names_the_side() -> None:
    judgement = list_changed_blocks(told(OTHER_VDI), OTHER_VDI, VDI)
    assert failing(judgement)[0] == f"does the database have vdi_from, {OTHER_VDI}?"
    assert [subject.uuid for subject in judgement.subjects] == [OTHER_VDI, VDI]


def test_comparison_with_what_nothing_tells_of_is_no_question() -> None:
    with pytest.raises(UsageError, match=SNAPSHOT):
        list_changed_blocks(told(OTHER_VDI), OTHER_VDI, SNAPSHOT)


def test_destroy_of_a_free_snapshot_is_ok() -> None:
    judgement = data_destroy(case(snapshot()), SNAPSHOT)
    assert judgement.answer is Answer.OK, failing(judgement) or unknown(judgement)


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([snapshot(is_a_snapshot=False)], "VDI is not a snapshot"),
        ([snapshot(cbt_enabled=False)], "VDI_NO_CBT_METADATA"),
        ([snapshot(managed=False)], "VDI_NOT_MANAGED"),
        ([snapshot(type="rrd")], "VDI_HAS_RRDS"),
        ([pbd(attached=False)], "SR_HAS_NO_PBDS"),
        ([vbd(disk=SNAPSHOT, attached=False)], "VDI_IN_USE"),
    ],
)
def test_destroy_is_refused_by_the_check_that_fails(rows: list[XapiObject], error: str) -> None:
    judgement = data_destroy(case(snapshot(), *rows), SNAPSHOT)
    assert judgement.answer is Answer.FAILS
    assert error in judgement.sentence


def test_vbd_that_blocks_destroy_is_quoted_and_named() -> None:
    judgement = data_destroy(case(snapshot(), vbd(disk=SNAPSHOT), vm()), SNAPSHOT)
    assert "of web-01" in judgement.sentence
    assert VBD in judgement.remedy[0].step


def with_logs(known: Case, *logs: CbtLog) -> Case:
    return given(known, cbt_history, CbtHistory(now={(SR, log.uuid): log for log in logs}))


def log(uuid: str, parent: str, child: str, *, exists: bool = True, size: int = 10 << 30) -> CbtLog:
    def value(of: str) -> Known[str]:
        return Known(value=of, evidence=PROOF, confidence=Confidence.CERTAIN)

    return CbtLog(
        sr=SR,
        uuid=uuid,
        exists=Known(value=exists, evidence=PROOF, confidence=Confidence.CERTAIN),
        parent=value(parent),
        child=value(child),
        size=Known(value=size, evidence=PROOF, confidence=Confidence.CERTAIN),
    )


def pair(*rows: XapiObject) -> Case:
    known = case(ready(cbt_enabled=True), snapshot(), *rows)
    return with_logs(known, log(SNAPSHOT, "", VDI), log(VDI, SNAPSHOT, ""))


def test_comparison_along_the_chain_is_ok() -> None:
    judgement = list_changed_blocks(pair(), SNAPSHOT, VDI)
    assert judgement.answer is Answer.OK, failing(judgement) or unknown(judgement)


def test_comparison_backwards_is_refused_and_swapped() -> None:
    judgement = list_changed_blocks(pair(), VDI, SNAPSHOT)
    assert "order is reversed" in judgement.sentence
    assert judgement.remedy[0].step == f"Swap them: vdi_from={SNAPSHOT} vdi_to={VDI}"


def test_comparison_with_itself_is_refused() -> None:
    assert "are same" in list_changed_blocks(pair(), VDI, VDI).sentence


def test_comparison_to_an_attached_disk_is_refused() -> None:
    judgement = list_changed_blocks(pair(vbd(), vm()), SNAPSHOT, VDI)
    assert "VDI_IN_USE" in judgement.sentence
    assert "attached to web-01" in judgement.sentence


def test_vbd_of_a_checkpoint_does_not_count() -> None:
    known = pair(vbd(CHECKPOINT), vm(CHECKPOINT, snapshot=True))
    assert list_changed_blocks(known, SNAPSHOT, VDI).answer is Answer.OK


@pytest.mark.parametrize("attached", [None, True])
def test_vbd_that_is_not_understood_is_unknown(attached: bool | None) -> None:
    judgement = list_changed_blocks(pair(vbd(attached=attached)), SNAPSHOT, VDI)
    assert judgement.answer is Answer.UNKNOWN


def test_comparison_across_srs_is_refused() -> None:
    moved = pair(ready(cbt_enabled=True, sr="OpaqueRef:another"))
    assert "INTERNAL_ERROR" in list_changed_blocks(moved, SNAPSHOT, VDI).sentence


def test_missing_log_is_named() -> None:
    known = with_logs(pair(), log(SNAPSHOT, "", VDI), log(VDI, "", "", exists=False))
    judgement = list_changed_blocks(known, SNAPSHOT, VDI)
    assert failing(judgement)[0] == "does the log of vdi_to exist?"
    assert judgement.sentence.startswith("VDI.list_changed_blocks ends with SR_BACKEND_FAILURE_460")


def test_log_that_was_never_seen_is_unknown() -> None:
    judgement = list_changed_blocks(with_logs(pair()), SNAPSHOT, VDI)
    assert judgement.answer is Answer.UNKNOWN
    assert f"lvs {GROUP}" in [step.step for step in judgement.remedy]


def test_chain_that_ends_is_named_where_it_ends() -> None:
    known = with_logs(pair(), log(SNAPSHOT, "", ""), log(VDI, "", ""))
    assert (
        f"{SNAPSHOT} is the end of its chain" in list_changed_blocks(known, SNAPSHOT, VDI).sentence
    )


def test_log_missing_on_the_way_is_named() -> None:
    gone = log(OTHER_VDI, "", "", exists=False)
    known = with_logs(pair(), log(SNAPSHOT, "", OTHER_VDI), gone, log(VDI, "", ""))
    judgement = list_changed_blocks(known, SNAPSHOT, VDI)
    assert f"names {OTHER_VDI} as its child, whose log is missing" in judgement.sentence


def test_circle_never_answers() -> None:
    other = log(OTHER_VDI, SNAPSHOT, SNAPSHOT)
    known = with_logs(pair(), log(SNAPSHOT, "", OTHER_VDI), other, log(VDI, "", ""))
    assert "circle" in list_changed_blocks(known, SNAPSHOT, VDI).sentence


def test_chain_that_shrinks_is_inconsistent() -> None:
    middle = log(OTHER_VDI, SNAPSHOT, VDI, size=20 << 30)
    known = with_logs(pair(), log(SNAPSHOT, "", OTHER_VDI), middle, log(VDI, OTHER_VDI, ""))
    assert "459" in list_changed_blocks(known, SNAPSHOT, VDI).sentence


def test_comparison_that_is_answered_without_all_blocks_is_told() -> None:
    sm = sm_logs.Sm(volumes=True)
    disk, (old,) = error_disabled(sm, 1)
    rows = (ready(uuid=disk, cbt_enabled=True), snapshot(uuid=old))
    judgement = list_changed_blocks(given(case(*rows), cbt_history, sm.history()), old, disk)
    assert failing(judgement) == ["is all that was written between the two in the answer?"]
    assert "success, and blocks are left out" in judgement.sentence
    assert "'create'" in " ".join(quote.text for quote in judgement.checks[-1].evidence)
