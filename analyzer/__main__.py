"""Run the command line: ``python -m analyzer``."""

from analyzer.cli.start import run

if __name__ == "__main__":
    run()
