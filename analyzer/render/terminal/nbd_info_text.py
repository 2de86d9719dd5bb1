"""What get_nbd_info would answer for a disk, as text and JSON."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from analyzer.model.call import Answer
from analyzer.model.finding import Evidence, Subject
from analyzer.model.nbd import InfoStep, InfoWarning, NbdInfo
from analyzer.model.plan import Plan
from analyzer.render.terminal.call_text import QUOTE, SIGNS
from analyzer.render.terminal.plan_text import plan_text
from analyzer.render.words.view import cut, iso_time, visible

UNCHECKED = (
    "whether xapi-nbd runs and listens, the firewall, mixed purposes, whether a client can reach "
    "the address, whether the disk is attached elsewhere, and whether the session will last"
)


def nbd_info_text(info: NbdInfo, plans: Sequence[Plan] = ()) -> str:
    """Return the answer: endpoints or the step that empties it, warnings, and what mends it.

    Where the report has plans for it, these are what to do.
    """
    lines = [
        f"VDI.get_nbd_info  VDI {_subject_named(info.vdi)} on SR {_subject_named(info.sr)}",
        "",
    ]
    # The steps of the call in their order, up to the one that empties the answer.
    steps_of_info: list[str] = []
    for step in InfoStep if info.stopped_at or info.answer is Answer.OK else ():
        failed = step is info.stopped_at
        steps_of_info.append(f"  {SIGNS[Answer.FAILS if failed else Answer.OK]:<8} {step.value}")
        if failed:
            break
    if info.answer is Answer.OK:
        head_of_info = "Answer" if info.usable else "Answer, of no use as it is"
    elif info.answer is Answer.UNKNOWN:
        head_of_info = "Not known"
    else:
        empty = info.stopped_at in (InfoStep.PLUGGED, InfoStep.PURPOSE, InfoStep.ADDRESS)
        head_of_info = "The answer is empty" if empty else "The call fails"
    steps_of_info.append(f"{head_of_info}: {visible(info.because)}.")
    lines += steps_of_info
    lines += [*_quote_lines(info.evidence), *_endpoint_lines(info), *_warning_lines(info.warnings)]
    lines += plan_text(plans) if plans else _mend_lines(info)
    lines += ["", f"The call does not check {UNCHECKED}."]
    return "\n".join(lines) + "\n"


def _endpoint_lines(info: NbdInfo) -> Iterator[str]:
    if not info.endpoints:
        return
    yield from ("", "ENDPOINTS" if info.answer is Answer.OK else "ENDPOINTS, if the call ends well")
    for each in info.endpoints:
        tls = "TLS" if each.secure else "no TLS"
        yield f"  {visible(each.address)} port {each.port}, {tls}"
        yield f"      host {_subject_named(each.host)}, network {_subject_named(each.network)}"
        if each.subject is None:
            name = "TLS name not known: no certificate in the report of this host"
        else:
            name = f"TLS name {visible(each.subject) or 'empty'}"
        shown = each.certificate
        if shown is None or (shown.not_before is None and shown.not_after is None):
            certificate_in_words = name
        else:
            first, last = _day_in_words(shown.not_before), _day_in_words(shown.not_after)
            certificate_in_words = f"{name}, certificate valid from {first} to {last}"
        yield f"      {certificate_in_words}"
        yield from _quote_lines(each.evidence)
        yield from _warning_lines(each.warnings, heading="")


def _day_in_words(time: datetime | None) -> str:
    return f"{iso_time(time)}" if time else "not shown"


def _warning_lines(warnings: Sequence[InfoWarning], heading: str = "WARNINGS") -> Iterator[str]:
    if warnings and heading:
        yield from ("", heading)
    for each in warnings:
        yield f"      ! {each.confidence}: {visible(each.what)}"
        yield from _quote_lines(each.evidence)


def _mend_lines(info: NbdInfo) -> Iterator[str]:
    if not info.mend:
        return
    unknown = info.answer is Answer.UNKNOWN
    yield from ("", "WHAT WOULD TELL" if unknown else "WHAT MENDS IT, the smallest change first")
    for step in info.mend:
        yield f"  {visible(step.step)}"
        if step.risk:
            yield f"      risk: {visible(step.risk)}"


def _quote_lines(evidence: Sequence[Evidence]) -> Iterator[str]:
    for each in evidence:
        yield f"      [{visible(str(each.source))}] {cut(visible(each.text), QUOTE)}"


def _subject_named(subject: Subject) -> str:
    return f"{visible(subject.name or '')} {visible(subject.uuid)}".strip()
