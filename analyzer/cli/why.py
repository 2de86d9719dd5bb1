"""``cbtriage why``: what xapi and SM would answer to a call, and by which check."""

from typing import TYPE_CHECKING

import typer

from analyzer.cli._case import AsJson, Disk, Quiet, Reading, answers_json, the_disk
from analyzer.cli.analyze import DAMAGED, FINDINGS
from analyzer.cli.options import HowToRead, Paths, told_how_to_read
from analyzer.cli.output import say

if TYPE_CHECKING:
    from analyzer.model.call import Answer
    from analyzer.model.pages import CallPage

why_app = typer.Typer(
    no_args_is_help=True,
    help=(
        "Say why a CBT or NBD call is refused: the checks that xapi and SM would make, in order, "
        "each ok, fails or unknown, with the line it rests on. Needs no log of the call."
    ),
    epilog="Example: cbtriage why enable-cbt 6b0c1a3e status-report.tar.bz2",
)


@why_app.command("enable-cbt")
@told_how_to_read
def why_enable_cbt(
    vdi: Disk, paths: Paths, *, as_json: AsJson = False, quiet: Quiet = False, how: HowToRead
) -> None:
    """Say why `xe vdi-enable-cbt` is refused for a disk, or that nothing speaks against it.

    Example: cbtriage why enable-cbt 6b0c1a3e status-report.tar.bz2

    Exit status: 0 every check is ok, 1 one fails, 2 no disk or several fit, 3 no readable
    input, 4 no check fails, but some cannot be answered from the bundle.
    """
    from analyzer.model.pages import ENABLE_CBT

    reading = Reading(paths, quiet=quiet, how=how)
    _print_page(reading.page(ENABLE_CBT, the_disk(reading.names, vdi).uuid), as_json=as_json)


@why_app.command("data-destroy")
@told_how_to_read
def why_data_destroy(
    vdi: Disk, paths: Paths, *, as_json: AsJson = False, quiet: Quiet = False, how: HowToRead
) -> None:
    """Say why `xe vdi-data-destroy` is refused for a snapshot, or that nothing speaks against it.

    Example: cbtriage why data-destroy 9d0f1e2c status-report.tar.bz2

    Exit status: 0 every check is ok, 1 one fails, 2 no disk or several fit, 3 no readable
    input, 4 no check fails, but some cannot be answered from the bundle.
    """
    from analyzer.model.pages import DATA_DESTROY

    reading = Reading(paths, quiet=quiet, how=how)
    _print_page(reading.page(DATA_DESTROY, the_disk(reading.names, vdi).uuid), as_json=as_json)


@why_app.command("list-changed-blocks")
@told_how_to_read
def why_list_changed_blocks(
    vdi_from: Disk,
    vdi_to: Disk,
    paths: Paths,
    *,
    as_json: AsJson = False,
    quiet: Quiet = False,
    how: HowToRead,
) -> None:
    """Say why `xe vdi-list-changed-blocks` from one disk (older) to another is refused.

    For error 460, which covers several reasons, it walks the rebuilt chain as SM would and says
    where the walk ends.

    Example: cbtriage why list-changed-blocks 9d0f1e2c 6b0c1a3e status-report.tar.bz2

    Exit status: 0 every check is ok, 1 one fails, 2 no disk or several fit, 3 no readable
    input, 4 no check fails, but some cannot be answered from the bundle.
    """
    from analyzer.model.pages import COMPARE

    reading = Reading(paths, quiet=quiet, how=how)
    older, newer = (the_disk(reading.names, each).uuid for each in (vdi_from, vdi_to))
    _print_page(reading.page(COMPARE, f"{older} {newer}"), as_json=as_json)


@why_app.command("nbd-info")
@told_how_to_read
def why_nbd_info(
    vdi: Disk, paths: Paths, *, as_json: AsJson = False, quiet: Quiet = False, how: HowToRead
) -> None:
    """Say what `VDI.get_nbd_info` answers for a disk, or which step leaves its answer empty.

    Lists the addresses that a backup client would be given, with what the call does not check,
    or the smallest change that gives it one.

    Example: cbtriage why nbd-info 6b0c1a3e status-report.tar.bz2

    Exit status: 0 there is an address that nothing certain speaks against, 1 there is none, or
    the call fails, 2 no disk or several fit, 3 no readable input, 4 the bundle does not tell.
    """
    from analyzer.model.call import Answer
    from analyzer.model.pages import NBD_INFO
    from analyzer.render.terminal.nbd_info_text import nbd_info_text

    reading = Reading(paths, quiet=quiet, how=how)
    page = reading.page(NBD_INFO, the_disk(reading.names, vdi).uuid)
    info, plans = page.info, page.plans
    say(answers_json(nbd_infos=[info], plans=plans) if as_json else nbd_info_text(info, plans))
    useless = info.answer is Answer.OK and not info.usable
    raise typer.Exit(FINDINGS if useless else _status_of_answer(info.answer))


def _print_page(page: "CallPage", *, as_json: bool) -> None:
    from analyzer.render.terminal.call_text import call_text

    call, plans = page.judgement, page.plans
    say(answers_json(calls=[call], plans=plans) if as_json else call_text(call, plans))
    raise typer.Exit(_status_of_answer(call.answer))


def _status_of_answer(answer: "Answer") -> int:
    from analyzer.model.call import Answer

    return {Answer.OK: 0, Answer.FAILS: FINDINGS, Answer.UNKNOWN: DAMAGED}[answer]
