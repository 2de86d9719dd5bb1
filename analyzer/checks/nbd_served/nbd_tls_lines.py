"""The lines of xapi-nbd that tell of TLS, by what the client did.

ocaml-ssl prints its exceptions as ``SSL accept() error: error:1417A0C1:SSL routines:…:no shared
cipher`` (ssl.ml register_printer); ``error:00000000`` means that there was no error of SSL: the
client went away. Without its printers an exception is ``Ssl.Accept_error(1)``, 1 being Error_ssl.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from analyzer.case.case import Case, HostReport
from analyzer.case.time.order import Order
from analyzer.model.event import Event
from analyzer.values import dataclass

RULE = "nbd-tls-mismatch"
PLAIN, LEFT, WANTED = f"{RULE}.plain", f"{RULE}.left", f"{RULE}.wanted"
FAILED, SERVED, FALLBACK = f"{RULE}.failed", f"{RULE}.served", f"{RULE}.fallback"
# One client that fails once is a probe; one that has to serve a backup tries again.
_AGAIN = timedelta(hours=1)
_GONE = re.compile(r"error:0{8}|unexpected eof|\((?:Ssl\.Error_(?:syscall|zero_return)|[56])\b")
_REASON = re.compile(r"SSL routines:[^:]*:([A-Za-z0-9][A-Za-z0-9 _./-]{2,80})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The lines of one host, each in order of time.

    ``plain`` clients asked for a disk without TLS, ``left`` ones broke off when TLS was demanded,
    ``wanted`` ones broke off where it was not to be had; ``failed`` are TLS errors. ``served`` are
    the first and the last client that got its disk. ``order`` tells which of two came first.
    """

    plain: tuple[Event, ...]
    left: tuple[Event, ...]
    wanted: tuple[Event, ...]
    failed: tuple[Event, ...]
    served: tuple[Event, ...]
    order: Order


def lines_of(case: Case, reports: Sequence[HostReport]) -> Lines:
    """Return the lines of a host, from all its reports."""
    bundles = {report.bundle for report in reports}

    def own(kind: str) -> tuple[Event, ...]:
        return tuple(each for each in case.events.of(kind) if each.source.bundle in bundles)

    return Lines(
        plain=own(PLAIN),
        left=own(LEFT),
        wanted=own(WANTED),
        failed=tuple(each for each in own(FAILED) if not _GONE.search(each.message)),
        served=own(SERVED),
        order=case.order,
    )


def repeated(events: Sequence[Event]) -> bool:
    """Tell whether it happened again within an hour."""
    close = (one.moment.within(other.moment, _AGAIN) for one, other in pairwise(events))
    return any(each.count > 1 for each in events) or any(close)


def spread(events: Sequence[Event]) -> tuple[Event, ...]:
    """Return events in order of time."""
    return tuple(sorted(events, key=lambda each: (each.moment.at, each.source)))


def reasons(events: Sequence[Event]) -> tuple[str, ...]:
    """Return what OpenSSL gave as the reason, each once."""
    found = (_REASON.search(each.message) for each in events)
    return tuple(dict.fromkeys(match[1].strip() for match in found if match))
