"""Run every sample of the catalogue through the real parsers: hits hit, near misses miss."""

from collections.abc import Iterator

from analyzer.parsers import LOG_PARSERS
from analyzer.parsers.scan.scan import Scanner
from analyzer.rules.pattern import Catalogue, Pattern, Role, SampleSet, When

_ALERTS = "alerts"
_SHOWN = 80


def check_samples(catalogue: Catalogue) -> tuple[str, ...]:
    """Return what is wrong with the samples, one ``file: problem`` each; () is good."""
    scanner = Scanner(LOG_PARSERS, catalogue.selectors)
    noise = frozenset(kind for pattern in catalogue.noise for kind in pattern.kinds)
    return tuple(
        f"{pattern.file}: {problem}"
        for pattern in catalogue.patterns
        for samples in pattern.samples
        for problem in _problems_of_scanner(scanner, pattern, samples, noise)
    )


def _problems_of_scanner(
    scanner: Scanner, pattern: Pattern, samples: SampleSet, noise: frozenset[str]
) -> Iterator[str]:
    own = {selector.id for selector in samples.selectors}
    never = set(own)
    for text in samples.hit:
        hits, _ = hits_of(scanner, samples, text)
        never -= hits
        if not hits & own:
            yield f"no selector takes the hit {text[:_SHOWN]!r}"
        elif hits & noise and pattern.role is Role.FINDING:
            yield f"{', '.join(sorted(hits & noise))} mutes the hit {text[:_SHOWN]!r}"
    yield from _problems_of_doubt(scanner, pattern, samples)
    for kind in sorted(never):
        yield f"no hit is taken by the selector {kind}"
    for text in samples.miss:
        hits, understood = hits_of(scanner, samples, text)
        if hits & own:
            yield f"{', '.join(sorted(hits & own))} takes the miss {text[:_SHOWN]!r}"
        if not understood:
            yield f"no parser understands the miss {text[:_SHOWN]!r}"


def _problems_of_doubt(scanner: Scanner, pattern: Pattern, samples: SampleSet) -> Iterator[str]:
    own = {selector.id for selector in samples.selectors}
    for text in samples.cannot_tell:
        # Whether one line may decide nothing: others are waited for, or the state is asked.
        if not (len(pattern.selectors) > 1 or pattern.when != When() or pattern.correlate.gte > 1):
            yield f"a line that a selector takes decides here: {text[:_SHOWN]!r}"
        elif not hits_of(scanner, samples, text)[0] & own:
            yield f"no selector takes {text[:_SHOWN]!r}, so it is ruled out"


def hits_of(scanner: Scanner, samples: SampleSet, text: str) -> tuple[set[str], bool]:
    """Return the selectors that take a sample, and whether it is a line that a parser reads.

    The sample is read by each parser that its selectors name.
    """
    found: set[str] = set()
    understood = False
    for parser in sorted({selector.parser for selector in samples.selectors}):
        if parser == _ALERTS:
            hits = scanner.match(_ALERTS, "", text)
            found |= {hit.selector for hit in hits}
            understood = True
            continue
        for record in scanner.parse_text(parser, text):
            understood = True
            hits = scanner.match(parser, record.process, record.message)
            found |= {hit.selector for hit in hits}
    return found, understood
