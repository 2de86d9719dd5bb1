"""The whole run on one screen: paths in, a report out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, field, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from analyzer import __version__
from analyzer.bundle.archive import Progress
from analyzer.bundle.budget import Budget, cores
from analyzer.bundle.spool import Spool
from analyzer.case.assemble import Assembly, assemble, pool_infos, sr_infos
from analyzer.case.by_pool import by_pool, one_case
from analyzer.case.case import Case
from analyzer.case.errors.ledger import ErrorLedger
from analyzer.case.events import EventTableBuilder
from analyzer.case.excerpts import Wide, read_excerpts
from analyzer.case.gather import BundleContent, Gathering
from analyzer.case.given_back import Joined
from analyzer.case.log_process import Asked
from analyzer.case.log_processes import WORTH_A_FORK, LogProcesses
from analyzer.case.reading import ArchiveRead, contents_of, read_all, size_of_logs
from analyzer.causes import find_causes, load_edges
from analyzer.dating.assumed import Assumed
from analyzer.judging import outcomes_of, settled_by_given, with_nothing_ruled_out
from analyzer.model.finding import Outcome
from analyzer.model.report import BundleInfo, Cause, HourCount, Omission, ParseProblem, Report
from analyzer.model.source import Source
from analyzer.parsers import LOG_PARSERS
from analyzer.parsers.scan.scan import Scanner
from analyzer.rebuilt.cbt.history import cbt_history
from analyzer.rebuilt.incidents.incidents import incidents
from analyzer.render.words.view import visible
from analyzer.rules.engine import suppressed
from analyzer.rules.load import load_catalogue
from analyzer.rules.pattern import Catalogue
from analyzer.stages import Stages
from analyzer.story.accepted import Acceptance, accept, accept_errors, day_of, load_accepted
from analyzer.story.disks.called import with_disks_called
from analyzer.story.disks.views import disk_views
from analyzer.story.errors.groups import error_groups
from analyzer.story.nbd.views import nbd_views
from analyzer.story.plans.causes import causes_planned
from analyzer.story.plans.object_plans import Planned, plan_all
from analyzer.story.runs.backup_runs import backup_runs
from analyzer.story.timeline.happenings import happenings
from analyzer.story.timeline.spans import spans_of
from analyzer.story.together import together
from analyzer.values import dataclass

_NO_INVENTORY = "no inventory.xml: not a whole status report, or its end is lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a run reads and judges.

    ``log_as`` names the parser for a single file whose name says nothing (``smlog``), ``stdin``
    is the stream behind the path ``-``, ``rules`` are folders or files with further patterns.
    ``jobs`` is how many processes may be at work; no result depends on it.
    ``context`` is whether the lines around quoted ones are read, in a second look at the files.
    ``filtered`` is False only to show that the short cuts of reading change no answer.
    ``assumed`` dates logs that tell no year or no zone; ``accept`` is a file of what is known and
    accepted.
    """

    budget: Budget = field(default_factory=Budget)
    log_as: str | None = None
    rules: tuple[Path, ...] = ()
    stdin: BinaryIO | None = None
    context: bool = False
    filtered: bool = True
    jobs: int = field(default_factory=cores)
    assumed: Assumed = field(default_factory=Assumed)
    accept: Path | None = None

    @property
    def usual(self) -> bool:
        """Tell whether it reads and judges as a run without options does.

        The lines around quoted ones change nothing of that.
        """
        return replace(self, jobs=1, stdin=None, context=False) == Options(jobs=1)


