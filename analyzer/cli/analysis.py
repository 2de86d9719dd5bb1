"""One analysis, asked for on the command line: status reports in, a summary and files out.

Nothing here knows how it was asked for: the usual call does without typer (`analyzer.cli.start`).
"""

import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import IO, Any, TypeVar

from analyzer.beside import Begun
from analyzer.case.case import Case
from analyzer.cli.case_file import NAME
from analyzer.cli.case_making import CaseBegun, case_begun, case_made
from analyzer.cli.inputs import inputs_of, unchanged_since
from analyzer.cli.output import in_color, knows_links, note, say
from analyzer.cli.progress import told_to_write, watching
from analyzer.cli.report_files import write_files
from analyzer.errors import AnalyzerError, UsageError
from analyzer.model.finding import Severity
from analyzer.model.report import Report
from analyzer.render import FORMATS, Format
from analyzer.render.terminal.answer_text import WIDTH, WRITTEN, Links, render_answer
from analyzer.render.words.local import in_zone
from analyzer.render.words.status import exit_status
from analyzer.render.words.zone import Zone, zone_named
from analyzer.run import Options, load_case
from analyzer.stages import REPORT_IT, place_of
from analyzer.story.pages import Judged
from analyzer.story.timeline.lines import told_of
from analyzer.values import dataclass

_INTERNAL = 5
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for: of which inputs, how they are read and shown, and what is written.

    ``output`` is the folder of the files, None for one named after the first input; ``formats``
    are what is written there, () for HTML and JSON. ``fail_on`` is the least severity that makes
    the exit status 1, None for none. ``about`` and ``when`` are the question, if there is one.
    """

    paths: tuple[Path, ...]
    options: Options
    output: Path | None = None
    formats: tuple[str, ...] = ()
    stdout: bool = False
    ticket: bool = False
    reply: bool = False
    redact: bool = False
    tz: str = "UTC"
    fail_on: Severity | None = Severity.WARNING
    strict: bool = False
    about: str | None = None
    when: str | None = None
    case_file: bool = True
    force: bool = False
    quiet: bool = False
    verbose: bool = False


def analyze(asked: Asked) -> int:
    """Analyze, write and print what was asked for, and return the exit status.

    Raises:
        InputError: a path cannot be read, or nothing in any of them belongs to a status report.
        UsageError: what is asked for does not go together, or cannot be written.
    """
    zone, chosen = zone_named(asked.tz), _chosen(asked)
    # Where the report goes.
    folder = asked.output or Path(f"cbtriage-{_bundle_name(asked.paths)}")
    if asked.output is None and folder.is_symlink() and not asked.force:
        msg = f"{folder}: it is a link that somebody laid there; name the folder with -o"
        raise UsageError(msg)
    own = _Beside()
    without_case = not asked.case_file or asked.redact or asked.stdout
    inputs = None if without_case else inputs_of(asked.paths)
    making = _CaseFile(inputs, asked, own)
    with watching(quiet=asked.quiet) as progress:
        case, judged = load_case(asked.paths, asked.options, progress, making.begin)
        judged = own.told(
            "the answer to what was asked", partial(_questioned, case, judged, asked, zone), judged
        )
        report, check = _kept(judged, case, folder) if asked.redact else (judged, str)
        wanted = [form for form in FORMATS if form.name in (chosen or ("html", "json"))]
        told_to_write(progress)
        # A long case file and the other files are made side by side.
        draw = partial(_rendered, report, wanted, zone, check)
        drawing = Begun[None, tuple[dict[str, str], bool]](
            lambda _: draw(), worth_it=making.is_beside
        )
        drawn = cache(drawing.made)
        making.tell(case, judged)
        beside = {} if asked.stdout else making.files(Judged(case, judged), drawn)
        texts, whole = drawn()
    if asked.stdout:
        say(*texts.values())
    else:
        written = write_files(folder, {**texts, **beside}, force=asked.force)
        printed = partial(_print, asked, _shown(report, zone), (report, case, check), written)
        own.told("what is printed", printed, None)
    whole = whole and own.whole
    return exit_status(report, asked.fail_on, strict=asked.strict) if whole else _INTERNAL


class _Beside:
    """Makes what lies beside the report; ``whole`` tells whether our code failed in none of it."""

    def __init__(self) -> None:
        self.whole = True

    def told(self, what: str, make: Callable[[], Made], otherwise: Made) -> Made:
        """Return what is made, or `otherwise` where it raises, which is said on stderr.

        Raises:
            AnalyzerError, OSError: it is no defect of ours.
        """
        try:
            return make()
        except (AnalyzerError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the report is written
            self.whole = False
            place = place_of(error)
            note(f"cbtriage failed on {what}, a defect of its own ({place}): {REPORT_IT}")
            return otherwise


class _CaseFile:
    """The case file of a run: the most of it is made while rules are asked.

    There is none without `inputs`, nor where they were changed meanwhile.
    """

    def __init__(
        self, inputs: Sequence[Mapping[str, Any]] | None, asked: Asked, own: _Beside
    ) -> None:
        self._inputs, self._asked, self._own = inputs, asked, own
        self._begun: CaseBegun | None = None

    @property
    def is_beside(self) -> bool:
        """Tell whether it is being made in a process beside this one."""
        return self._begun is not None and self._begun.is_beside

    def begin(self, case: Case) -> None:
        """Begin it with the lines of a case that is not judged yet."""
        if self._inputs:
            begin = partial(case_begun, case, usual=self._asked.options.usual)
            self._begun = self._own.told("the case file", begin, None)

    def tell(self, case: Case, report: Report) -> None:
        """Tell what the report says of the lines."""
        if self._inputs and self._begun is None:
            self.begin(case)
        if self._begun is not None:
            tell = partial(_tell, self._begun, case, report)
            self._begun = self._own.told("the case file", tell, None)

    def files(
        self, judged: Judged, drawn: Callable[[], tuple[Mapping[str, str], bool]]
    ) -> dict[str, IO[bytes]]:
        """Return it by its name; ``drawn`` are the files beside it, and whether they are whole."""

        def whole_texts() -> Mapping[str, str]:
            texts, whole = drawn()
            return texts if whole else {}

        def made() -> dict[str, IO[bytes]]:
            inputs, asked = self._inputs, self._asked
            if not inputs or self._begun is None or not unchanged_since(inputs, asked.paths):
                return {}
            zone = zone_named(asked.tz).name
            usual = asked.options.usual
            try:
                content = case_made(
                    judged, inputs, usual=usual, drawn=whole_texts, zone=zone, beginning=self._begun
                )
            except OSError as error:
                note(f"no case file is left, there is no room to make one: {error.strerror}")
                return {}
            return {NAME: content}

        return self._own.told("the case file", made, {})


def _tell(begun: CaseBegun, case: Case, report: Report) -> CaseBegun:
    begun.tell(told_of(case, report))
    return begun


def _print(
    asked: Asked,
    shown: Report,
    judged: tuple[Report, Case, Callable[[str], str]],
    written: Sequence[Path],
) -> None:
    """Print what goes to the terminal beside the files."""
    report, case, check = judged
    if asked.ticket:
        from analyzer.render.answer_notes import render_ticket

        say(check(render_ticket(shown)))
    elif asked.reply:
        from analyzer.cli.redact import for_outside
        from analyzer.render.answer_notes import render_reply

        say(for_outside(render_reply(shown), report, case))
    elif not asked.quiet:
        _summary(shown, written, full=asked.verbose)


def _kept(report: Report, case: Case, folder: Path) -> tuple[Report, Callable[[str], str]]:
    from analyzer.cli.redact import kept_from

    return kept_from(report, case, folder)


def _questioned(case: Case, report: Report, asked: Asked, zone: Zone) -> Report:
    """Return the report with what answers the question, as it is where nothing was asked."""
    if asked.about is None and asked.when is None:
        return report
    from analyzer.cli import _question

    judged = Judged(case, report)
    answer = _question.asked(judged, asked.about, asked.when, zone.of(report))
    return replace(report, question=answer)


def _chosen(asked: Asked) -> tuple[str, ...]:
    """Return the formats that are asked for.

    Raises:
        UsageError: more than one text is asked for on standard output.
    """
    chosen = tuple(dict.fromkeys(asked.formats))
    if asked.stdout and len(chosen) != 1:
        known = ", ".join(form.name for form in FORMATS)
        msg = f"--stdout prints one format: add --format once, of {known}"
        raise UsageError(msg)
    if asked.stdout + asked.ticket + asked.reply > 1:
        raise UsageError("--stdout, --ticket and --reply print one text each: give one of them")
    return chosen


def _bundle_name(paths: Sequence[Path]) -> str:
    """Return a safe folder name made of the first bundle's name without its suffixes."""
    first = "stdin" if str(paths[0]) == "-" else paths[0].resolve().name
    stem = re.sub(
        r"(\.(tar|bz2|gz|xz|zst|tgz|tbz2?|txz|zip|log|xml|out))+$", "", first, flags=re.IGNORECASE
    )
    return re.sub(r"[^\w.-]+", "_", stem).strip("._")[:80] or "bundle"


