"""Networks for the terminal: purposes, who is on them with which address, and who can use them."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from analyzer.model.finding import Subject
from analyzer.model.network_view import InterfaceView, NetworkView
from analyzer.model.pages import NetworkPage
from analyzer.render.terminal.found_text import found_text
from analyzer.render.terminal.plan_text import plan_text
from analyzer.render.words.view import cut, visible

_QUOTE = 300
_LINKS: Mapping[bool | None, str] = MappingProxyType(
    {True: "link up", False: "LINK DOWN", None: "link not known"}
)


def networks_text(pages: Sequence[NetworkPage]) -> str:
    """Return the networks, each with its interfaces, what was found about it and what to do."""
    lines = [line for page in pages for line in (*_network_of_page(page), "")]
    return "\n".join(line.rstrip() for line in lines[:-1]) + "\n"


def _network_of_page(page: NetworkPage) -> Iterator[str]:
    view = page.view
    yield visible(view.network.name or view.network.uuid)
    yield f"  network  {view.network.uuid}"
    unmanaged = ", not managed by xapi" if view.managed is False else ""
    yield f"  bridge   {visible(view.bridge or 'unknown')}{unmanaged}"
    yield f"  pool     {visible(view.pool.called if view.pool else 'unknown')}"
    if view.purpose is None:
        purpose_of_view = "not known"
    else:
        purpose_of_view = visible(", ".join(view.purpose)) or "none, so NBD is not offered here"
    yield f"  purpose  {purpose_of_view}"
    yield _quote_of_source(str(view.evidence.source), view.evidence.text)
    yield from ("", "INTERFACES")
    for each in view.interfaces:
        plugged = {True: "attached", False: "NOT ATTACHED", None: "attached or not is not known"}
        kind = f" ({visible(each.kind)})" if each.kind else ""
        facts = [
            plugged[each.attached],
            _LINKS[each.link],
            f"firewall {each.firewall or 'not known'}",
        ]
        facts += ["management"] if each.management else []
        facts += [] if each.reported else ["no report of this host"]
        yield f"  {_subject_named(each.host)}: {visible(each.pif.name or each.pif.uuid)}{kind}"
        yield f"      {_addresses_in_words(each)}; {', '.join(facts)}"
        yield f"      {'get_nbd_info names it' if each.named else 'get_nbd_info does not name it'}"
        yield _quote_of_source(str(each.evidence.source), each.evidence.text)
        for warning in each.warnings:
            yield f"      ! {warning.confidence}: {visible(warning.what)}"
            for evidence in warning.evidence:
                yield _quote_of_source(str(evidence.source), evidence.text)
    if not view.interfaces:
        yield "  none is known"
    yield from ("", "WHO COULD USE IT", *_user_lines(view), "", "FINDINGS")
    yield from found_text(page.findings)
    yield from plan_text(page.plans)


def _addresses_in_words(each: InterfaceView) -> str:
    if not each.addresses:
        return f"no address (mode {visible(each.mode or 'not known')})"
    mask = f", netmask {visible(each.netmask)}" if each.netmask else ""
    gateway = f", gateway {visible(each.gateway)}" if each.gateway else ""
    return f"{visible(', '.join(each.addresses))}{mask}{gateway}"


def _user_lines(view: NetworkView) -> Iterator[str]:
    for sr in view.serves:
        yield f"  disks of SR {_subject_named(sr)} are offered here"
    if not view.serves:
        yield "  the disks of no SR are offered here, as far as was read"
    if view.clients:
        subnets = ", ".join(view.clients)
        yield f"  without a router: clients in {subnets}; others by routes that no report shows"


def _quote_of_source(source: str, text: str) -> str:
    return f"      [{visible(source)}] {cut(visible(text), _QUOTE)}"


def _subject_named(subject: Subject) -> str:
    return f"{visible(subject.name or '')} {visible(subject.uuid)}".strip()
