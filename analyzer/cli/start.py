"""Where the program starts: ``--version`` is answered before anything is loaded."""

import gc
import sys

from analyzer import __version__


def run() -> None:
    """Run the command line and exit with its status."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"cbtriage {__version__}\n")
        return
    # One short run makes many values and frees few: looking for garbage takes a fifth of it.
    gc.set_threshold(200_000, 50, 100)
    from analyzer.cli.main import run as run_command

    run_command()
