"""Where the program starts: what it can answer without loading the command line, it does.

``--version`` needs nothing; the usual call, ``analyze PATH... [-o DIR] [--force]``, none of the
options that typer would make, which takes a sixth of a short run.
"""

import gc
import os
import sys
from collections.abc import Sequence

from analyzer import __version__

INTERRUPTED = 130  # as shells tell it of a signal: 128 + SIGINT


def run() -> None:
    """Run the command line and exit with its status."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"cbtriage {__version__}\n")
        return
    # A run makes a million values for each 100 MB of logs, and in circles are 3,000 of them: to
    # look for these takes a fiftieth of it, of a short run a fifth.
    gc.set_threshold(5_000_000, 50, 100)
    # numpy would start a thread for each core, for algebra that nobody here asks for.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        usual = usual_call(sys.argv[1:])
        if usual is None:
            from analyzer.cli.main import run as run_command

            run_command()
        else:
            _analyze(*usual)
    except KeyboardInterrupt:  # while modules were loaded: nothing was begun
        sys.exit(INTERRUPTED)
    finally:
        gc.freeze()  # nor is it looked for among what ends with the process


def usual_call(arguments: Sequence[str]) -> tuple[list[str], str | None, bool] | None:
    """Return the paths of the usual call, its folder and its --force, None for any other call.

    Where a shell asks for completions, and on Windows, where names may have wildcards, none is.
    """
    completing = any(name.startswith("_") and name.endswith("_COMPLETE") for name in os.environ)
    if arguments[:1] != ["analyze"] or completing or os.name == "nt":
        return None
    rest = iter(arguments[1:])
    paths, folders, force = [], [], False
    for word in rest:
        if word in ("-o", "--output"):
            folders.append(next(rest, "-"))
        elif word == "--force":
            force = True
        else:
            paths.append(word)
    if not paths or len(folders) > 1 or any(word.startswith("-") for word in (*paths, *folders)):
        return None
    return paths, next(iter(folders), None), force


def _analyze(paths: Sequence[str], folder: str | None, force: bool) -> None:
    from pathlib import Path

    from analyzer.cli.ending import end_with

    def analyzed() -> None:
        from analyzer.cli.analysis import Asked, analyze
        from analyzer.run import Options

        output = None if folder is None else Path(folder)
        options = Options(context=True)
        asked = Asked(paths=tuple(map(Path, paths)), output=output, options=options, force=force)
        sys.exit(analyze(asked))

    end_with(analyzed)
