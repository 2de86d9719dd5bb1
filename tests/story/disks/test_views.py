"""Disks as the report shows them: which are shown, whose the logs are, what state they are in."""

from dataclasses import replace

from analyzer.case.case import Case
from analyzer.model.cbt import CbtChain, CbtLog, Change, Contradiction, Known, LogChange
from analyzer.model.disk import DiskState, DiskView, LifeKind, LogKind
from analyzer.model.finding import (
    Basis,
    Confidence,
    Evidence,
    Finding,
    Outcome,
    Severity,
    Subject,
    Verdict,
)
from analyzer.model.operation import AccessMode, Attachment, Operation, Raised, Result
from analyzer.model.source import Source
from analyzer.model.xapi import Vbd, Vm, XapiObject
from analyzer.rebuilt.calls.attachments import disk_attachments
from analyzer.rebuilt.calls.operations import sm_operations
from analyzer.rebuilt.cbt.history import CbtHistory, cbt_history
from analyzer.story.disks.index import index
from analyzer.story.disks.views import disk_views, view_of
from tests.checks.support import OTHER_VDI, SNAPSHOT, SR, VDI, CaseBuilder, at, sr, vdi
from tests.support.derived import given

PROOF = Evidence(source=Source(bundle="jupiter", member="var/log/SMlog", line=7), text="cbt-util")
DBROW = Source(bundle="jupiter", member="xapi-db.xml")
VM = "b1c2d3e4-f5a6-4b7c-8d9e-0f1a2b3c4d5e"


def case(*rows: XapiObject, logs: tuple[CbtLog, ...] = ()) -> Case:
    known = CaseBuilder().host().database(sr(), *rows).build()
    return given(known, cbt_history, CbtHistory(now={(log.sr, log.uuid): log for log in logs}))


def snapshot(uuid: str = SNAPSHOT, **fields: object) -> XapiObject:
    own = {"is_a_snapshot": True, "snapshot_of": f"OpaqueRef:{VDI}"}
    return vdi(uuid, **{**own, **fields})


def log(
    uuid: str,
    parent: str = "",
    child: str = "",
    *,
    exists: bool = True,
    sure: Confidence = Confidence.CERTAIN,
    changes: tuple[LogChange, ...] = (),
) -> CbtLog:
    def value(of: str) -> Known[str]:
        return Known(value=of, evidence=PROOF, confidence=sure)

    return CbtLog(
        sr=SR,
        uuid=uuid,
        exists=Known(value=exists, evidence=PROOF, confidence=sure),
        parent=value(parent),
        child=value(child),
        changes=changes,
    )


def change(kind: Change, value: str = "") -> LogChange:
    return LogChange(
        change=kind,
        moment=at("10:00:00"),
        value=value,
        evidence=PROOF,
        confidence=Confidence.CERTAIN,
    )


def finding(rule: str, uuid: str = VDI, severity: Severity = Severity.ERROR) -> Outcome:
    found = Finding(
        rule=rule,
        title="something happened",
        severity=severity,
        confidence=Confidence.CERTAIN,
        basis=Basis.SYMPTOM,
        subjects=(Subject(type="VDI", uuid=uuid),),
        detail="",
        action=(),
        evidence=(PROOF,),
        first_seen=at("11:00:00"),
    )
    return Outcome(
        rule=rule,
        title="",
        severity=severity,
        verdict=Verdict.FOUND,
        reason="",
        findings=(found,),
    )


def answer(rule: str, verdict: Verdict) -> Outcome:
    severity = Severity.ERROR
    return Outcome(rule=rule, title=rule, severity=severity, verdict=verdict, reason="made")


def only(known: Case, *outcomes: Outcome) -> DiskView:
    (view,) = disk_views(known, outcomes)
    return view


def disk_view(case: Case, outcomes: tuple[Outcome, ...], uuid: str) -> DiskView:
    return view_of(case, index(case, outcomes), uuid)


def pair(sure: Confidence = Confidence.CERTAIN) -> tuple[CbtLog, CbtLog]:
    return log(SNAPSHOT, "", VDI, sure=sure), log(VDI, SNAPSHOT, "", sure=sure)


def test_disk_without_cbt_is_not_shown_but_can_be_asked_for() -> None:
    known = case(vdi(cbt_enabled=False))
    assert disk_views(known, ()) == ()
    assert disk_view(known, (), VDI).state is DiskState.OFF


def test_disk_of_which_all_was_seen_is_sound() -> None:
    view = only(case(vdi(), snapshot(), logs=pair()))
    assert view.state is DiskState.SOUND
    assert [(each.uuid, each.kind) for each in view.chain.logs] == [
        (SNAPSHOT, LogKind.SNAPSHOT),
        (VDI, LogKind.LIVE),
    ]


