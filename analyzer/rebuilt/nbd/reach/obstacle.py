"""What can stand between a client and an address that get_nbd_info gives."""

from enum import StrEnum

from analyzer.model.finding import Confidence, Evidence
from analyzer.values import dataclass


class Trouble(StrEnum):
    """The kinds of obstacles."""

    LINK = "the link is down"
    GONE = "the host has not the address"
    ELSEWHERE = "the address is not on the network's bridge"
    LOCAL = "the address is of no use for others"
    IPV6 = "the server does not listen on IPv6"
    UNMANAGED = "xapi does not manage the interface"
    FIREWALL = "the host's firewall rejects the connection"
    SILENT = "nothing listens on the port"
    SHARED = "answers may leave through another network"
    PURPOSES = "the network has both purposes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One obstacle for one address: ``what`` is a clause, without a full stop."""

    trouble: Trouble
    what: str
    confidence: Confidence
    evidence: tuple[Evidence, ...]
