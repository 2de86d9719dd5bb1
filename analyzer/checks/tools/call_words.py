"""What the error of a call says: its code, and the words behind it.

xapi writes ``Server_error(CODE, [ p1; p2 ])`` or ``CODE: [ p1; p2 ]`` (`api_errors.ml`,
`exnHelper.ml`); parameters may hold ``; `` themselves, so they are never taken apart here.
"""

import re
from collections.abc import Sequence

from analyzer.model.event import Event
from analyzer.model.operation import Raised

_PARAMETERS = re.compile(
    r"(?:Server_error\(\"?|: |'ERROR:)[A-Z][A-Z0-9_]*\"?(?:,|:) \[ ?(.*)", re.DOTALL
)
_REF = re.compile(r"OpaqueRef:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_END_OF_AUDIT = " ]' 'API' '"
_LONGEST = 300


def code_and_reason(event: Event) -> tuple[str, str]:
    """Return the error's code and its parameters, from a line that a selector took as an error."""
    found = _PARAMETERS.search(event.message)
    words = found[1].partition(_END_OF_AUDIT)[0] if found else ""
    shown = " ".join(words.split()).rstrip(" ])").strip("; ")
    return event.fields["code"], shown[:_LONGEST]


def of_raised(raised: Sequence[Raised]) -> tuple[int | None, str]:
    """Return the number and the words of the error that a run of SM ended with.

    Errors that were caught on the way stand before it, each perhaps on several lines.
    """
    ends = [each for each in raised if each.final] or list(raised)
    known = [each for each in ends if each.code is not None] or ends
    if not known:
        return None, ""
    return known[-1].code, " ".join(known[-1].text.split())[:_LONGEST]


def ref_in(reason: str) -> str:
    """Return the first reference among the parameters of an error, "" where there is none."""
    found = _REF.search(reason)
    return found[0] if found else ""
