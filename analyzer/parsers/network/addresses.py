"""Read ip-s-addr.out, and ifconfig-a.out of older releases: network devices and addresses.

Writers: iproute2 ``ip -s addr`` (``ip/ipaddress.c``, `print_linkinfo`, `print_addrinfo`), run by
xen-bugtool (`network-status`) since 2.0.9; before it net-tools ``ifconfig -a`` (version 2). No
times. ifconfig shows no state; its RUNNING flag stands for the carrier.

True lines: ``7: xenbr0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP``,
``    inet 192.0.2.11/24 brd 192.0.2.255 scope global xenbr0``, and
``xenbr0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500``.

Not read: hardware addresses, counters, lifetimes.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import field
from ipaddress import IPv4Network

from analyzer.bundle.member import Member
from analyzer.model.network import Interface, InterfaceAddress, Interfaces
from analyzer.model.report import ParseProblem
from analyzer.model.source import Source
from analyzer.parsers._api import Fact
from analyzer.parsers._text import read_text
from analyzer.values import dataclass

_IP_DEVICE = re.compile(
    r"[0-9]{1,9}: (?P<name>[^\s:]{1,64}): <(?P<flags>[A-Z0-9_,-]*)>(?P<rest> .*)"
)
_IP_STATE = re.compile(r" state (?P<state>\S+)")
_IP_ADDRESS = re.compile(
    r"\s+inet6? (?P<address>[0-9A-Fa-f:.]+)(?: peer \S+|/(?P<prefix>[0-9]{1,3}))?"
    r"(?P<rest> .*)? scope (?P<scope>\S+).*"
)
_IFCONFIG_DEVICE = re.compile(
    r"(?P<name>\S{1,64}): flags=[0-9]+<(?P<flags>[A-Z0-9_,-]*)>(?P<rest> .*)"
)
_IFCONFIG_IPV4 = re.compile(r"\s+inet (?P<address>[0-9.]+)(?:  netmask (?P<mask>[0-9.]+))?.*")
_IFCONFIG_IPV6 = re.compile(
    r"\s+inet6 (?P<address>[0-9A-Fa-f:.]+)  prefixlen (?P<prefix>[0-9]{1,3})"
    r"(?:  scopeid 0x[0-9a-f]+<(?P<scope>[^>]*)>)?.*"
)
_ADDRESS = re.compile(r"\s+inet6? ")


@dataclass(slots=True, kw_only=True)
class _Device:
    """A device while its addresses are read."""

    source: Source
    text: str
    name: str
    flags: frozenset[str]
    carrier: bool | None
    state: str
    addresses: list[InterfaceAddress] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The parser of one of the two listings."""

    file: str
    device: Callable[[Source, str], _Device | None]
    address: Callable[[str], InterfaceAddress | None]
    name: str = "interfaces"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == self.file

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the devices in the order of the file, then the first line that is of none."""
        text = read_text(member, limit)
        devices: list[_Device] = []
        strange: list[ParseProblem] = []
        for index, line in text.closed():
            if not line.strip():
                continue
            # Take a line into the devices; False if it has no place there.
            source = text.at(index)
            line_devices = devices
            if not line[0].isspace():
                line_device = self.device(source, line)
                line_devices += [line_device] if line_device else []
                take_line = line_device is not None
            else:
                address = self.address(line)
                if address and line_devices:
                    line_devices[-1].addresses.append(address)
                take_line = bool(line_devices) and (address is not None or not _ADDRESS.match(line))
            if not take_line:
                strange.append(ParseProblem(source=text.at(index), what="no line of a device"))
        yield Interfaces(
            source=text.source,
            complete=text.whole and bool(devices) and not strange,
            interfaces=tuple(_interface_of_device(device) for device in devices),
        )
        yield from strange[:1]


def _interface_of_device(device: _Device) -> Interface:
    return Interface(
        source=device.source,
        text=device.text,
        name=device.name,
        up="UP" in device.flags,
        carrier=device.carrier,
        state=device.state,
        addresses=tuple(device.addresses),
    )


def _ip_device(source: Source, line: str) -> _Device | None:
    found = _IP_DEVICE.fullmatch(line)
    if found is None:
        return None
    flags = frozenset(found["flags"].split(","))
    state = _IP_STATE.search(found["rest"])
    return _Device(
        source=source,
        text=line,
        name=found["name"].partition("@")[0],
        flags=flags,
        carrier=True if "LOWER_UP" in flags else False if "NO-CARRIER" in flags else None,
        state=state["state"] if state else "",
    )


def _ip_address(line: str) -> InterfaceAddress | None:
    found = _IP_ADDRESS.fullmatch(line)
    if found is None:
        return None
    prefix = found["prefix"]
    return InterfaceAddress(
        address=found["address"], prefix=int(prefix) if prefix else None, scope=found["scope"]
    )


def _ifconfig_device(source: Source, line: str) -> _Device | None:
    found = _IFCONFIG_DEVICE.fullmatch(line)
    if found is None:
        return None
    flags = frozenset(found["flags"].split(","))
    return _Device(
        source=source,
        text=line,
        name=found["name"],
        flags=flags,
        carrier="RUNNING" in flags if "UP" in flags else None,
        state="",
    )


def _ifconfig_address(line: str) -> InterfaceAddress | None:
    if found := _IFCONFIG_IPV6.fullmatch(line):
        return InterfaceAddress(
            address=found["address"], prefix=int(found["prefix"]), scope=found["scope"] or ""
        )
    if found := _IFCONFIG_IPV4.fullmatch(line):
        mask = found["mask"]
        try:
            prefix_of_mask: int | None = IPv4Network(f"0.0.0.0/{mask}").prefixlen if mask else None
        except ValueError:
            prefix_of_mask = None
        return InterfaceAddress(address=found["address"], prefix=prefix_of_mask)
    return None


IP = Addresses(file="ip-s-addr.out", device=_ip_device, address=_ip_address)
IFCONFIG = Addresses(file="ifconfig-a.out", device=_ifconfig_device, address=_ifconfig_address)
