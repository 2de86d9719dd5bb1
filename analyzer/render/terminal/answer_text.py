"""The answer on the terminal: at most 25 rows of 80 columns, and the verdict last.

What stands last is nearest the prompt. Rows are wrapped and never cut; where there is not room
for all, the last things to go are the verdict, the names of the objects and *cannot tell*.
"""

from collections.abc import Mapping, Sequence

from rich.style import Style
from rich.text import Text

from analyzer.model.report import Report
from analyzer.model.source import Source
from analyzer.render.terminal.rows import Rows, printed, styled
from analyzer.render.words.answer import ReportAnswer, answer_of, doubt_words
from analyzer.render.words.answer_facts import Fact
from analyzer.render.words.summary import CannotTell
from analyzer.render.words.troubled import Troubled, alike_together, first_for_each
from analyzer.render.words.view import short_place
from analyzer.story.together import pool_name
from analyzer.values import dataclass

_ASKED_FIRST = 3  # rows of a question that go before all others
MOST_ROWS, WIDTH, OBJECTS = 25, 80, 8
_ROWS_OF_OBJECTS = 12
WRITTEN = "Written: "
_LABEL = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Some rows, and ``place``: where they stand. A ``step`` is a first step of an object."""

    place: tuple[int, int]
    rows: Sequence[Text]
    step: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where a terminal that knows links leads to: URLs of quoted lines, and of written files."""

    places: Mapping[Source, str]
    files: Mapping[str, str]


def render_answer(
    report: Report,
    *,
    written: Sequence[str] = (),
    width: int = WIDTH,
    color: bool = False,
    links: Links | None = None,
) -> str:
    """Return the answer; ``written`` are the paths of the files that hold the rest.

    Links are only for a terminal that takes colours.
    """
    links = links or Links(places={}, files={})
    rows = Rows(width=min(width, WIDTH), full=False, places=links.places)
    files = [row for path in written for row in _file_of_path(path, links.files.get(path), rows)]
    # The answer; of several pools that of each, in as many rows, and then all verdicts.
    answer = answer_of(report)
    if not report.parts:
        shown = _rows_that_fit(_blocks_by_weight(answer, rows, files), MOST_ROWS)
        return printed(shown, rows.width, color=color)
    verdicts = styled(rows.wrap(answer.verdict, hang=2), answer.tone)
    found = [row for block in _asked_blocks(answer, rows)[:_ASKED_FIRST] for row in block.rows]
    room = max(MOST_ROWS - len(files) - len(verdicts) - len(found), 0) // len(report.parts)
    for part in report.parts:
        found += rows.wrap(pool_name(part))
        found += _rows_that_fit(_blocks_by_weight(answer_of(part), rows, ()), room - 1)
    return printed([*found, *files, *verdicts], rows.width, color=color)


def _file_of_path(path: str, url: str | None, rows: Rows) -> list[Text]:
    made = rows.wrap(path, hang=2)
    style = Style(link=url) if url else ""
    for number, row in enumerate(made):
        row.stylize(style, 2 if number else len(path) - len(path.removeprefix(WRITTEN)))
    return made


def _rows_that_fit(blocks: Sequence[_Block], most: int) -> list[Text]:
    """Return the rows of the blocks that fit, in the order of their places."""
    room, taken = most - 1, []
    for block in blocks:
        if len(block.rows) <= room:
            taken.append(block)
            room -= len(block.rows)
    if any(block.step for block in blocks if block not in taken):
        note = Text("The other steps are in the report, in the plan of each object.")
        taken.append(_Block(place=(5, 0), rows=[note]))
    return [row for block in sorted(taken, key=lambda block: block.place) for row in block.rows]