def analyze(
    paths: Sequence[Path],
    options: Options | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Analyze status reports, each once, and return what can be said of them.

    Each pool is judged by itself; of several the report has a part for each.

    Raises:
        InputError: a path cannot be read, or nothing in any of them belongs to a status report.
        CatalogueError: a pattern file is not valid.
    """
    return load_case(paths, options, progress)[1]


def load_case(
    paths: Sequence[Path],
    options: Options | None = None,
    progress: Callable[[Progress], None] | None = None,
    rebuilt: Callable[[Case], None] | None = None,
) -> tuple[Case, Report]:
    """Analyze status reports as `analyze` does, and return the case beside the report.

    ``rebuilt`` is given the case of a run of one pool when what SM did is known, before it is
    judged.

    Raises:
        InputError: a path cannot be read, or nothing in any of them belongs to a status report.
        CatalogueError: a pattern file is not valid.
    """
    options = options or Options()
    spool = Spool() if options.context else None
    judged = _judged(paths, options, progress, spool, rebuilt)
    report = together([report for _, report in judged])
    if spool is not None:
        # The quoted lines: what shows the findings and the steps that led there come first.
        sources_to_quote: list[Source] = []
        findings = sorted(
            (finding for outcome in report.outcomes for finding in outcome.findings),
            key=lambda finding: (finding.state.rank, finding.severity.rank, finding.id),
        )
        sources_to_quote.extend(finding.evidence[0].source for finding in findings)
        for cause in report.causes:
            sources_to_quote.extend(step.source for step in cause.chain if step.source)
            sources_to_quote.extend(cause.context)
        sources_to_quote.extend(
            evidence.source for finding in findings for evidence in finding.evidence
        )
        on_the_page = tuple(sources_to_quote)
        sources_to_quote.extend(group.evidence[0].source for group in report.unexplained)
        for run in report.runs:
            sources_to_quote.extend(
                disk.steps[0].evidence.source for disk in run.disks if disk.steps
            )
        lengths = {(row.bundle, row.member): row.lines for row in report.coverage}
        excerpts, packed = read_excerpts(
            paths,
            sources_to_quote,
            options.budget,
            options.log_as,
            spool,
            wide=Wide(quoted=on_the_page, lengths=lengths, shown=visible),
        )
        report = replace(report, excerpts=excerpts, packed=packed)
    return one_case([case for case, _ in judged]), report


def _judged(
    paths: Sequence[Path],
    options: Options,
    progress: Callable[[Progress], None] | None,
    spool: Spool | None,
    rebuilt: Callable[[Case], None] | None,
) -> list[tuple[Case, Report]]:
    """Return the case and the report of each pool."""
    budget = options.budget
    catalogue = load_catalogue(extra=options.rules)
    wanted = load_accepted(options.accept, _names_of_rules(catalogue)) if options.accept else ()
    scanner = Scanner(
        LOG_PARSERS,
        catalogue.selectors,
        line_limit=budget.line,
        filtered=options.filtered,
        quick=options.filtered,
    )
    builder = EventTableBuilder(keep=catalogue.keep)
    errors = ErrorLedger(noise=catalogue.keep.noise)
    # To unpack takes less than to read: this process is not counted among those that read.
    count = options.jobs if options.jobs > 1 else 0
    stage = partial(_tell_stage, progress)
    with LogProcesses(_asked(catalogue, options), count) as processes:
        if count and (expected := size_of_logs(paths)) >= WORTH_A_FORK:
            scanner.compile_all()
            processes.fork(expected)
        gathering = Gathering(scanner, builder, budget, errors, processes, assumed=options.assumed)
        reads, left_out = read_all(
            paths,
            gathering,
            budget=budget,
            log_as=options.log_as,
            stdin=options.stdin,
            progress=progress,
            spool=spool,
        )
    read = contents_of(gathering)
    pools = by_pool(read.contents)
    names = [frozenset(each.name for each in read.of(pool).all_logs) for pool in pools]
    builders = builder.split(names) if len(pools) > 1 else (builder,)
    omissions = _all_omissions(reads, left_out)
    judged = []
    for contents, own, rows in zip(pools, names, builders, strict=True):
        stage("dating")
        of_pool = read.of(contents)
        stages = Stages()
        known = assemble(of_pool, rows, scanner, errors.of_bundles(own), stages.told)
        first = rebuilt if len(pools) == 1 else None
        report = _report(
            options, catalogue, known, of_pool, wanted, stages=stages, stage=stage, rebuilt=first
        )
        elsewhere = frozenset().union(*names) - own
        report = replace(
            report,
            bundles=_bundle_infos(reads, of_pool),
            # what is of no report may have been of this pool
            omissions=(
                *report.omissions,
                *(each for each in omissions if each.bundle not in elsewhere),
            ),
        )
        judged.append((known.case, report))
    return judged


def _tell_stage(progress: Callable[[Progress], None] | None, name: str) -> None:
    if progress is not None:
        progress(Progress(done=0, total=None, member="", stage=name))


def _asked(catalogue: Catalogue, options: Options) -> Asked:
    return Asked(
        selectors=tuple(catalogue.selectors),
        keep=catalogue.keep,
        line_limit=options.budget.line,
        quick=options.filtered,
    )


def _report(
    options: Options,
    catalogue: Catalogue,
    known: Assembly,
    read: Joined,
    wanted: Sequence[Acceptance],
    *,
    stages: Stages,
    stage: Callable[[str], None],
    rebuilt: Callable[[Case], None] | None,
) -> Report:
    """Judge the case, and return the report without what the archives themselves tell."""
    case = known.case
    whole = not stages.failed
    stage("rebuilding")  # every rule about disks would ask for it first
    stages.told("what SM did", partial(cbt_history, case), None)
    case.events.give_back_memory()
    if rebuilt is not None:
        rebuilt(case)
    stage("judging")
    outcomes = outcomes_of(catalogue, case, known.sources)
    outcomes = outcomes if whole else with_nothing_ruled_out(outcomes)
    before = outcomes_of(catalogue, *known.without) if known.without else ()
    settled = settled_by_given(before, outcomes)
    day = day_of(case)
    outcomes, accepted = accept(outcomes, wanted, day)
    tell, rows = stages.told, stages.rows
    called = partial(with_disks_called, case, outcomes)
    outcomes = tell("what disks are called", called, outcomes)
    uncaused: tuple[tuple[Outcome, ...], tuple[Cause, ...]] = (outcomes, ())
    outcomes, causes = tell(
        "the causes", partial(find_causes, outcomes, case, load_edges()), uncaused
    )
    unplanned = Planned(outcomes=outcomes, plans=())
    planned = tell("what to do", partial(plan_all, case, outcomes), unplanned)
    causes = tell("the order of causes", partial(causes_planned, causes, planned), causes)
    outcomes = planned.outcomes
    case.events.give_back_memory()
    befallen = rows("what befell hosts", partial(incidents, case))
    runs = rows("the backup runs", partial(backup_runs, case, outcomes))
    case.events.give_back_memory()
    errors = rows("other errors", partial(error_groups, case, outcomes, befallen, runs))
    noise = rows("known noise", partial(suppressed, catalogue, case.events))
    spans = rows("what lasted", partial(spans_of, case, known.coverage))
    disks = rows("the disks", partial(disk_views, case, outcomes, options.budget.disks))
    nbd = rows("the NBD connections", partial(nbd_views, case, outcomes, known.coverage))
    hours = rows("the lines of each hour", partial(_lines_per_hour, case))
    unexplained, accepted_errors = accept_errors(
        [group for group in errors if not group.explained_by], wanted, day
    )
    report = Report(
        version=__version__,
        catalogue=catalogue.version,
        options=_options_changed(options),
        bundles=(),
        hosts=known.hosts,
        causes=causes,
        outcomes=outcomes,
        coverage=known.coverage,
        ledger=known.ledger,
        omissions=_disks_left_out(case, len(disks), options.budget.disks),
        problems=_all_parse_problems((*read.contents, *read.loose)),
        suppressed=noise,
        happenings=(),
        spans=spans,
        clocks=case.clocks,
        holes=case.holes,
        incidents=befallen,
        disks=disks,
        nbd=nbd,
        runs=runs,
        hours=hours,
        pools=pool_infos(case),
        srs=sr_infos(case),
        unexplained=unexplained,
        accepted=(*accepted, *accepted_errors),
        explained_errors=tuple(group for group in errors if group.explained_by),
        plans=planned.plans,
        given_back=read.files,
        settled=settled,
    )
    happened = rows("the timeline", partial(happenings, case, report, dict(catalogue.context)))
    case.events.give_back_memory()
    return replace(report, happenings=happened, outcomes=(*outcomes, *stages.failed))


def _disks_left_out(case: Case, told: int, most: int) -> tuple[Omission, ...]:
    """Say that a pool may have more disks than are told of one by one."""
    if told < most:
        return ()
    source = case.pools[0].source if case.pools else Source(bundle=case.hosts[0].bundle, member="")
    return (
        Omission(
            bundle=source.bundle,
            member=source.member,
            why=f"our limit of {most:,} disks was reached: of others only what was found is told",
            settle_with="run again with a higher --max-disks if you trust the archive",
        ),
    )


def _names_of_rules(catalogue: Catalogue) -> frozenset[str]:
    return frozenset(text.id for text in catalogue.texts)


def _lines_per_hour(case: Case) -> tuple[HourCount, ...]:
    return tuple(
        HourCount(hour=hour, host=host, lines=count) for hour, host, count in case.events.per_hour()
    )


def _bundle_infos(reads: Sequence[ArchiveRead], joined: Joined) -> tuple[BundleInfo, ...]:
    """Return one row per status report, and per log beside one, ordered by name."""
    by_name = {content.name: content for content in joined.all_logs}
    beside = {content.name for own in joined.logs.values() for content in own}
    rows = [
        BundleInfo(
            name=name,
            kind=read.archive.kind,
            sha256=read.archive.sha256,
            captured_at=by_name[name].clock.captured_at,
            complete=read.archive.complete,
            note=_why_not_whole(read, by_name[name], whole=name not in beside),
        )
        for read in reads
        for name in read.bundles & by_name.keys()
    ]
    return tuple(sorted(rows, key=lambda row: row.name))


def _why_not_whole(read: ArchiveRead, content: BundleContent, *, whole: bool) -> str:
    """Say why a report is not whole, as far as it is known."""
    lost = "" if read.archive.complete else next((o.why for o in read.archive.omissions), "")
    return "; ".join(
        note for note in (lost, "" if content.inventory or not whole else _NO_INVENTORY) if note
    )


def _all_omissions(
    reads: Sequence[ArchiveRead], left_out: Sequence[Omission]
) -> tuple[Omission, ...]:
    found = [*left_out, *(omission for read in reads for omission in read.archive.omissions)]
    return tuple(sorted(found, key=lambda row: (row.bundle, row.member, row.why)))


def _all_parse_problems(contents: Sequence[BundleContent]) -> tuple[ParseProblem, ...]:
    found = [problem for content in contents for problem in content.problems]
    return tuple(sorted(found, key=lambda problem: (problem.source, problem.what)))


def _options_changed(options: Options) -> Mapping[str, str]:
    """Return the options that differ from the defaults, as text; paths only by their names."""
    default = asdict(Budget())
    budget = asdict(options.budget)
    shown = {name: str(value) for name, value in budget.items() if value != default[name]}
    if options.log_as:
        shown["as"] = options.log_as
    if options.rules:
        shown["rules"] = ", ".join(path.name for path in options.rules)
    if options.accept is not None:
        shown["accept"] = options.accept.name
    if options.assumed.year is not None:
        shown["year"] = str(options.assumed.year)
    if options.assumed.zone is not None:
        shown["zone"] = options.assumed.zone_name
    return shown
