"""A difference of two reports as text, JSON and a page."""

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

from analyzer import __version__
from analyzer.desk.difference import Change, Difference, Fate
from analyzer.desk.steps_taken import Sight
from analyzer.model.code import code
from analyzer.render.data.json import Object, dumped
from analyzer.render.html.page import page
from analyzer.render.words.view import visible

_WIDTH, _FEW = 100, 3
_TITLES = {
    Fate.NEW: "New",
    Fate.STILL: "Still there",
    Fate.LOST: "Lost sight of: neither fixed nor still there is proven",
    Fate.FIXED: "Fixed",
    Fate.PAST: "Over already: in the older report, or begun and ended since",
}


def verdict(told: Difference) -> str:
    """Return the answer in one line.

    >>> verdict(Difference(older=None, newer=None, changes=(), steps=()))
    'Neither report tells of any trouble.'
    """
    if not told.changes:
        return "Neither report tells of any trouble."
    counts = ", ".join(f"{len(told.of(fate))} {fate}" for fate in Fate if told.of(fate))
    opened = told.of(Fate.NEW, Fate.STILL, Fate.LOST)
    return f"{'Not over' if opened else 'Over'}: {counts}."


def difference_text(told: Difference) -> str:
    """Return it for a terminal or a ticket, in UTC, the verdict last."""
    head_of_difference: list[str] = []
    head_of_difference.append(
        f"Older report: {_when_in_words(told.older)}   newer report: {_when_in_words(told.newer)}"
    )
    head_of_difference.append("")
    step_lines: list[str] = []
    if told.steps:
        step_lines.append("Steps of the older report's plans")
        for step in told.steps:
            sight = (
                step.sight if step.sight is not Sight.UNSEEN or not step.shown_by else "not seen"
            )
            step_lines.extend(
                _wrapped_lines(f"{sight.partition(':')[0]:<10} {step.object}: {step.step}", 2)
            )
            step_lines.extend(
                _wrapped_lines(step.shown_by or str(step.sight.partition(": ")[2]), 13)
            )
        step_lines.append("")
    return (
        "\n".join(
            [
                *head_of_difference,
                *_change_lines(told),
                *step_lines,
                verdict(told),
            ]
        )
        + "\n"
    )


def difference_json(told: Difference) -> str:
    """Return it as one JSON document; times are in UTC, null where not known."""
    document: Object = {
        "schema_version": 1,
        "tool": {"name": "cbtriage", "version": __version__},
        "older": _iso_of(told.older),
        "newer": _iso_of(told.newer),
        "verdict": verdict(told),
        "changes": [
            {**asdict(change), "fate": code(change.fate), "since": _iso_of(change.since)}
            for change in told.changes
        ],
        "steps": [{**asdict(step), "sight": code(step.sight)} for step in told.steps],
    }
    return dumped(document)


def difference_page(told: Difference) -> str:
    """Return it as one self-contained page, in the style of report.html."""
    return page(
        "diff.html.j2",
        told=told,
        verdict=verdict(told),
        parts=[(_TITLES[fate], told.of(fate), fate.is_open) for fate in Fate if told.of(fate)],
        when=_when_in_words,
        place=_place_of_change,
        about=_objects_in_words,
        sights=Sight,
        version=__version__,
    )


def _change_lines(told: Difference) -> Iterator[str]:
    for fate in Fate:
        if not (changes := told.of(fate)):
            continue
        yield f"{_TITLES[fate]} ({len(changes)})"
        for change in changes:
            yield from _wrapped_lines(
                f"{change.severity:<8} {_objects_in_words(change)}{change.title}", 2
            )
            since = f"since {_when_in_words(change.since)}; " if change.since else ""
            yield from _wrapped_lines(f"{since}{change.why}", 11)
            yield from _wrapped_lines(f"{change.id}, {_place_of_change(change)}", 11)
        yield ""


def _wrapped_lines(text: str, indent: int) -> Iterator[str]:
    if text:
        yield from textwrap.wrap(
            visible(text),
            _WIDTH,
            initial_indent=" " * indent,
            subsequent_indent=" " * max(indent, 11),
            break_on_hyphens=False,
            break_long_words=False,
        )


def _objects_in_words(change: Change) -> str:
    return f"{', '.join(change.objects[:_FEW])}: " if change.objects else ""


def _place_of_change(change: Change) -> str:
    """Return where the line stands that shows a trouble."""
    quoted = change.quoted
    where = f":{quoted['line']}" if quoted.get("line") else ""
    return f"{quoted.get('bundle', '')}/{quoted.get('member', '')}{where}"


def _when_in_words(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "time not known"


def _iso_of(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
