"""Why a call would be refused: the checks of xapi and SM in their order, asked of the bundle.

It needs no log line of the call itself. xapi asks its database (xen-api
`ocaml/xapi/xapi_vdi.ml`, `xapi_sr_operations.ml`), SM the storage (sm `VDI.py`
configure_blocktracking(), data_destroy(), list_changed_blocks()).
"""

from collections.abc import Mapping, Sequence

from analyzer.case.case import Case
from analyzer.errors import UsageError
from analyzer.model.call import Answer, CallCheck, CallJudgement
from analyzer.model.finding import Advice, Subject
from analyzer.model.xapi import Vbd
from analyzer.rebuilt.answers.gone import in_database, told_of
from analyzer.rebuilt.answers.questions import (
    Asked,
    asked,
    check,
    flag,
    no_upgrade,
    param,
    pbd_plugged,
    row,
    shown,
    sr_idle,
    sr_supports,
    vbds_idle,
    vbds_left,
    vdi_idle,
)
from analyzer.rebuilt.answers.storage import (
    can_pause,
    complete,
    enough_space,
    has_log,
    is_raw,
    not_same,
    same_sr,
    walked,
)
from analyzer.rebuilt.cbt.changed_blocks import walk_at_capture

_TRACKED = ("user", "system")


def enable_cbt(case: Case, uuid: str) -> CallJudgement:
    """Judge VDI.enable_cbt.

    Raises:
        UsageError: neither a database of the case nor a log tells of the disk.
    """
    if _only_told(case, uuid):
        return _of_gone("VDI.enable_cbt", case, {"the disk": uuid})
    about = _asked_about(case, uuid)
    live = f"Call it on the disk that this is a snapshot of, {about.vdi.snapshot_of or 'unknown'}."
    check_live = flag(
        about,
        "is_a_snapshot",
        "is the disk no snapshot?",
        wanted=False,
        words=("it is none", "it is a snapshot"),
        error="OPERATION_NOT_ALLOWED (VDI is a snapshot)",
        remedy=live,
    )
    checks = (
        no_upgrade(about),
        sr_supports(about),
        sr_idle(about),
        vdi_idle(about),
        vbds_idle(about),
        check_live,
        _check_type(about),
        _on_boot(about),
        _check_licence(about),
        _check_cbt_off(about),
        is_raw(about),
        can_pause(about),
        enough_space(about),
    )
    return _judged_call("VDI.enable_cbt", (_subject_of_about(about),), checks)


def data_destroy(case: Case, uuid: str) -> CallJudgement:
    """Judge VDI.data_destroy.

    Raises:
        UsageError: neither a database of the case nor a log tells of the disk.
    """
    if _only_told(case, uuid):
        return _of_gone("VDI.data_destroy", case, {"the snapshot": uuid})
    about = _asked_about(case, uuid)
    checks = (
        no_upgrade(about),
        sr_supports(about),
        sr_idle(about),
        vdi_idle(about),
        flag(
            about,
            "is_a_snapshot",
            "is the disk a snapshot?",
            wanted=True,
            words=("it is", "it is a live disk, whose data nobody should destroy"),
            error="OPERATION_NOT_ALLOWED (VDI is not a snapshot)",
            remedy="Call it on a snapshot of the disk.",
        ),
        flag(
            about,
            "cbt_enabled",
            "was CBT on when the snapshot was taken, so that it has a log?",
            wanted=True,
            words=("the database says so", "the database says that it has no CBT"),
            error="VDI_NO_CBT_METADATA",
            remedy=f"Without a log nothing would be left; xe vdi-destroy uuid={about.vdi.uuid}",
        ),
        _check_destroyable(about),
        pbd_plugged(about),
        _check_managed(about),
        _no_vbd(about),
    )
    return _judged_call("VDI.data_destroy", (_subject_of_about(about),), checks)


