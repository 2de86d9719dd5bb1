"""What the commands about one object share: what was read, and which object is meant."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

import typer

from analyzer.cli._names import none_fits, several_fit
from analyzer.cli.case_file import CaseFile, NoCaseError, case_of, is_damaged
from analyzer.cli.case_lines import Lying
from analyzer.cli.options import HowToRead
from analyzer.cli.output import note, say

if TYPE_CHECKING:
    from analyzer.model.entry import Entry
    from analyzer.model.explained import LineExplained
    from analyzer.model.names import Known, Names
    from analyzer.model.pages import PageKind, SessionsPage
    from analyzer.model.report import Report
    from analyzer.model.run import BackupRun
    from analyzer.rebuilt.calls.line_again import LineAgain
    from analyzer.render.words.zone import Zone
    from analyzer.story.pages import Judged
    from analyzer.story.timeline.asked import Local, Timeline
    from analyzer.story.timeline.wanted import Wanted

Disk: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="VDI",
        help="The disk: its uuid, the beginning of it, or its name.",
        show_default=False,
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Quiet: TypeAlias = Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")]
Page = TypeVar("Page")
_USUAL = HowToRead()
_NEVER = datetime.min.replace(tzinfo=UTC)


class Reading:
    """What is known of some bundles: of their case file, if there is one, else they are read.

    A case file was made without being told how to read: where somebody tells it, none is used.
    """

    def __init__(self, paths: Sequence[Path], *, quiet: bool, how: HowToRead = _USUAL) -> None:
        self.paths = tuple(paths)
        self._how = how
        self._quiet = quiet
        self._judged: Judged | None = None
        self._file = case_of(self.paths, quiet=quiet) if how == _USUAL else None

    @property
    def judged(self) -> "Judged":
        """Return the case and its report, showing progress while they are made."""
        if self._judged is None:
            if self._file is not None and not self._quiet:
                note(f"{self._file.path} does not hold what is asked for: all is read again")
            from analyzer.cli.progress import watching
            from analyzer.run import Options, load_case
            from analyzer.story.pages import Judged

            stdin = sys.stdin.buffer if Path("-") in self.paths else None
            options = Options(stdin=stdin, accept=self._how.accept, assumed=self._how.assumed)
            with watching(quiet=self._quiet) as progress:
                self._judged = Judged(*load_case(self.paths, options, progress))
        return self._judged

    @property
    def report(self) -> "Report":
        """Return the report; of a case file, what questions need of it."""
        return self._of_file(lambda file: file.report) or self.judged.report

    def tell(self, text: str) -> None:
        """Print an answer; where a page lies beside the case file, its places lead there."""
        from analyzer.cli.page_links import linked

        say(linked(text, self._file.path.with_name("report.html")) if self._file else text)

    def shown(self, value: Page, zone: "Zone") -> Page:
        """Return what is to be printed, with its moments in the zone that is asked for."""
        if zone.is_utc:
            return value
        from analyzer.render.words.local import in_zone

        return in_zone(value, self._offsets(zone))

    def _offsets(self, zone: "Zone") -> "Zone":
        return zone.of(self.report) if zone.rules is None else zone

    @property
    def names(self) -> "Names":
        """Return all that may be asked for by name."""
        return self._of_file(lambda file: file.names) or self.judged.names

    @property
    def runs(self) -> "tuple[BackupRun, ...]":
        """Return the backup runs."""
        runs = self._of_file(lambda file: file.runs)
        return self.judged.report.runs if runs is None else runs

    @property
    def sessions(self) -> "SessionsPage":
        """Return all NBD connections."""
        return self._of_file(lambda file: file.sessions) or self.judged.sessions

    @property
    def kinds(self) -> "tuple[str, ...]":
        """Return the names of all patterns and selectors."""
        return self._of_file(lambda file: file.kinds) or self.judged.kinds

    @property
    def damaged(self) -> bool:
        """Tell whether some of the bundles was not read whole."""
        told = self._of_file(lambda file: file.damaged)
        return is_damaged(self.judged.report) if told is None else told

    def page(self, kind: "PageKind[Page]", key: str) -> Page:
        """Return the page of an object, a call, a rule or a finding."""
        page = self.stored(kind, key)
        if page is not None:
            return page
        from analyzer.story.pages import page_of

        return page_of(self.judged, kind, key)

    def stored(self, kind: "PageKind[Page]", key: str) -> Page | None:
        """Return a page that a case file has, None without one."""
        return self._of_file(lambda file: file.page(kind, key))

    @property
    def members_read(self) -> "AbstractSet[tuple[str, str]]":
        """Return (bundle, path) of the members that a parser read."""
        told = self._of_file(lambda file: file.members_read)
        if told is not None:
            return told
        from analyzer.story.explain.quotes import members_read

        return members_read(self.judged.report)

    @property
    def members(self) -> "Mapping[tuple[str, str], Lying]":
        """Return where all members lie, by bundle and path."""
        told = self._of_file(lambda file: file.members)
        if told is not None:
            return told
        places = self.judged.case.places
        return {
            (each.bundle, place.path): Lying(each, place)
            for each in places
            for place in each.members
        }

    def line(self, member: tuple[str, str], number: int) -> "LineAgain | None":
        """Return a line of a member, read again, None where it cannot be."""
        from analyzer.bundle.budget import Budget
        from analyzer.rebuilt.calls.line_again import line_again

        lying = self.members[member]
        return line_again(self.paths, lying.report, lying.place, number, budget=Budget())

    def explained(self, again: "LineAgain") -> "LineExplained":
        """Return what was made of a line that was read again."""
        told = self._of_file(lambda file: file.explained(again))
        if told is not None:
            return told
        from analyzer.story.pages import explained

        return explained(self.judged, again)

    def timeline(self, wanted: "Wanted", zone: "Zone") -> "Timeline":
        """Return what is asked for, in the zone; of a case file it comes as it is read."""
        local = None
        if not zone.is_utc:
            from analyzer.render.words.local import shift_to

            local = shift_to(self._offsets(zone))
        found = self._of_file(lambda file: file.timeline(wanted, local))
        if found is None:
            return self._timeline_read(wanted, local)
        return found._replace(entries=self._while_it_lasts(found.entries, wanted, local))

    def _timeline_read(self, wanted: "Wanted", local: "Local | None") -> "Timeline":
        from analyzer.story.timeline.full_timeline import told

        judged = self.judged
        return told(judged.case, judged.report, dict(judged.catalogue.context), wanted, local)

    def _while_it_lasts(
        self, entries: "Iterable[Entry]", wanted: "Wanted", local: "Local | None"
    ) -> "Iterator[Entry]":
        """Yield entries of the case file; where that is damaged, the others as they are read."""
        told = 0
        try:
            for entry in entries:
                yield entry
                told += 1
        except NoCaseError as error:
            self._put_aside(error)
            yield from islice(self._timeline_read(wanted, local).entries, told, None)

    def _of_file(self, ask: "Callable[[CaseFile], Page | None]") -> Page | None:
        """Return what the case file says, None without one; a damaged one is put aside."""
        if self._file is None or self._judged is not None:
            return None
        try:
            return ask(self._file)
        except NoCaseError as error:
            self._put_aside(error)
            return None

    def _put_aside(self, error: NoCaseError) -> None:
        self._file = None
        if not self._quiet:
            note(f"{error}; the status reports are read instead")


def answers_json(**told: Any) -> str:
    """Return what is asked for as one JSON object (`analyzer.render.data.json`)."""
    from analyzer.render.data.json import answers_json as written

    return written(**told)


def the_disk(names: "Names", wanted: str, option: str = "") -> "Known":
    """Return the disk that is meant.

    Raises:
        UsageError: no disk fits, or several do; the text lists them with their dates.
    """
    return the_one(names.disks, "disk", wanted, option)


def the_one(known: "Sequence[Known]", what: str, wanted: str, option: str = "") -> "Known":
    """Return the object that is meant.

    Raises:
        UsageError: none fits, and the text names what is near; or several, and it lists them.
    """
    from analyzer.model.names import fitting
    from analyzer.render.words.view import visible

    found = fitting(known, wanted)
    if len(found) == 1:
        return found[0]
    if not found:
        raise none_fits(wanted, what, _names_of_known(known), option)
    ordered = sorted(found, key=lambda each: (each.taken.at if each.taken else _NEVER, each.uuid))
    lines = [
        f"{each.uuid or 'no uuid'}  {visible(each.name)}: {visible(each.words)}" for each in ordered
    ]
    raise several_fit(wanted, what, lines, ordered[-1].uuid[:8], option)


def _names_of_known(known: "Sequence[Known]") -> list[str]:
    return [name for each in known for name in (each.name, *each.also)]


def meant(known: "Sequence[Known]", what: str, wanted: str) -> "Sequence[Known]":
    """Return the objects that are meant, all for "".

    Raises:
        UsageError: none fits; the text names what is near.
    """
    from analyzer.model.names import fitting

    found = fitting(known, wanted) if wanted else known
    if wanted and not found:
        raise none_fits(wanted, what, _names_of_known(known))
    return found


def split_words(words: Sequence[str]) -> tuple[str, list[Path]]:
    """Return the object that is named first, "" for all, and the paths.

    The first word is an object if there is another and no file is called so.
    """
    named = len(words) > 1 and words[0] != "-" and not Path(words[0]).exists()
    return (words[0] if named else ""), [Path(word) for word in words[1 if named else 0 :]]
