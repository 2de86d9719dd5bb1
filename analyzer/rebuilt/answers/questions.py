"""The checks that xapi makes of several calls, asked of the database.

Order and errors as in xen-api `ocaml/xapi/xapi_sr_operations.ml` (the SR is checked first) and
`check_operation_error` of `ocaml/xapi/xapi_vdi.ml`.
"""

from collections.abc import Callable, Iterable

from analyzer.case.case import Case
from analyzer.case.pool import PoolState
from analyzer.case.quotation import quote
from analyzer.model.call import Answer, CallCheck
from analyzer.model.finding import Evidence
from analyzer.model.terms import CBT_CAPABILITY
from analyzer.model.xapi import Sr, Vbd, Vdi, XapiObject
from analyzer.values import dataclass

XAPI, SM = "xapi", "SM"
_WAIT = "Wait until it has ended, or find out why it hangs; then call again."
BUSY = "OTHER_OPERATION_IN_PROGRESS (xapi retries for up to two hours)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A disk that a call is about, with its pool and SR; ``sr`` is None where not known."""

    case: Case
    pool: PoolState
    vdi: Vdi
    sr: Sr | None


def asked(case: Case, uuid: str) -> Asked | None:
    """Return the disk of a uuid, None if no database has it."""
    for pool in case.pools:
        if vdi := pool.vdi(uuid):
            return Asked(case=case, pool=pool, vdi=vdi, sr=pool.sr(vdi.sr))
    return None


def check(
    asks: str,
    fails: bool | None,
    words: tuple[str, str],
    error: str,
    evidence: tuple[Evidence, ...] = (),
    *,
    by: str = XAPI,
    settle_with: str = "",
    remedy: str = "",
) -> CallCheck:
    """Return a check: ``words`` are those of ok and of fails; `fails` None is unknown."""
    if fails is None:
        return CallCheck(
            by=by,
            asks=asks,
            answer=Answer.UNKNOWN,
            words="the bundle does not tell",
            evidence=evidence,
            settle_with=settle_with,
        )
    return CallCheck(
        by=by,
        asks=asks,
        answer=Answer.FAILS if fails else Answer.OK,
        words=words[fails],
        error=error if fails else "",
        evidence=evidence,
        remedy=remedy if fails else "",
    )


def row(each: XapiObject, *fields: str) -> tuple[Evidence, ...]:
    """Quote a row of the database."""
    return (Evidence(source=each.source, text=quote(each, *fields)),)


def no_upgrade(about: Asked) -> CallCheck:
    """Ask whether a rolling pool upgrade is running (X-01)."""
    pool = about.pool.pool
    config = pool.other_config if pool else None
    return check(
        "is no rolling pool upgrade running?",
        None if config is None else "rolling_upgrade_in_progress" in config,
        ("none is", "one is"),
        "NOT_SUPPORTED_DURING_UPGRADE",
        row(pool, "other_config") if pool else (),
        settle_with="xe pool-list params=other-config",
        remedy="Finish the upgrade of all hosts first.",
    )


def sr_supports(about: Asked) -> CallCheck:
    """Ask whether the SR's driver can do CBT (X-06, and the same check at the SR)."""
    sr, sm = about.sr, about.pool.sm_for(about.sr) if about.sr else None
    known = sm is not None and sm.features is not None
    has = sm is not None and sm.features is not None and CBT_CAPABILITY in sm.features
    kind = sr.type if sr else None
    proof = (*(row(sr, "type") if sr else ()), *(row(sm, "type", "features") if sm else ()))
    return check(
        "does the driver of the SR support CBT?",
        not has if known else None,
        (
            f"type {kind} has the feature {CBT_CAPABILITY}",
            f"type {kind} lacks the feature {CBT_CAPABILITY}",
        ),
        "SR_OPERATION_NOT_SUPPORTED",
        proof,
        remedy="Move the disk to an SR whose driver supports CBT.",
        settle_with=f"xe sm-list type={kind or '<type of the SR>'} params=features",
    )