def list_changed_blocks(case: Case, older: str, newer: str) -> CallJudgement:
    """Judge VDI.list_changed_blocks; xapi checks the newer disk only.

    Raises:
        UsageError: neither a database of the case nor a log tells of one of the disks.
    """
    forth = walk_at_capture(case, older, newer)
    if _only_told(case, older) or _only_told(case, newer):
        sides = {"vdi_from": older, "vdi_to": newer}
        return _of_gone("VDI.list_changed_blocks", case, sides, walked(case, forth, older, newer))
    first, last = _asked_about(case, older), _asked_about(case, newer)
    # Ask for active VBDs; those of a snapshot VM, as a checkpoint leaves, do not count.
    left, any_left = vbds_left(last, lambda vbd: _vbd_holds(last, vbd))
    names = ", ".join(_vm_name(last, vbd) for vbd in left)
    check_detached = check(
        "is vdi_to attached to no virtual machine?",
        any_left,
        ("it is not", f"it is attached to {names}"),
        "VDI_IN_USE (list_changed_blocks)",
        shown(left),
        settle_with=f"xe vbd-list vdi-uuid={last.vdi.uuid} params=all",
        remedy="Take a snapshot and compare with that, or detach the disk.",
    )
    checks = (
        no_upgrade(last),
        sr_supports(last),
        sr_idle(last),
        vdi_idle(last),
        check_detached,
        vbds_idle(last),
        same_sr(first, last),
        not_same(first, last),
        has_log(first, "vdi_from"),
        has_log(last, "vdi_to"),
        walked(case, forth, older, newer),
        *complete(case, forth, first, last),
    )
    return _judged_call(
        "VDI.list_changed_blocks", (_subject_of_about(first), _subject_of_about(last)), checks
    )


def _only_told(case: Case, uuid: str) -> bool:
    """Tell whether logs alone know a disk."""
    return asked(case, uuid) is None and bool(told_of(case, uuid))


def _of_gone(call: str, case: Case, sides: Mapping[str, str], *of_sm: CallCheck) -> CallJudgement:
    """Judge a call for disks of which no database has all; each is known to a log at least."""
    for uuid in sides.values():
        if not told_of(case, uuid):
            _asked_about(case, uuid)
    checks = tuple(in_database(case, uuid, role) for role, uuid in sides.items())
    subjects = tuple(case.world.subject("VDI", uuid) for uuid in sides.values())
    return _judged_call(call, subjects, (*checks, *of_sm))


def _asked_about(case: Case, uuid: str) -> Asked:
    about = asked(case, uuid)
    if about is None:
        msg = f"{uuid}: no database of the given bundles has this disk, so it cannot be called for"
        raise UsageError(msg)
    return about


def _subject_of_about(about: Asked) -> Subject:
    return Subject(type="VDI", uuid=about.vdi.uuid, name=about.vdi.name_label)


def _judged_call(
    call: str, disks: Sequence[Subject], checks: tuple[CallCheck, ...]
) -> CallJudgement:
    failed = next((each for each in checks if each.answer is Answer.FAILS), None)
    unknown = [each for each in checks if each.answer is Answer.UNKNOWN]
    if failed is not None:
        before = checks[: checks.index(failed)]
        doubt = sum(each.answer is Answer.UNKNOWN for each in before)
        earlier = (
            f"; {doubt} earlier checks are unknown and could refuse it before" if doubt > 1 else ""
        )
        earlier = earlier or ("; one earlier check is unknown" if doubt else "")
        why_refused = f"{call} ends with {failed.error}, by {failed.by}: {failed.words}{earlier}."
        answer, sentence = Answer.FAILS, why_refused
        steps = [failed.remedy]
    elif unknown:
        answer = Answer.UNKNOWN
        many = f"{len(unknown)} of {len(checks)} checks cannot be answered from the bundle"
        sentence = f"Nothing that was read speaks against {call}, but {many}."
        steps = [each.settle_with for each in unknown]
    else:
        answer, steps = Answer.OK, []
        sentence = f"{call} would have succeeded when the bundle was made: no check fails."
    return CallJudgement(
        call=call,
        subjects=tuple(disks),
        checks=checks,
        answer=answer,
        sentence=sentence,
        remedy=tuple(Advice(step=step) for step in dict.fromkeys(steps) if step),
    )


def _check_type(about: Asked) -> CallCheck:
    kind = about.vdi.type
    return check(
        "is the disk of a type that can have CBT, user or system?",
        None if kind is None else kind not in _TRACKED,
        (f"its type is {kind}", f"its type is {kind}"),
        "VDI_INCOMPATIBLE_TYPE",
        row(about.vdi, "type"),
        settle_with=param(about.vdi, "type"),
        remedy="Choose a disk that a virtual machine uses; this type cannot have CBT.",
    )


