"""What cbtriage wrote itself: it lies beside the status reports, and is none."""

import re

_WRITTEN = re.compile(
    rb"""
    \A cbtriage\ \d
    | \A \#\ [^\n]*+ \n (?:[^\n]*+ \n)*? -\ cbtriage\ \d
    | \A \{ \s* "schema_version": \s* \d+, \s* "tool": \s* \{ "name": \s* "cbtriage"
    | \A \#!/bin/sh \n \#\ Written\ by\ cbtriage\ \d
    | \A <!DOCTYPE\ html> [^\x00]{,2000}? <meta\ name="generator"\ content="cbtriage\ \d
    | \A PK\x03\x04 [\x00-\xff]{26} cbtriage\.json
    """,
    re.VERBOSE,
)


def is_own(head: bytes) -> bool:
    r"""Tell whether a file that begins so is a report of cbtriage, its case file or its script.

    >>> is_own(b"cbtriage 0.1.0: host.tar.bz2\n"), is_own(b"cbtriage wrote this to me:\n")
    (True, False)
    """
    return _WRITTEN.search(head) is not None