def _shown(report: Report, zone: Zone) -> Report:
    """Return the report as it is shown to people: in the zone that they asked for."""
    return in_zone(report, zone.of(report))


def _rendered(
    report: Report, wanted: Sequence[Format], zone: Zone, check: Callable[[str], str]
) -> tuple[dict[str, str], bool]:
    """Return the texts by file name, and whether all are the report.

    One that our own code fails on says so, and costs the others nothing.
    """
    texts, whole = {}, True
    for form in wanted:
        name = f"report{form.suffix}"
        try:
            texts[name] = check(form.render(_shown(report, zone) if form.local else report))
        except AnalyzerError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are written
            whole, place = False, place_of(error)
            told = f"cbtriage failed to write this, a defect of its own ({place}): {REPORT_IT}"
            note(f"{name}: {told}")
            texts[name] = json.dumps({"failure": told}) if form.suffix == ".json" else told
    return texts, whole


def _summary(report: Report, written: Sequence[Path], *, full: bool) -> None:
    color = in_color()
    columns = shutil.get_terminal_size((100, 40)).columns if sys.stdout.isatty() else 100
    if not full:
        paths = [f"{WRITTEN}{path}" for path in written]
        links = _links(report, written) if knows_links() else None
        shown = min(columns, WIDTH)
        say(render_answer(report, written=paths, width=shown, color=color, links=links))
        return
    from analyzer.cli.page_links import linked
    from analyzer.render.terminal.text import render_text

    text = render_text(report, width=min(columns, 140), color=color, full=True)
    page = next((path for path in written if path.suffix == ".html"), None)
    say(linked(text, page) if page else text)
    for path in written:
        say(f"{WRITTEN}{path}\n")


def _links(report: Report, written: Sequence[Path]) -> Links:
    """Return the URLs of the written files, and of the lines that the page among them quotes."""
    from analyzer.render.html.html import anchors_of

    files = {path: path.resolve().as_uri() for path in written}
    page = next((url for path, url in files.items() if path.suffix == ".html"), None)
    anchors = anchors_of(report) if page else {}
    return Links(
        places={source: f"{page}#{name}" for source, name in anchors.items()},
        files={f"{WRITTEN}{path}": url for path, url in files.items()},
    )