def _blocks_by_weight(answer: ReportAnswer, rows: Rows, files: Sequence[Text]) -> list[_Block]:
    """Return the blocks, those that matter most first."""
    looked = [] if answer.objects else rows.wrap(f"Looked at: {answer.looked}.", hang=2)
    danger = [fact for fact in answer.facts if fact.label == "Danger"]
    others = [fact for fact in answer.facts if fact.label != "Danger"]
    steps, asked = _steps_of_answer(answer, rows), _asked_blocks(answer, rows)
    if not answer.minor:
        minor_rows: list[Text] = []
    else:
        text = f"Minor ({len(answer.minor)}): {answer.minor[0]}"
        minor_rows = rows.wrap(text, hang=2)
    every = [
        _Block(place=(9, 0), rows=styled(rows.wrap(answer.verdict), answer.tone)),
        _Block(place=(8, 0), rows=files),
        _Block(place=(0, 0), rows=rows.wrap(f"cbtriage: {answer.given}; {answer.read}", hang=2)),
        *asked[:_ASKED_FIRST],
        _Block(place=(0, 1), rows=looked),
        *_object_names(answer, rows),
        *_doubts_of_answer(answer, rows),
        *asked[_ASKED_FIRST:],
        *(_fact_of_place(3, fact, rows) for fact in danger),
        *steps[:1],
        *(_fact_of_place(2, fact, rows) for fact in others),
        *steps[1:],
        *[
            _Block(place=(6, number), rows=_doubt_rows("? ", doubt, rows))
            for number, doubt in enumerate(answer.doubts[1:], 1)
        ],
        _Block(place=(5, 1), rows=minor_rows),
        _Block(place=(1, 0), rows=[Text()]),
        *([_Block(place=(7, 0), rows=[Text()])] if answer.objects or answer.doubts else []),
    ]
    return [block for block in every if block.rows]


def _asked_blocks(answer: ReportAnswer, rows: Rows) -> list[_Block]:
    """Return what was asked and what answers it, before all else."""
    return [
        _Block(place=(0, 2 + number), rows=rows.wrap(line, indent=2 if number else 0, hang=4))
        for number, line in enumerate(answer.asked)
    ]


def _object_rows(answer: ReportAnswer) -> list[tuple[Troubled, ...]]:
    return alike_together(answer.objects[:OBJECTS])


def _object_names(answer: ReportAnswer, rows: Rows) -> list[_Block]:
    shown = _object_rows(answer)
    told = [rows.wrap(_objects_in_words(row, row[0].now_in_words), hang=2) for row in shown]
    for number in reversed(range(len(shown))):  # the last in short, so that each is named
        if sum(map(len, told)) > _ROWS_OF_OBJECTS:
            row = shown[number]
            told[number] = rows.wrap(_objects_in_words(row, row[0].now), hang=2)
    blocks = [
        _Block(place=(4, 2 * number), rows=styled(own, row[0].severity))
        for number, (own, row) in enumerate(zip(told, shown, strict=True))
    ]
    left = len(answer.objects) - OBJECTS
    if left > 0:
        text = f"and {left} more, in the report"
        blocks.append(_Block(place=(4, 2 * OBJECTS), rows=rows.wrap(text)))
    return blocks


def _objects_in_words(row: Sequence[Troubled], now: str) -> str:
    untracked = f", untracked {row[0].untracked}" if row[0].untracked else ""
    return f"{', '.join(each.name for each in row)}: {now}{untracked}"


def _steps_of_answer(answer: ReportAnswer, rows: Rows) -> list[_Block]:
    return [
        _Block(
            place=(4, 2 * number + 1),
            rows=rows.wrap(f"first: {first}", indent=2, hang=4),
            step=True,
        )
        for number, row in enumerate(_object_rows(answer))
        if (first := first_for_each(row))
    ]


def _fact_of_place(place: int, fact: Fact, rows: Rows) -> _Block:
    sure = f" ({fact.sure})" if fact.sure else ""
    source = f" [{short_place(fact.source)}]" if fact.source else ""
    text = f"{fact.label:<{_LABEL}}{fact.text}{sure}{source}"
    return _Block(place=(place, 0), rows=rows.placed(rows.wrap(text, hang=_LABEL), fact.source))


def _doubts_of_answer(answer: ReportAnswer, rows: Rows) -> list[_Block]:
    doubts = answer.doubts
    if not doubts:
        return []
    title = f"? CANNOT TELL ({len(doubts)}): " if len(doubts) > 1 else "? CANNOT TELL: "
    told = [_Block(place=(6, 0), rows=styled(_doubt_rows(title, doubts[0], rows), "unsure"))]
    if answer.ask:
        told.append(_Block(place=(6, len(doubts)), rows=rows.wrap(answer.ask, hang=2)))
    return told


def _doubt_rows(title: str, doubt: CannotTell, rows: Rows) -> list[Text]:
    found = rows.wrap(title + doubt_words(doubt), hang=2)
    settle = [row for each in doubt.settle_with[:1] for row in rows.wrap(f"-> {each}", indent=2)]
    return found + settle