def sr_idle(about: Asked) -> CallCheck:
    """Ask whether another operation holds the SR; any one blocks all calls here."""
    sr = about.sr
    known = sr is not None and sr.current_operations is not None
    running = ", ".join(sorted((sr.current_operations or {}).values())) if sr else ""
    return check(
        "is no other operation running on the SR?",
        bool(running) if known else None,
        ("none was when the bundle was made", f"{running} was when the bundle was made"),
        BUSY,
        row(sr, "current_operations") if sr else (),
        remedy=_WAIT,
        settle_with=f"xe sr-param-get uuid={sr.uuid} param-name=current-operations" if sr else "",
    )


def vdi_idle(about: Asked) -> CallCheck:
    """Ask whether another operation than a copy holds the disk (X-02)."""
    vdi = about.vdi
    operations = vdi.current_operations
    running = ", ".join(sorted({op for op in (operations or {}).values() if op != "copy"}))
    return check(
        "is no other operation running on the disk?",
        bool(running) if operations is not None else None,
        ("none was when the bundle was made", f"{running} was when the bundle was made"),
        BUSY,
        row(vdi, "current_operations"),
        remedy=_WAIT,
        settle_with=param(vdi, "current-operations"),
    )


def vbds_idle(about: Asked) -> CallCheck:
    """Ask whether a VBD of the disk is being plugged or unplugged (X-05)."""
    vbds = about.pool.vbds_of(about.vdi)
    busy = [vbd for vbd in vbds if vbd.current_operations]
    known = _all_rows(about) and all(vbd.current_operations is not None for vbd in vbds)
    return check(
        "is no VBD of the disk being plugged or unplugged?",
        True if busy else (False if known else None),
        ("none was when the bundle was made", "one was when the bundle was made"),
        BUSY,
        tuple(e for vbd in busy for e in row(vbd, "current_operations", "VM")),
        remedy=_WAIT,
        settle_with=f"xe vbd-list vdi-uuid={about.vdi.uuid} params=uuid,current-operations",
    )


def vbds_left(about: Asked, keep: Callable[[Vbd], bool | None]) -> tuple[list[Vbd], bool | None]:
    """Return the VBDs that `keep` holds against a call, and whether there is any, if known."""
    vbds = about.pool.vbds_of(about.vdi)
    answers = [keep(vbd) for vbd in vbds]
    against = [vbd for vbd, answer in zip(vbds, answers, strict=True) if answer]
    if against:
        return against, True
    return [], False if _all_rows(about) and None not in answers else None


def pbd_plugged(about: Asked) -> CallCheck:
    """Ask whether the SR is plugged anywhere (X-03)."""
    pbds = about.pool.pbds_of(about.sr) if about.sr else ()
    plugged = [pbd for pbd in pbds if pbd.currently_attached]
    known = _all_rows(about) and all(pbd.currently_attached is not None for pbd in pbds)
    quoted = plugged[:1] or pbds
    return check(
        "is the SR plugged on a host?",
        False if plugged else (True if known and about.sr else None),
        ("it is", "it is on none"),
        "SR_HAS_NO_PBDS",
        tuple(e for pbd in quoted for e in row(pbd, "currently_attached", "host", "SR")),
        remedy="Plug the SR: xe pbd-plug uuid=<pbd>",
        settle_with=f"xe pbd-list sr-uuid={about.sr.uuid}" if about.sr else "",
    )


def flag(
    about: Asked,
    name: str,
    asks: str,
    *,
    wanted: bool,
    words: tuple[str, str],
    error: str,
    remedy: str,
) -> CallCheck:
    """Ask for a boolean of the disk's row that the call wants."""
    value: bool | None = getattr(about.vdi, name)
    return check(
        asks,
        None if value is None else value is not wanted,
        words,
        error,
        row(about.vdi, name),
        settle_with=param(about.vdi, name.replace("_", "-")),
        remedy=remedy,
    )


def param(vdi: Vdi, name: str) -> str:
    """Return the command that shows a field of a disk."""
    return f"xe vdi-param-get uuid={vdi.uuid} param-name={name}"


def shown(vbds: Iterable[Vbd]) -> tuple[Evidence, ...]:
    """Quote VBDs."""
    return tuple(e for vbd in vbds for e in row(vbd, "VM", "VDI", "currently_attached", "reserved"))


def _all_rows(about: Asked) -> bool:
    """Tell whether a row that is not in the database can be said not to exist."""
    return about.pool.complete
