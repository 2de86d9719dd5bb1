"""Where the program starts: ``--version`` is answered before anything is loaded."""

import gc
import sys

from analyzer import __version__


def run() -> None:
    """Run the command line and exit with its status."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"cbtriage {__version__}\n")
        return
    # A short run makes 300,000 values and frees few: to look for garbage takes a fifth of it.
    gc.set_threshold(400_000, 50, 100)
    from analyzer.cli.main import run as run_command

    try:
        run_command()
    finally:
        gc.freeze()  # nor is it looked for among what ends with the process
