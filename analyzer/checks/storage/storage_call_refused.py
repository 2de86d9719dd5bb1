"""A call of the storage manager, or of xapi for a disk or an SR, ended with an error.

The family of all codes: what a code means is data (``patterns/error_codes.yaml``). Findings that
another rule has an explanation for are taken out again where all rules are judged.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from analyzer.case.case import Case
from analyzer.case.errors.codes import Code, error_codes
from analyzer.case.errors.said import Weight
from analyzer.case.errors.trouble import Trouble
from analyzer.checks.observation import Observation
from analyzer.checks.storage.circumstances import Circumstance, circumstances, task_of
from analyzer.checks.tools.finding import named, over, prose, steps
from analyzer.model.finding import Basis, Confidence, Finding, Severity, Subject
from analyzer.model.goal import Standing
from analyzer.model.operation import Operation, Result
from analyzer.model.rule import RuleText
from analyzer.model.sentence import Sentence, joined, often, say
from analyzer.rebuilt.calls.operations import sm_operations_of_disks

_OF_STORAGE = re.compile(
    r"^(?:VDI|VBD|SR|PBD|SM)\.|^VM\.(?:snapshot|checkpoint|clone|copy|revert|start|migrate|pool_mig"
    r"|assert_can_mig|export|import)|export|import|NETWORK|network\.add_purpose"
)
_REFERENCES = re.compile(r"OpaqueRef:[0-9a-f-]{36}(?:; [a-z_]+$)?")  # and what was asked for
_SCANS = frozenset({"sr_scan", "SR.scan"})  # judged by storage-scan-fails
_CALL = re.compile(r"^(?:(?:vdi|sr)_[a-z_]+|[A-Za-z_]+\.[a-z_0-9]+)$")
# Each tries what was typed; xapi takes back the SR that could not be made, and says why.
_TRIES = frozenset({"sr_create", "SR.create", "sr_probe", "SR.probe", "SR.probe_ext"})
_SM_CALLS: Mapping[str, str] = {"VDI.destroy": "vdi_delete", "VBD.unplug": "vdi_detach"}


def examine(case: Case, text: RuleText) -> Iterator[Observation]:
    """Yield a finding for each error with which calls of one kind ended for one object."""
    for trouble in case.troubles:
        if trouble.weight is not Weight.RAISED or not _SCANS.isdisjoint(trouble.calls):
            is_call = False
        elif trouble.process == "SM":
            is_call = any(call.startswith(("vdi_", "sr_")) for call in trouble.calls)
        elif trouble.process != "xapi" or not trouble.code:
            is_call = False
        else:
            backend = trouble.code.startswith("SR_BACKEND_FAILURE")
            is_call = backend or any(_OF_STORAGE.search(call) for call in trouble.calls)
        if is_call:
            yield _finding_of_trouble(case, text, trouble)


def _finding_of_trouble(case: Case, text: RuleText, trouble: Trouble) -> Finding:
    codes = error_codes()
    known = codes.by_name.get(trouble.code)
    done = _done_later(case, trouble)
    around = circumstances(case, trouble, _disk_refused(case, trouble))
    values = _values_of_trouble(case, trouble, known, done=done, around=around)
    title, detail = (text.title, text.detail) if known else text.case("unknown")
    left_nothing = _leaves_nothing(case, trouble)
    # Return INFO for a refusal after which the same call went well: the client tried again.
    if done is not None or left_nothing:
        severity_of_refusal: Severity = Severity.INFO
    else:
        severity_of_refusal = known.severity if known else text.severity
    made = Finding(
        rule=text.id,
        title=prose(title, values),
        severity=severity_of_refusal,
        confidence=Confidence.CERTAIN,
        basis=Basis.SYMPTOM,
        subjects=_subjects_of_trouble(case, trouble),
        detail=prose(detail, values),
        action=steps(text.action, [values]),
        evidence=tuple(
            dict.fromkeys((*trouble.evidence, *(line for each in around for line in each.evidence)))
        ),
        first_seen=trouble.first,
        last_seen=trouble.last,
        count=trouble.count,
        wrong_if=text.wrong_if,
        references=text.references,
    )
    if left_nothing:
        return replace(made, state=Standing.OVER, state_why="no such SR is in the database")
    if done is None or done.result is not Result.SUCCEEDED:
        return made
    return over(made, "the same call went well", done.lines[-1])


def _values_of_trouble(
    case: Case,
    trouble: Trouble,
    known: Code | None,
    *,
    done: Operation | None,
    around: Sequence[Circumstance],
) -> dict[str, str]:
    call = next(filter(_CALL.match, trouble.calls), "a call")
    number = error_codes().number_in_words(trouble.text)
    subjects = _subjects_of_trouble(case, trouble)
    thing = subjects[0]
    disk = _disk_refused(case, trouble)
    told = f"{trouble.text}{f' (error {number})' if number else ''}"
    holders = [each.holder for each in around if each.holder]
    place = {"host": trouble.host, "sr": trouble.sr or "<SR>", "disk": disk or "<disk>"}
    step = known.next_step if known else "Read the lines around the first one that is quoted"
    step = next((each.next_step for each in around if each.next_step), step)
    return {
        **place,
        **({"holder": holders[0]} if holders else {}),
        "call": call,
        "object": f"{thing.kind} {named(thing.name, thing.uuid)}",
        "code": trouble.code or trouble.text,
        "means": known.means if known else "",
        "stops": known.stops if known else "",
        "words": f"It said: {told}." if _REFERENCES.sub("", told).strip(" ;") else "",
        "often": often(trouble.count, trouble.first, trouble.last),
        "still": say("The same call went well at {at}.", at=done.last) if done else "",
        "around": joined([each.words for each in around], " "),
        "next": Sentence(step.template, {**step.values, **place})
        if isinstance(step, Sentence)
        else Sentence(step, place),
    }


def _disk_refused(case: Case, trouble: Trouble) -> str:
    """Return the disk of a refusal: the error's own, else the only one that its call names."""
    task = None if trouble.disk else task_of(case, trouble)
    return trouble.disk or (task.vdis[0] if task is not None and len(task.vdis) == 1 else "")


