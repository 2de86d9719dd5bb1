"""The exceptions that are ours or the user's fault.

::

    AnalyzerError
    ├── UsageError        what was asked cannot be done (exit 2)
    ├── InputError        no readable input (exit 3)
    └── CatalogueError    a file of patterns/ is not as it should be (exit 2)

What is wrong with a *bundle* is never an exception past the parsers: it is a value
(`ParseProblem`, `Omission`, `Verdict.CANNOT_TELL`).
"""


class AnalyzerError(Exception):
    """Say what is wrong, where, and what to do; the text is shown to the user as it is."""


class UsageError(AnalyzerError):
    """The command line asks for something that cannot be done."""


class InputError(AnalyzerError):
    """Nothing could be read from a path given by the user."""


class CatalogueError(AnalyzerError):
    """One or more pattern files are not valid; the text has one ``file:line problem`` a line."""
