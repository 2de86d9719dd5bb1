"""How a run of the program ends: its exit status, and the words for every failure."""

import sys
import traceback
from collections.abc import Callable

from analyzer.bundle.names import printable
from analyzer.cli.output import note, prepare_streams
from analyzer.cli.start import INTERRUPTED
from analyzer.errors import AnalyzerError, InputError

USAGE, NO_INPUT, INTERNAL = 2, 3, 5


def end_with(command: Callable[[], object]) -> None:
    """Run a command, which exits, or exit with the status of its failure."""
    prepare_streams()
    try:
        command()
    except InputError as error:
        sys.exit(_say(error, NO_INPUT))
    except AnalyzerError as error:
        sys.exit(_say(error, USAGE))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)  # as typer does
    except OSError as error:  # standard output or input: the report's files are a UsageError
        msg = f"standard input or output failed: {error.strerror or error}"
        sys.exit(_say(AnalyzerError(msg), USAGE))
    except (KeyboardInterrupt, SystemExit) as end:
        sys.exit(_status_of_end(end))
    except Exception:  # noqa: BLE001 - the last line of defence: exit 5 says it was our fault
        traceback.print_exc()
        note("internal error; please report the lines above")
        sys.exit(INTERNAL)


def _status_of_end(end: BaseException) -> str | int | None:
    """Return how a command ended by itself; typer makes a silent end with a status of Ctrl-C."""
    if isinstance(end, SystemExit) and end.code != INTERRUPTED:
        return end.code
    note("interrupted: what is not told as written above was not written")
    return INTERRUPTED


def _say(error: AnalyzerError, status: int) -> int:
    """Tell an error; a path in it may have a name that a terminal would act on."""
    note("\n".join(map(printable, str(error).split("\n"))))
    return status