def test_flag_of_the_database_is_no_proof_of_a_log() -> None:
    view = only(case(vdi()))
    assert view.state is DiskState.UNPROVEN
    assert view.chain.logs[0].exists is None


def test_log_that_is_only_likely_is_not_sound() -> None:
    logs = pair(Confidence.LIKELY)
    assert only(case(vdi(), snapshot(), logs=logs)).state is DiskState.UNPROVEN


def test_flag_that_is_unknown_is_not_off() -> None:
    assert disk_view(case(vdi(cbt_enabled=None)), (), VDI).state is DiskState.UNPROVEN


def test_break_of_which_no_rule_says_that_it_harms_is_neither_trouble_nor_sound() -> None:
    logs = (log(SNAPSHOT, "", VDI), log(VDI, exists=False))
    assert only(case(vdi(), snapshot(), logs=logs)).state is DiskState.UNPROVEN
    circle = (log(SNAPSHOT, VDI, VDI), log(VDI, SNAPSHOT, SNAPSHOT))
    assert only(case(vdi(), snapshot(), logs=circle)).state is DiskState.UNPROVEN


def test_rule_of_cbt_that_could_not_answer_leaves_no_disk_sound() -> None:
    known = case(vdi(), snapshot(), logs=pair())
    lost = answer("cbt-log-short", Verdict.CANNOT_TELL)
    assert only(known, lost).state is DiskState.UNPROVEN
    assert only(known, answer("cbt-log-short", Verdict.ERROR)).state is DiskState.UNPROVEN
    assert only(known, answer("cbt-log-short", Verdict.RULED_OUT)).state is DiskState.SOUND
    assert only(known, answer("nbd-read-failed", Verdict.CANNOT_TELL)).state is DiskState.SOUND
    assert only(known, replace(finding("cbt-x", severity=Severity.INFO), doubt="x")).state is (
        DiskState.UNPROVEN
    )


def test_trouble_stays_trouble_where_a_rule_could_not_answer() -> None:
    known = case(vdi(), snapshot(), logs=pair())
    lost = answer("cbt-chain-cycle", Verdict.CANNOT_TELL)
    assert only(known, finding("cbt-log-short"), lost).state is DiskState.BROKEN


def test_finding_is_trouble_and_information_is_not() -> None:
    known = case(vdi(), snapshot(), logs=pair())
    assert only(known, finding("cbt-log-short")).state is DiskState.BROKEN
    assert only(known, finding("cbt-x", severity=Severity.INFO)).state is DiskState.SOUND


def test_log_marked_in_use_is_sound_only_while_somebody_uses_it() -> None:
    live = replace(
        log(VDI),
        consistent=Known(value=False, evidence=PROOF, confidence=Confidence.CERTAIN),
    )
    used = Attachment(
        vdi=VDI, host="jupiter", mode=AccessMode.READ_WRITE, events=(), open_at_capture=True
    )
    assert only(case(vdi(), logs=(live,))).state is DiskState.UNPROVEN
    view = only(given(case(vdi(), logs=(live,)), disk_attachments, (used,)))
    assert view.state is DiskState.SOUND
    assert view.chain.logs[0].attached == "RW on jupiter"


def test_snapshot_logs_of_a_disk_that_is_off_are_still_shown() -> None:
    left = snapshot(type="cbt_metadata")
    view = only(case(vdi(cbt_enabled=False), left, logs=(log(SNAPSHOT),)))
    assert view.state is DiskState.OFF
    assert [each.kind for each in view.chain.logs] == [LogKind.METADATA]


def test_log_without_a_row_stands_alone() -> None:
    view = only(case(logs=(log(OTHER_VDI),)))
    assert view.vdi is None
    assert view.sr.uuid == SR
    assert view.chain.logs[0].kind is LogKind.UNKNOWN


def test_chain_tells_whose_a_log_without_a_row_is() -> None:
    older, live = log(OTHER_VDI, "", VDI), log(VDI, OTHER_VDI, "")
    known = case(vdi(), logs=(older, live))
    chained = replace(
        cbt_history(known), chains=(CbtChain(sr=SR, live=VDI, logs=(older, live), breaks={}),)
    )
    view = only(given(known, cbt_history, chained))
    assert [each.uuid for each in view.chain.logs] == [OTHER_VDI, VDI]


def test_rename_tells_whose_a_deleted_snapshot_was() -> None:
    renamed = log(VDI, changes=(change(Change.RENAMED, OTHER_VDI),))
    gone = log(OTHER_VDI, exists=False, changes=(change(Change.REMOVED),))
    view = only(case(vdi(), logs=(renamed, gone)))
    assert [each.uuid for each in view.chain.logs] == [VDI]


