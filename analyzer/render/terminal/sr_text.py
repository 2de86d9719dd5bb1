"""SRs for the terminal: hosts, space, disks with CBT, NBD endpoints, who holds what, findings."""

from collections.abc import Iterator, Sequence

from analyzer.model.finding import Evidence, Subject
from analyzer.model.nbd import NbdInfo
from analyzer.model.pages import SrPage
from analyzer.model.sr_view import SrPlug, SrView
from analyzer.render.terminal.found_text import found_text
from analyzer.render.terminal.plan_text import plan_text
from analyzer.render.words.chain_text import size_words
from analyzer.render.words.view import counted, cut, stamp, visible

_QUOTE = 300
_MOST_DISKS = 50


def srs_text(pages: Sequence[SrPage]) -> str:
    """Return the SRs, each as a page, with what to do."""
    lines = [
        line for page in pages for line in (*_sr_of_view(page.view), *plan_text(page.plans), "")
    ]
    return "\n".join(line.rstrip() for line in lines[:-1]) + "\n"


def _sr_of_view(view: SrView) -> Iterator[str]:
    shared = {True: "shared", False: "local", None: "shared or not is not known"}[view.shared]
    yield visible(view.sr.name or view.sr.uuid)
    yield f"  SR     {view.sr.uuid} ({visible(view.type or 'type not known')}, {shared})"
    yield f"  pool   {visible(view.pool.called if view.pool else 'unknown')}"
    if view.size is None or view.size <= 0:
        space_of_view = "not known"
    else:
        used = "not known" if view.used is None else size_words(view.used)
        space_of_view = f"{size_words(view.size)}, used {used}"
    yield f"  space  {space_of_view}"
    yield from map(_quote_of_line, view.space)
    yield from ("", "HOSTS", *map(_plug_in_words, view.plugs))
    if not view.plugs:
        yield "  none is known"
    operation_lines: list[str] = []
    for what, task in view.operations or ():
        operation_lines.append(f"  {visible(what)} (task {visible(task)})")
    if not view.operations:
        operation_lines.append("  not known" if view.operations is None else "  nothing")
    yield from ("", "RUNNING ON IT WHEN THE DATABASE WAS WRITTEN", *operation_lines)
    yield from ("", "DISKS WITH CBT", *_disks_of_view(view))
    yield from ("", "NBD: WHAT get_nbd_info ANSWERS FOR ITS DISKS", *_info_lines(view.info))
    held_lines: list[str] = []
    words = {True: "in use", False: "LEFT", None: "in use or not is not known"}
    for each in view.held:
        since = f" since {stamp(each.since)}" if each.since else ""
        held_lines.append(f"  {each.vdi}  {words[each.in_use]}, for {each.by}{since}")
        held_lines.append(
            f"      VBD {each.vbd or 'none'} on host {each.host or 'unknown'}; {each.because}"
        )
        held_lines.extend(map(_quote_of_line, each.evidence))
    if not view.held:
        held_lines.append("  nothing that is known")
    yield from ("", "HELD BY CONTROL DOMAINS", *held_lines)
    yield from ("", "FINDINGS", *found_text(view.findings))


def _plug_in_words(plug: SrPlug) -> str:
    words = {True: "attached", False: "NOT ATTACHED", None: "attached or not is not known"}
    return f"  {_subject_named(plug.host)}: {words[plug.attached]}"


def _disks_of_view(view: SrView) -> Iterator[str]:
    for disk in view.with_cbt[:_MOST_DISKS]:
        yield f"  {disk.vdi.uuid}  {disk.kind:<12}  {visible(disk.vdi.name or '')}"
    if len(view.with_cbt) > _MOST_DISKS:
        yield f"  and {len(view.with_cbt) - _MOST_DISKS} more"
    yield f"  {len(view.with_cbt)} of {counted(view.disks, 'disk')}"


def _info_lines(info: NbdInfo | None) -> Iterator[str]:
    if info is None:
        yield "  not asked: it holds no disks"
        return
    yield f"  {info.answer}: {visible(info.because)}"
    for each in info.endpoints:
        kind = "TLS" if each.secure else "no TLS"
        where = f"{_subject_named(each.host)} on {_subject_named(each.network)}"
        yield f"  {visible(each.address)} port {each.port}, {kind}: {visible(where)}"
        yield from (f"      ! {w.confidence}: {visible(w.what)}" for w in each.warnings)
    yield from (f"  ! {w.confidence}: {visible(w.what)}" for w in info.warnings)
    yield from (f"  to mend it: {visible(step.step)}" for step in info.mend)


def _quote_of_line(evidence: Evidence) -> str:
    return f"      [{visible(str(evidence.source))}] {cut(visible(evidence.text), _QUOTE)}"


def _subject_named(subject: Subject) -> str:
    return visible(subject.name or subject.uuid or "unknown")
