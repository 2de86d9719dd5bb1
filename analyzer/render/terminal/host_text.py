"""One host for the terminal: what was read of it, its NBD server, interfaces, SRs, findings."""

from collections.abc import Iterator, Sequence

from analyzer.model.finding import Finding, Gap
from analyzer.model.host_view import HostView
from analyzer.model.nbd_view import NbdRun
from analyzer.model.plan import Plan
from analyzer.render.terminal.found_text import found_text
from analyzer.render.terminal.plan_text import plan_text
from analyzer.render.words.nbd_words import (
    certificate_words,
    peak_of,
    purpose_words,
    run_words,
    session_words,
    trouble_words,
    unread_words,
)
from analyzer.render.words.view import counted, span, stamp, visible

_MOST_RUNS = 10
_FLAGS = {True: "yes", False: "no", None: "unknown"}


def host_text(host: HostView, plans: Sequence[Plan] = ()) -> str:
    """Return the page of a host, with what to do."""
    storage_lines: list[str] = []
    storage_lines.extend(("", "STORAGE"))
    words = {True: "plugged", False: "NOT plugged", None: "plugged or not is not known"}
    for each in host.storages:
        kind = visible(each.type or "type unknown")
        storage_lines.append(
            f"  {visible(each.sr.name or '')} {each.sr.uuid} ({kind}): {words[each.attached]}"
        )
    if not host.storages:
        storage_lines.append("  none is known")
    # What was read; a log with a fault is never shown by its window alone.
    read_lines: list[str] = []
    read_lines.extend(("", "WHAT WAS READ"))
    for log in host.logs:
        where = f" of {visible(log.bundle)}" if (len(host.bundles) > 1) else ""
        window = span(*log.window) if log.window else "no time is known"
        fault = f"; NOT WHOLE: {visible(log.gap.why)}" if log.gap else ""
        read_lines.append(f"  {log.need + where:<14} {window}{fault}")
    read_lines.extend(f"  not read: {_gap_in_words(gap)}" for gap in host.unread)
    if not host.bundles:
        read_lines.append("  nothing: no status report of this host was given")
    lines = [
        *_identity_of_host(host),
        *read_lines,
        *_server_lines(host),
        *_interface_lines(host),
        *storage_lines,
    ]
    lines += [
        *_findings_lines("FINDINGS ABOUT IT", host.about),
        *_findings_lines("ON ITS LOGS", host.on_logs),
    ]
    if not (host.about or host.on_logs):
        lines += ["", "FINDINGS", *found_text(())]
    lines += plan_text(plans)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _identity_of_host(host: HostView) -> Iterator[str]:
    yield visible(host.host.name or host.host.uuid or "a host without a name")
    yield f"  host      {host.host.uuid or 'uuid unknown'}, {host.role.value}"
    yield f"  pool      {visible(host.pool.called if host.pool else 'unknown')}"
    yield f"  product   {visible(host.product) or 'unknown'}"
    yield f"  enabled   {_FLAGS[host.enabled]}; seen alive by the master: {_FLAGS[host.live]}"
    if not host.bundles:
        yield "  report    not given: all that follows is what the database of its pool says"
        return
    yield f"  report    {', '.join(map(visible, host.bundles))}, made {stamp(host.captured_at)}"
    yield f"  database  {visible(host.database) or 'not read from this report'}"
    packages = [visible(f"{each.name}-{each.version}") for each in host.packages]
    yield f"  packages  {', '.join(packages) or 'not known'}"


def _gap_in_words(gap: Gap) -> str:
    settle = f" [{visible(gap.settle_with)}]" if gap.settle_with else ""
    return f"{gap.need}: {visible(gap.why)}{settle}"


def _server_lines(host: HostView) -> Iterator[str]:
    yield from ("", "NBD SERVER (xapi-nbd)")
    if host.service:
        yield f"  {visible(host.service.text.strip())}"
    else:
        yield "  systemd's view of it was not read"
    if host.nbd is None:
        yield "  nothing of it is known"
        return
    nbd = host.nbd
    peak = peak_of(nbd)
    at_once = f"; {peak} at once, at least" if peak is not None else ""
    yield f"  {session_words(nbd)}{at_once}"
    if troubles := trouble_words(nbd):
        yield f"  why they failed: {troubles}"
    if unread := unread_words(nbd):
        yield f"  {visible(unread)}"
    yield f"  certificate: {visible(certificate_words(nbd))}"
    shown = host.nbd.runs[-_MOST_RUNS:]
    earlier = len(host.nbd.runs) - len(shown) + host.nbd.runs_left_out
    if earlier:
        yield f"  {counted(earlier, 'earlier run')} not shown"
    yield from (f"  {_run_in_words(run)}" for run in shown)


def _run_in_words(run: NbdRun) -> str:
    begun = f"started {stamp(run.started)}" if run.started else "its start was not seen"
    deaf = ", never listened" if run.started and run.listening is None else ""
    end = f", {stamp(run.ended)}" if run.ended else ""
    return (
        f"pid {run.pid if run.pid is not None else 'unknown'}: {begun}{deaf}; {run_words(run)}{end}"
    )


def _interface_lines(host: HostView) -> Iterator[str]:
    yield from ("", "NETWORK INTERFACES")
    for network, place in host.places:
        addresses = ", ".join(map(visible, place.addresses)) or "no address"
        link = {True: "link up", False: "LINK DOWN", None: "link not known"}[place.carrier]
        called = visible(network.network.name or network.bridge or network.network.uuid)
        purpose = purpose_words(network.purpose)
        place_of_network = (
            f"{visible(place.device)} on {called} ({purpose}): {addresses}, {link}; {place.state}"
        )
        yield f"  {place_of_network}"
        yield from (f"      warned of: {visible(warning.what)}" for warning in place.warnings)
    if not host.places:
        yield "  none is known"


def _findings_lines(title: str, findings: Sequence[Finding]) -> Iterator[str]:
    if findings:
        yield from ("", title, *found_text(findings))