def _on_boot(about: Asked) -> CallCheck:
    mode = about.vdi.on_boot
    return check(
        "does the disk keep its content when its VM starts (on-boot=persist)?",
        None if mode is None else mode == "reset",
        (f"on-boot is {mode}", "on-boot is reset"),
        "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION",
        row(about.vdi, "on_boot"),
        settle_with=param(about.vdi, "on-boot"),
        remedy=f"xe vdi-param-set uuid={about.vdi.uuid} on-boot=persist",
    )


def _check_licence(about: Asked) -> CallCheck:
    """Ask for the licence: a pool without the restriction's name has it not."""
    pool = about.pool.pool
    restrictions = pool.restrictions if pool else None
    return check(
        "does the licence allow CBT?",
        None if restrictions is None else restrictions.get("restrict_cbt") == "true",
        ("restrict_cbt is not set", "restrict_cbt is true"),
        "LICENSE_RESTRICTION (CBT)",
        row(pool, "restrictions") if pool else (),
        settle_with="xe pool-param-get uuid=<pool> param-name=restrictions",
        remedy="Apply a licence with Changed Block Tracking to all hosts of the pool.",
    )


def _check_cbt_off(about: Asked) -> CallCheck:
    uuid = about.vdi.uuid
    return flag(
        about,
        "cbt_enabled",
        "does the database say that CBT is off?",
        wanted=False,
        words=("it does", "CBT is on already, so xapi never asks SM, and a lost log stays lost"),
        error="success, and nothing is done",
        remedy=f"If the log is lost: xe vdi-disable-cbt uuid={uuid}; xe vdi-enable-cbt uuid={uuid}",
    )


def _check_destroyable(about: Asked) -> CallCheck:
    kind, sr_type = about.vdi.type, about.sr.type if about.sr else None
    known = kind is not None and sr_type is not None
    bad = sr_type == "udev" or kind == "rrd"
    proof = (*row(about.vdi, "type"), *(row(about.sr, "type") if about.sr else ()))
    return check(
        "is it neither a physical device nor the pool's statistics?",
        bad if known else None,
        (f"type {kind} on an SR of type {sr_type}", f"type {kind} on an SR of type {sr_type}"),
        "VDI_IS_A_PHYSICAL_DEVICE" if sr_type == "udev" else "VDI_HAS_RRDS",
        proof,
        settle_with=param(about.vdi, "type"),
        remedy="Leave it: it is no snapshot of a virtual disk.",
    )


def _check_managed(about: Asked) -> CallCheck:
    return flag(
        about,
        "managed",
        "is the disk managed?",
        wanted=True,
        words=("it is", "it is a base copy that snapshots share"),
        error="VDI_NOT_MANAGED",
        remedy="Call it on the snapshot itself, not on its base copy.",
    )


def _no_vbd(about: Asked) -> CallCheck:
    """Ask for any VBD (X-18): plugged or not, xapi waits four seconds for all of them to go."""
    left, any_left = vbds_left(about, lambda _: True)
    names = ", ".join(_vm_name(about, vbd) for vbd in left)
    uuids = "; ".join(f"xe vbd-destroy uuid={vbd.uuid}" for vbd in left)
    return check(
        "has the snapshot no VBD left, plugged or not?",
        any_left,
        ("it has none", f"it has {len(left)}, of {names}; even an unplugged one counts"),
        "VDI_IN_USE (data_destroy), after four seconds",
        shown(left),
        settle_with=f"xe vbd-list vdi-uuid={about.vdi.uuid}",
        remedy=f"Delete the snapshot's VM, or end the NBD connection, or: {uuids}",
    )


def _vbd_holds(about: Asked, vbd: Vbd) -> bool | None:
    if vbd.currently_attached is None:
        return None
    vm = about.pool.vm(vbd.vm)
    if not (vbd.currently_attached or vbd.reserved):
        return False
    return None if vm is None or vm.is_a_snapshot is None else not vm.is_a_snapshot


def _vm_name(about: Asked, vbd: Vbd) -> str:
    vm = about.pool.vm(vbd.vm)
    return (vm.name_label or vm.uuid) if vm else "a virtual machine that is not known"
