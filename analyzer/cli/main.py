"""The command ``cbtriage``."""


def run() -> None:
    """Run the command line and exit with its status."""
