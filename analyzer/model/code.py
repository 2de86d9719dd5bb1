"""How the words of closed sets are spelled where programs read them."""

from enum import StrEnum


def code(word: StrEnum) -> str:
    """Return the one spelling of a word: in JSON, in its schema, and on the command line.

    >>> from analyzer.model.incident import IncidentKind
    >>> code(IncidentKind.HOST_CRASHED)
    'host-crashed'
    """
    return word.name.lower().replace("_", "-")
