"""Where everything stands in the drawing of a pool's networks; the template only writes it down.

Hosts stand in columns, networks run across as lines: thick with TLS, a double line without,
thin with no NBD purpose, dotted where the purpose is not known. A box is a host's interface on a
network, with its address. What is wrong has a mark with a letter, what is not known a ``?``.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from analyzer.model.finding import Finding, Severity
from analyzer.model.nbd_view import NbdNetwork, NbdPlace, NbdView, PlaceState
from analyzer.render.words.nbd_words import (
    INSECURE,
    SECURE,
    SHORT,
    called,
    network_words,
    purpose_words,
    session_words,
)
from analyzer.render.words.view import visible
from analyzer.values import dataclass

SIDE, COLUMN, BOX, HEAD, ROW, TALL = 220, 212, 196, 62, 66, 48
MOST_HOSTS, MOST_NETWORKS = 16, 16
_SIDE_CHARACTERS, _BOX_CHARACTERS, _HEAD_CHARACTERS = 32, 25, 26
_STYLES: Mapping[PlaceState, str] = MappingProxyType(
    {
        PlaceState.NAMED: "named",
        PlaceState.DOUBTED: "named",
        PlaceState.IDLE: "idle",
        PlaceState.EMPTY: "empty",
        PlaceState.DETACHED: "empty",
        PlaceState.PLAIN: "bare",
        PlaceState.UNKNOWN: "unseen",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A mark beside a box: a severity with its letter, or ``unsure`` with a question mark."""

    kind: str
    letter: str
    title: str
    finding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A host above its column."""

    x: int
    lines: tuple[str, str]
    title: str
    sign: Sign | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceBox:
    """An interface: its place, style, two lines of text, a title and a mark."""

    x: int
    y: int
    style: str
    lines: tuple[str, str]
    title: str
    sign: Sign | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A network: the height of its line, its style, three lines of text, boxes and a mark."""

    y: int
    style: str
    lines: tuple[str, str, str]
    title: str
    boxes: tuple[PlaceBox, ...]
    sign: Sign | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkDrawing:
    """A drawing, and how many hosts and networks had no room in it."""

    width: int
    height: int
    heads: tuple[Head, ...]
    wires: tuple[Wire, ...]
    hosts_left_out: int
    networks_left_out: int


def network_drawing(view: NbdView, findings: Mapping[str, Finding]) -> NetworkDrawing | None:
    """Return the drawing of a pool, None if it has no host or no network to draw."""
    hosts = view.hosts[:MOST_HOSTS]
    networks = view.networks[:MOST_NETWORKS]
    if not hosts or not networks:
        return None
    columns = {host.host.uuid: SIDE + number * COLUMN for number, host in enumerate(hosts)}
    head_of_host: list[Head] = []
    for host in hosts:
        name = called(host.host)
        fact = session_words(host).partition(":")[0] if host.bundles else "its report was not given"
        head_of_host.append(
            Head(
                x=columns[host.host.uuid],
                lines=(
                    _cut_to_box(name, _HEAD_CHARACTERS),
                    _cut_to_box(fact, _HEAD_CHARACTERS + 3),
                ),
                title=f"host {name} {host.host.uuid}: {fact}",
                sign=_worst_sign(host.findings, findings),
            )
        )
    return NetworkDrawing(
        width=SIDE + len(hosts) * COLUMN + 8,
        height=HEAD + len(networks) * ROW,
        heads=tuple(head_of_host),
        wires=tuple(
            _wire_of_network(network, HEAD + number * ROW, columns, findings)
            for number, network in enumerate(networks)
        ),
        hosts_left_out=len(view.hosts) - len(hosts),
        networks_left_out=len(view.networks) - len(networks),
    )


def _wire_of_network(
    network: NbdNetwork, y: int, columns: Mapping[str, int], findings: Mapping[str, Finding]
) -> Wire:
    purpose = purpose_words(network.purpose)
    name = network_words(network)
    line_purpose = network.purpose
    if line_purpose is None:
        line_of_purpose = "unknown"
    elif SECURE in line_purpose and INSECURE in line_purpose:
        line_of_purpose = "both"
    else:
        line_of_purpose = (
            "secure"
            if SECURE in line_purpose
            else "insecure"
            if INSECURE in line_purpose
            else "none"
        )
    # One box a host: of several interfaces on one network the most telling one.
    boxes_of_network: list[PlaceBox] = []
    own: dict[str, list[NbdPlace]] = {}
    for place in network.places:
        own.setdefault(place.host, []).append(place)
    for host, x in columns.items():
        if host in own:
            boxes_of_network.append(_box_of_places(own[host], x, y + (ROW - TALL) // 2, findings))
    return Wire(
        y=y,
        style=line_of_purpose,
        lines=(
            _cut_to_box(name, _SIDE_CHARACTERS - 4),
            _cut_to_box(network.bridge or "", 28),
            _cut_to_box(purpose, 32),
        ),
        title=f"network {name} {network.network.uuid}: {purpose}",
        boxes=tuple(boxes_of_network),
        sign=_worst_sign(network.findings, findings),
    )


def _box_of_places(
    places: Sequence[NbdPlace], x: int, y: int, findings: Mapping[str, Finding]
) -> PlaceBox:
    place = min(places, key=lambda each: (list(PlaceState).index(each.state), each.pif))
    first = " ".join(place.addresses) or SHORT[place.state]
    more = f" +{len(places) - 1}" if len(places) > 1 else ""
    state = "" if first == SHORT[place.state] else SHORT[place.state]
    carrier = "no carrier" if place.carrier is False else ""
    second = ", ".join(word for word in (place.device, carrier, state) if word) + more
    every = "; ".join(
        f"{each.device} {' '.join(each.addresses)}: {each.state.value}" for each in places
    )
    found = _worst_sign(place.findings, findings)
    if found is not None:
        sign_of_place: Sign | None = found
    elif place.warnings:
        what = "; ".join(warning.what for warning in place.warnings)
        sign_of_place = Sign(kind="warning", letter="!", title=what)
    elif place.state is PlaceState.UNKNOWN:
        sign_of_place = Sign(
            kind="unsure", letter="?", title="what get_nbd_info makes of it is not known"
        )
    else:
        sign_of_place = None
    return PlaceBox(
        x=x,
        y=y,
        style=_STYLES[place.state],
        lines=(_cut_to_box(first, _BOX_CHARACTERS - 3), _cut_to_box(second, _BOX_CHARACTERS + 2)),
        title=every,
        sign=sign_of_place,
    )


def _worst_sign(ids: Iterable[str], findings: Mapping[str, Finding]) -> Sign | None:
    own = [findings[name] for name in ids if name in findings]
    if not own:
        return None
    worst = min(own, key=lambda finding: (finding.severity.rank, finding.id))
    return Sign(
        kind=Severity(worst.severity).value,
        letter=worst.severity.value[0].upper(),
        title="; ".join(finding.title for finding in own),
        finding=worst.id,
    )


def _cut_to_box(text: str, limit: int) -> str:
    shown = visible(text)
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"