def test_virtual_machine_is_named_and_dom0_is_not() -> None:
    rows = [
        Vm(source=DBROW, ref=f"OpaqueRef:{VM}", uuid=VM, name_label="web", is_control_domain=False),
        Vm(source=DBROW, ref="OpaqueRef:0", uuid=OTHER_VDI, is_control_domain=True),
        Vbd(
            source=DBROW, ref="OpaqueRef:1", uuid="1", vm=f"OpaqueRef:{VM}", vdi=f"OpaqueRef:{VDI}"
        ),
        Vbd(source=DBROW, ref="OpaqueRef:2", uuid="2", vm="OpaqueRef:0", vdi=f"OpaqueRef:{VDI}"),
    ]
    assert [each.name for each in only(case(vdi(), *rows)).vms] == ["web"]


def test_contradictions_are_kept() -> None:
    known = case(vdi(), logs=pair())
    odd = Contradiction(sr=SR, uuid=VDI, what="two things", evidence=(PROOF,))
    history = replace(cbt_history(known), contradictions=(odd,))
    view = disk_view(given(known, cbt_history, history), (), VDI)
    assert view.contradictions == ("two things",)


def smlog(*lines: str) -> Case:
    text = "\n".join(lines)
    rows = (vdi(), snapshot(snapshot_time="20240610T12:00:30Z"))
    return CaseBuilder().host().database(sr(), *rows).smlog(text).build()


def entry(time: str, name: str, uuid: str = VDI, args: str = "") -> str:
    return f"{time} SM: [{len(name)}] {name} {{'sr_uuid': '{SR}', 'vdi_uuid': '{uuid}', 'args': [{args}]}}"


def test_calls_make_the_life_line_in_order_of_time() -> None:
    known = smlog(
        entry("12:00:00", "vdi_snapshot"),
        entry("13:00:00", "vdi_resize", args="'42'"),
        entry("11:00:00", "vdi_enable_cbt"),
    )
    life = disk_view(known, (), VDI).life
    assert [event.kind for event in life] == [
        LifeKind.ENABLED,
        LifeKind.SNAPSHOT,
        LifeKind.RESIZED,
    ]
    assert life[2].what == f"{VDI} to 42 bytes"
    assert life[0].evidence.source.member == "var/log/SMlog"


def test_snapshot_that_no_log_tells_of_is_known_from_the_database() -> None:
    (event,) = disk_view(smlog(), (), VDI).life
    assert (event.kind, event.evidence.source.member) == (LifeKind.SNAPSHOT, "xapi-db.xml")


def test_error_that_turned_cbt_off_is_in_the_life_line() -> None:
    view = disk_view(case(vdi()), (finding("cbt-disabled-no-space"),), VDI)
    assert [event.kind for event in view.life] == [LifeKind.LOST]


def test_comparison_names_both_disks_and_its_error() -> None:
    known = smlog(entry("12:00:00", "vdi_list_changed_blocks", SNAPSHOT, f"'OpaqueRef:{VDI}'"))
    (call,) = sm_operations(known)
    assert call.entry is not None
    error = Raised(code=460, text="unrelated", event=call.entry)
    failed = replace(call, result=Result.FAILED, raised=(error,))
    view = disk_view(given(known, sm_operations, (failed,)), (), VDI)
    (compared,) = view.comparisons
    assert (compared.older, compared.newer) == (SNAPSHOT, VDI)
    assert compared.why == "error 460, unrelated"


def test_error_without_a_number_is_quoted_as_it_is() -> None:
    known = smlog(entry("12:00:00", "vdi_enable_cbt"))
    (call,) = sm_operations(known)
    assert call.entry is not None
    error = Raised(code=None, text="it broke", event=call.entry)
    failed = replace(call, result=Result.FAILED, raised=(error,))
    life = disk_view(given(known, sm_operations, (failed,)), (), VDI).life
    assert life[0].what == f"{VDI}: it broke"


def test_call_without_any_line_is_left_out() -> None:
    bare = Operation(
        host="jupiter",
        bundle="jupiter",
        pid=1,
        name="vdi_list_changed_blocks",
        result=Result.UNKNOWN,
        first=at("10:00:00"),
        last=at("10:00:00"),
        arguments={},
        vdi=VDI,
    )
    view = disk_view(given(case(vdi()), sm_operations, (bare,)), (), VDI)
    assert (view.life, view.comparisons) == ((), ())


def test_snapshot_time_that_cannot_be_read_is_no_event() -> None:
    rows = (
        vdi(),
        snapshot(snapshot_time="soon"),
        snapshot(OTHER_VDI, snapshot_time="19700101T00:00:00Z"),
    )
    assert disk_view(case(*rows), (), VDI).life == ()