def _done_later(case: Case, trouble: Trouble) -> Operation | None:
    """Return what SM did of the same for the same disk after the last refusal, None if nothing."""
    names = {_SM_CALLS.get(call, call.lower().replace(".", "_")) for call in trouble.calls}
    if not trouble.disk:
        return None
    ended = (
        one
        for one in sm_operations_of_disks(case).get(trouble.disk, ())
        if one.name in names
        and one.result is not Result.FAILED
        and trouble.last.certainly_before(one.last)
    )
    return next(ended, None)


def _leaves_nothing(case: Case, trouble: Trouble) -> bool:
    """Tell whether an SR was to be made or looked for, and there is none."""
    whole = bool(case.pools) and all(pool.complete for pool in case.pools)
    there = any(pool.sr(trouble.sr) for pool in case.pools) if trouble.sr else False
    return whole and not there and bool(trouble.calls) and _TRIES.issuperset(trouble.calls)


def _subjects_of_trouble(case: Case, trouble: Trouble) -> tuple[Subject, ...]:
    """Return the disk, the SR and the host, as far as they are known."""
    found = []
    for kind, uuid in (("VDI", _disk_refused(case, trouble)), ("SR", trouble.sr)):
        if uuid:
            rows = (p.vdi(uuid) if kind == "VDI" else p.sr(uuid) for p in case.pools)
            name = next((row.name_label for row in rows if row is not None), None)
            found.append(Subject(type=kind, uuid=uuid, name=name))
    hosts = (report.host_uuid for report in case.hosts if report.bundle == trouble.bundle)
    host = Subject(type="Host", uuid=next(hosts, None) or trouble.host, name=trouble.host)
    return (*found, host)
