"""What a rule advises, as a step of a plan: what is to be typed stands apart from the words.

In the catalogue a step is words, a colon, commands with semicolons between them, and the host:
``Start it: systemctl start xapi-nbd (on {host})``. Where more words follow, it stays a text.
"""

import re

from analyzer.model.finding import Advice
from analyzer.model.plan import Step
from analyzer.model.sentence import Sentence

_PROGRAMS = (
    *("xe", "systemctl", "zgrep", "ls", "lvs", "vgs", "pvck", "tap-ctl", "cbt-util", "multipath"),
    *("iptables", "ip", "openssl", "vhd-util", "dmesg", "nc", "xe-toolstack-restart", "df"),
    *("rpm", "ss", "nbd-client", "pvs", "cat", "ps", "free", "linstor", "drbdadm", "nbdinfo"),
    *(
        "/opt/xensource/sm/resetvdis.py",
        "/opt/xensource/sm/cleanup.py",
        "vgcfgbackup",
        "vgcfgrestore",
        "dd",
    ),
)
_PROGRAM = "(?:" + "|".join(map(re.escape, _PROGRAMS)) + ")"
_COMMAND = rf"{_PROGRAM}(?: (?!\(on )[^;]*?)?"
_TYPED = re.compile(
    rf"(?P<words>.*?[\w}})]): (?P<typed>{_COMMAND}(?:; {_COMMAND})*?)"
    r"(?: \(on (?P<where>[^()]*)\))?"
)
_WORDS = re.compile(r", (?:and|or|then|with)\b|, whether|\w\.(?: |$)| for disk | \(on ")


def step_of(advice: Advice) -> Step:
    """Return the step; what is typed is found in the rule's own text, never in a value."""
    text, commands, where = _parts_of_step(advice.step)
    return Step(
        kind=advice.kind,
        text=text,
        commands=commands,
        where=where,
        risk=advice.risk or "",
        lost=advice.lost,
        precondition=advice.precondition,
    )


def _parts_of_step(step: str) -> tuple[str, tuple[str, ...], str]:
    template = step.template if isinstance(step, Sentence) else ""
    found = _TYPED.fullmatch(template)
    if found is None or not isinstance(step, Sentence) or _WORDS.search(found["typed"]):
        return step, (), ""
    commands = (Sentence(each, step.values) for each in found["typed"].split("; "))
    return (
        Sentence(f"{found['words']}.", step.values),
        tuple(commands),
        Sentence(found["where"] or "", step.values),
    )
