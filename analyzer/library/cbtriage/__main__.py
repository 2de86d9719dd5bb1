"""Run the command line: ``python -m cbtriage``."""

from analyzer.cli.start import run

if __name__ == "__main__":
    run()
