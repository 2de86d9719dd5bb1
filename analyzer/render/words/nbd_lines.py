"""NBD of a pool in a few lines, for the terminal and for Markdown."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from analyzer.model.call import Answer
from analyzer.model.nbd import CONNECTION_LIMIT
from analyzer.model.nbd_view import NbdHost, NbdView
from analyzer.render.html.nbd_pages import info_groups
from analyzer.render.words.nbd_words import (
    SHORT,
    called,
    held_words,
    info_words,
    network_words,
    peak_of,
    pool_words,
    purpose_words,
    session_words,
    since_words,
    tally_words,
    unread_words,
    use_words,
)
from analyzer.render.words.view import counted

Part = TypeVar("Part")


def worth_telling(view: NbdView) -> bool:
    """Tell whether a short report speaks of a pool: only if NBD is used or in trouble there."""
    return view.in_use is True or bool(view.findings)


def nbd_title(view: NbdView) -> str:
    """Return what a pool is called, and whether NBD is used in it."""
    told = {True: "", False: ": NBD is not used", None: ": whether NBD is used cannot be told"}
    return pool_words(view) + told[view.in_use]


def nbd_lines(view: NbdView, limit: int) -> Iterator[str]:
    """Yield the lines of a pool, of each kind at most `limit`, and say what is left out."""
    yield from (f"not known: {gap.why}" for gap in view.unread)
    names = {host.host.uuid: called(host.host) for host in view.hosts}
    open_ = [network for network in view.networks if network.purpose != ()]
    if view.uuid and not open_ and view.networks:
        yield "no network that is known has an NBD purpose"
    for network in _parts_shown(open_, limit):
        places: list[str] = []
        for place in network.places[:limit]:
            network_told = " ".join(place.addresses) or SHORT[place.state]
            against = "".join(f" ({warning.what})" for warning in place.warnings[:1])
            places.append(f"{names.get(place.host, place.host)} {network_told}{against}")
        left = len(network.places) - len(places)
        places += [f"{left} more"] if left > 0 else []
        where = ", ".join(places) or "no interface of a host is known on it"
        yield (f"network {network_words(network)} ({purpose_words(network.purpose)}): {where}")
    yield from _parts_left(open_, limit, "network")
    groups = info_groups(view)
    for group in _parts_shown(groups, limit):
        info = group.info
        srs = ", ".join(called(sr) for sr in group.srs[:3])
        more = f" and {len(group.srs) - 3} more" if len(group.srs) > 3 else ""  # noqa: PLR2004  # as cut above
        answer_told = [] if info.answer is Answer.OK else [info.because]
        answer_told += [warning.what for warning in info.warnings[:1]]
        why_info_fails = f"; {'; '.join(answer_told)}" if answer_told else ""
        yield f"get_nbd_info for SR {srs}{more}: {info_words(info)}{why_info_fails}"
    yield from _parts_left(groups, limit, "answer")
    hosts = [host for host in view.hosts if host.sessions or host.unread]
    for host in _parts_shown(hosts, limit):
        yield from _host_lines(host)
    yield from _parts_left(hosts, limit, "host")
    for each in _parts_shown(view.leftovers, limit):
        facts = (since_words(each), held_words(each), use_words(each))
        told = "; ".join(fact for fact in facts if fact)
        yield f"dom0 of {called(each.host)} holds disk {called(each.vdi)} ({each.vdi.uuid}): {told}"
    yield from _parts_left(view.leftovers, limit, "disk", " that dom0 holds")


def _parts_shown(parts: Sequence[Part], limit: int) -> Sequence[Part]:
    return parts[:limit]


def _parts_left(parts: Sequence[object], limit: int, noun: str, more: str = "") -> Iterator[str]:
    if len(parts) > limit:
        yield f"and {counted(len(parts) - limit, f'more {noun}')}{more} in report.html"


def _host_lines(host: NbdHost) -> Iterator[str]:
    """Yield what a host served, and what was not read of it."""
    peak = peak_of(host)
    if host.sessions:
        facts = [session_words(host)]
        troubles = tally_words(host.troubles)
        facts += [f"behind those that failed: {troubles}"] if troubles else []
        facts += [f"at least {peak} of {CONNECTION_LIMIT} at once"] if peak else []
        facts += [f"{crashes} of xapi-nbd"] if (crashes := _crashes_in_words(host)) else []
        yield f"{called(host.host)}: {'; '.join(facts)}"
    if host.unread:
        yield unread_words(host)


def _crashes_in_words(host: NbdHost) -> str:
    number = sum(run.crashed is True for run in host.runs)
    return counted(number, "crash", "crashes") if number else ""
