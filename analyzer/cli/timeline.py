"""``cbtriage timeline``: everything that was kept, of all hosts, in one order of time."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli._case import AsJson, Quiet, Reading
from analyzer.cli._timeline_asked import Asked, wanted_of
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import HowToRead, Paths, Tz, told_how_to_read
from analyzer.cli.output import in_color, note, say

if TYPE_CHECKING:
    from analyzer.model.entry import Entry, Unseen
    from analyzer.model.lines import ShownTimeline
    from analyzer.render.timeline.timeline_table import Room
    from analyzer.story.timeline.asked import Timeline

_MOST_NOTES = 12
_A_PIECE = 65_536  # characters: so few that a reader who goes away ends it soon


class TimelineFormat(StrEnum):
    """How the timeline is written."""

    TABLE = "table"
    CSV = "csv"
    JSONL = "jsonl"
    MARKDOWN = "markdown"
    OTLP = "otlp"


@told_how_to_read
def timeline_command(
    paths: Paths,
    *,
    vdi: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VDI", help="Only what tells of this disk: uuid, beginning or name; repeatable."
        ),
    ] = None,
    vm: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VM", help="Only what tells of this VM or one of its disks; repeatable."
        ),
    ] = None,
    sr: Annotated[
        str | None,
        typer.Option(metavar="SR", help="Only what tells of this SR or of a disk in it."),
    ] = None,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="Only this host: uuid, beginning or name.")
    ] = None,
    session: Annotated[
        str | None,
        typer.Option(
            metavar="REF",
            help="Only this session: its reference, track id, or (NBD) VBD or pid.",
        ),
    ] = None,
    around: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Only the minutes around: 2024-06-10T13:32, 06-10 13:32."
        ),
    ] = None,
    minutes: Annotated[
        int, typer.Option(min=1, help="How many minutes before and after --around.")
    ] = 10,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Only from this time on.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Only up to this time.")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="Only these: a rule, pattern, selector (sm-*), finding, incident, hole, run.",
        ),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="The verbatim lines, and nothing of ours.")
    ] = False,
    form: Annotated[
        TimelineFormat, typer.Option("--format", help="How to write it.")
    ] = TimelineFormat.TABLE,
    as_json: AsJson = False,
    tz: Tz = "UTC",
    quiet: Quiet = False,
    how: HowToRead,
) -> None:
    """Show all kept events of all hosts, findings, incidents, holes and runs in one order of time.

    Kept are the lines that some rule asks for. Times carry their doubt, and ~ marks a line whose
    order to another is not known. Filters are joined by "and"; a line belongs to an object if it
    names it, or is of the same call of SM or task of xapi as one that does. What could not be
    read is said on standard error.

    Example: cbtriage timeline --vdi 6b0c1a3e --around "06-10 13:32" status-report.tar.bz2

    Exit status: 0 no finding rests on what is shown, 1 some finding does, 2 usage, 3 no readable
    input, 4 no finding is shown, but the input was damaged.
    """
    from analyzer.render.words.zone import Zone, zone_named

    zone = zone_named(tz)
    asked = Asked(
        vdis=tuple(vdi or ()),
        vms=tuple(vm or ()),
        sr=sr,
        host=host,
        session=session,
        around=around,
        minutes=minutes,
        since=since,
        until=until,
        kinds=tuple(kind or ()),
    )
    reading = Reading(paths, quiet=quiet, how=how)
    wanted = wanted_of(asked, reading, zone)
    timeline = reading.timeline(wanted, Zone() if as_json else zone)
    if as_json:
        from analyzer.render.data.json import answers_in_turn

        _say_all(answers_in_turn("happenings", timeline.entries))
    else:
        _print_entries(timeline, form, raw=raw)
    _notes_of_logs(timeline.shown, reading.shown(timeline.logs, zone), timeline.kept)
    raise typer.Exit(FINDINGS if timeline.shown.found else DAMAGED if reading.damaged else 0)


def _print_entries(timeline: "Timeline", form: TimelineFormat, *, raw: bool) -> None:
    from analyzer.render.timeline.timeline_csv import timeline_csv
    from analyzer.render.timeline.timeline_jsonl import timeline_jsonl
    from analyzer.render.timeline.timeline_otlp import timeline_otlp
    from analyzer.render.timeline.timeline_table import timeline_raw, timeline_table

    entries = timeline.entries
    terminal = sys.stdout.isatty()
    match form:
        case TimelineFormat.CSV:
            _say_all(timeline_csv(entries, raw=raw))
        case TimelineFormat.JSONL:
            _say_all(timeline_jsonl(entries, raw=raw))
        case TimelineFormat.OTLP:
            _say_all(timeline_otlp(entries, raw=raw))
        case TimelineFormat.MARKDOWN:
            from analyzer.render.timeline.timeline_markdown import timeline_markdown

            _say_all(timeline_markdown(entries, raw=raw))
        case TimelineFormat.TABLE if raw:
            _say_all(timeline_raw(entries, terminal=terminal))
        case TimelineFormat.TABLE:
            width = shutil.get_terminal_size((100, 40)).columns if terminal else None
            _say_all(timeline_table(*_with_room(timeline), width=width, color=in_color()))


def _with_room(timeline: "Timeline") -> "tuple[Iterable[Entry], Room]":
    from analyzer.render.timeline.timeline_table import room_for, room_of

    if timeline.whole is None:
        entries = tuple(timeline.entries)
        return entries, room_of(entries)
    whole = timeline.whole
    return timeline.entries, room_for(whole.hosts, whole.lanes, [time for _, time in whole.times])


def _say_all(chunks: Iterable[str]) -> None:
    piece: list[str] = []
    size = 0
    for chunk in chunks:
        piece.append(chunk)
        size += len(chunk)
        if size >= _A_PIECE:
            say("".join(piece))
            piece, size = [], 0
    say("".join(piece))


def _notes_of_logs(shown: "ShownTimeline", logs: "Sequence[Unseen]", kept: int) -> None:
    """Say on standard error what could not be read, and, where nothing is shown, why."""
    from analyzer.render.words.view import counted, span, visible

    undated = f"{counted(shown.undated, 'line')} of an unknown year, shown last"
    notes = [undated] if shown.undated else []
    if not shown.count:
        notes.append(
            f"nothing to show: none of {counted(kept, 'kept record')} fits; what was read:"
        )
    for log in logs:
        read = f"read, {span(*log.window)}" if log.window else "read"
        if log.why:
            settle = f"; settle with: {log.settle_with}" if log.settle_with else ""
            notes.append(f"{log.need} of {visible(log.host)}: {visible(log.why)}{settle}")
        elif not shown.count:
            notes.append(f"{log.need} of {visible(log.host)}: {read}")
    more = len(notes) - _MOST_NOTES
    for line in [*notes[:_MOST_NOTES], *([f"and {counted(more, 'more log')}"] if more > 0 else [])]:
        note(line)
