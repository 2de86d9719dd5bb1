"""Where the program starts: ``--version`` is answered before anything is loaded."""

import sys

from analyzer import __version__


def run() -> None:
    """Run the command line and exit with its status."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"cbtriage {__version__}\n")
        return
    from analyzer.cli.main import run as run_command

    run_command()
