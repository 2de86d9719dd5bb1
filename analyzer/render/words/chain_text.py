"""A CBT chain drawn with ASCII: one row a log, oldest first, and how it goes on.

``[o]`` is a log that is there, ``[?]`` one that was not seen, ``[ ]`` one that is gone; ``|`` is
a certain pointer, ``:`` a likely one, ``X`` a break, ``-`` an end in good order, ``?`` unknown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from analyzer.model.disk import BreakKind, DiskBreak, DiskChain, DiskLink, DiskLog, LogKind
from analyzer.model.finding import Confidence
from analyzer.render.words.view import counted, visible

LEGEND = (
    "[o] log there, [?] not seen, [ ] gone; | certain pointer, : likely or possible, "
    "X broken, - ends in good order, ? not known"
)
_SIGNS: Mapping[BreakKind, str] = MappingProxyType(
    {BreakKind.FAULT: "X", BreakKind.END: "-", BreakKind.UNKNOWN: "?"}
)
_BOXES: Mapping[bool | None, str] = MappingProxyType({True: "[o]", None: "[?]", False: "[ ]"})
_FLAGS: Mapping[bool | None, str] = MappingProxyType(
    {True: ", the database has CBT on", False: ", the database has CBT off", None: ""}
)
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
_STEP = 1024


def chain_lines(chain: DiskChain) -> Iterator[str]:
    """Yield the lines of the drawing; nothing for a chain without logs."""
    signs_behind = _signs_by_log(chain)
    for log, newer in _logs_with_newer(chain):
        kind = "" if log.kind is LogKind.UNKNOWN else f"  {log.kind.value}"
        name = f"  {visible(log.name)}" if log.name else ""
        words_of_log = f"{log.uuid}{kind}{name}  ({', '.join(log_facts(log))})"
        yield f"{_BOXES[log.exists]} {words_of_log}"
        yield from (f" {sign}  {words}".rstrip() for sign, words in signs_behind(log, newer))


def onwards_words(chain: DiskChain) -> dict[str, tuple[str, ...]]:
    """Return in words how the chain goes on behind each log; () behind the newest."""
    signs_behind = _signs_by_log(chain)
    return {
        log.uuid: tuple(_said_of_sign(sign, words) for sign, words in signs_behind(log, newer))
        for log, newer in _logs_with_newer(chain)
    }


def _logs_with_newer(chain: DiskChain) -> Iterator[tuple[DiskLog, str]]:
    """Yield each log with the uuid of the next newer one, "" for the newest."""
    newer = [*(log.uuid for log in chain.logs), ""][1:]
    return zip(chain.logs, newer, strict=True)


def _said_of_sign(sign: str, words: str) -> str:
    if sign in ("|", ":"):
        return f"{words or 'certain'} to the next" if " to " not in words else words
    return words


def log_facts(log: DiskLog) -> tuple[str, ...]:
    """Return in words what is known of a log: whether it is there, its flag, size, who has it."""
    if log.exists is None:
        existence_in_words = f"log not seen{_FLAGS[log.cbt_enabled]}"
    else:
        surely = "" if log.confidence in (None, Confidence.CERTAIN) else f", {log.confidence}"
        existence_in_words = f"log is {'there' if log.exists else 'gone'}{surely}"
    facts = [existence_in_words]
    if log.consistent is not None:
        facts.append("consistent" if log.consistent else "marked as in use")
    if log.size is not None:
        facts.append(size_words(log.size))
    if log.attached:
        facts.append(f"attached {log.attached}")
    return tuple(facts)


def size_words(size: int) -> str:
    """Return a size in the largest unit that leaves at least one, and no digit that lies.

    >>> size_words(1 << 30), size_words(1000), size_words(1536)
    ('1 GiB', '1,000 bytes', '1.5 KiB')
    """
    if size < _STEP:
        return counted(size, "byte")
    unit = min((size.bit_length() - 1) // 10, len(_UNITS) - 1)
    text = f"{size / _STEP**unit:.1f}".removesuffix(".0")
    return f"{text} {_UNITS[unit]}"


def _signs_by_log(chain: DiskChain) -> Callable[[DiskLog, str], Iterator[tuple[str, str]]]:
    """Return what yields (sign, words) for each pointer and break behind a log of a chain."""
    links: dict[str, list[DiskLink]] = {}
    breaks: dict[str, list[DiskBreak]] = {}
    for link in chain.links:
        links.setdefault(link.older, []).append(link)
    for found in chain.breaks:
        breaks.setdefault(found.at, []).append(found)
    return lambda log, newer: _signs_behind(
        links.get(log.uuid, ()), breaks.get(log.uuid, ()), newer
    )


def _signs_behind(
    links: Sequence[DiskLink], breaks: Sequence[DiskBreak], newer: str
) -> Iterator[tuple[str, str]]:
    for link in links:
        if link.stale:
            yield "X", f"stale: points to {link.newer}, whose parent pointer names another log"
        else:
            sign = "|" if link.confidence is Confidence.CERTAIN else ":"
            sure = "" if link.confidence is Confidence.CERTAIN else link.confidence.value
            if link.newer == newer:
                yield sign, sure
            else:
                yield sign, f"{sure} to {link.newer}".strip()
    yield from ((_SIGNS[found.kind], found.what) for found in breaks)
    if newer and not links and not breaks:
        yield "?", "nothing that is known joins it to the next"
