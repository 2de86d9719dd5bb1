"""The script that a customer runs in dom0: it collects what a report could not tell, and packs it.

It is a POSIX shell script for whatever dom0 has, from CentOS 5 on. What is the same in all of them
is in ``reports/ask.sh``; here are its head, which says in words what it will read and for what, and
the calls. The head quotes sentences that may hold names of a bundle: they are comments of one line,
of printable ASCII only.
"""

import shlex
from collections.abc import Iterator, Sequence

from analyzer import __version__
from analyzer.model.report import HostInfo
from analyzer.model.terms import VOLUME_FOLDER
from analyzer.resources import folder
from analyzer.story.asks import Ask, Asks, Form

_WIDTH = 96
_MOST = 5  # rules that are named


def ask_script(asks: Asks, hosts: Sequence[HostInfo], *, activate: bool = False) -> str:
    """Return the script; with ``activate`` it activates volumes of logs, one at a time."""
    common = folder("reports").joinpath("ask.sh").read_text("utf-8")
    calls_of_functions: list[str] = []
    own = list(dict.fromkeys(ask.host for ask in asks.asks if ask.host))
    for ask in (each for each in asks.asks if not each.host):
        calls_of_functions.extend(_call_of_function(ask, activate=activate))
    calls_of_functions.append('case "$host" in')
    for host in own:
        calls_of_functions.append(f"{shlex.quote(host)})")
        for ask in (each for each in asks.asks if each.host == host):
            calls_of_functions.extend(
                f"    {call}" for call in _call_of_function(ask, activate=activate)
            )
        calls_of_functions.append("    ;;")
    if own:
        calls_of_functions.append("*)")
        calls_of_functions.append(
            "    echo 'This host was not asked for by name: only what any host has is read.' >&2"
        )
        calls_of_functions.append("    ;;")
    calls_of_functions.append("esac")
    calls_of_functions.append("")
    calls_of_functions.append('tar -czf "$out" -C "$work" -T "$work/list" || exit 2')
    calls_of_functions.append('echo "Written: $out"')
    lines = (
        *_head_of_script(asks, hosts, activate=activate),
        "",
        common,
        *calls_of_functions,
    )
    return "\n".join(lines) + "\n"


def _head_of_script(asks: Asks, hosts: Sequence[HostInfo], *, activate: bool) -> Iterator[str]:
    yield "#!/bin/sh"
    yield from _as_comment(
        f"Written by cbtriage {__version__}. It collects what the report could not tell, and packs "
        "it into one file, cbtriage-answers-<host>-<time>.tar.gz, in the folder that you are in. "
        "Send that file back."
    )
    yield "#"
    volumes = activate and any(_is_volume(ask) for ask in asks.asks)
    yield from _as_comment(
        "It activates the volumes named below, reads them and deactivates them again: do not run "
        "it while backups run. Nothing else is changed."
        if volumes
        else "It only reads. It asks nothing and changes nothing."
    )
    names = {host.uuid: host.name for host in hosts}
    for host in dict.fromkeys(ask.host for ask in asks.asks):
        yield "#"
        where = f"{names.get(host, '')} ({host})" if host else "any host of the pool"
        yield from _as_comment(f"On {where}, as root in dom0:")
        for ask in (each for each in asks.asks if each.host == host):
            yield from _as_comment(_command_shown(ask), "  ")
            yield from _as_comment(
                f"for {rules_named(ask.rules)}: {'; '.join(ask.why[:1])}", "      "
            )
    if asks.unasked:
        yield "#"
        yield "# No command here tells these:"
    for each in asks.unasked:
        settle = f" What would: {each.settle_with}" if each.settle_with else ""
        yield from _as_comment(f"{rules_named(each.rules)}: {each.why}.{settle}", "  ")


def rules_named(rules: Sequence[str]) -> str:
    """Return the first few of the rules that a doubt is of."""
    more = f" and {len(rules) - _MOST} more rules" if len(rules) > _MOST else ""
    return ", ".join(rules[:_MOST]) + more


def _command_shown(ask: Ask) -> str:
    match ask.form:
        case Form.LOG:
            return f"cbt-util get -n {ask.command[0]} -p, -c, -f, -s, and the first 48 bytes of it"
        case Form.COPY:
            return f"copies of /var/log/{ask.command[0]} and of its rotated files"
        case Form.PLAIN | Form.ECHOED:
            return "; ".join(shlex.join(each) for each in (ask.command, *ask.more))


def _as_comment(text: str, indent: str = "") -> Iterator[str]:
    """Yield a text as comments: nothing of it can end one, whatever a bundle put in."""
    plain = "".join(char if " " <= char <= "~" else "?" for char in text.replace("\n", " "))
    line = f"# {indent}"
    for word in plain.split():
        if len(line) + len(word) > _WIDTH and line.strip("# "):
            yield line.rstrip()
            line = f"# {indent}  "
        line += f"{word} "
    yield line.rstrip()


def _call_of_function(ask: Ask, *, activate: bool) -> Iterator[str]:
    file = shlex.quote(ask.file)
    match ask.form:
        case Form.PLAIN:
            fine = shlex.quote(" ".join(map(str, ask.fine)))
            for command in (ask.command, *ask.more):
                yield f"keep {file} {fine} {shlex.join(command)}"
        case Form.ECHOED:
            yield f"echoed {file} {shlex.join(ask.command)}"
        case Form.LOG:
            step = "activated" if activate and _is_volume(ask) else "log"
            yield f"{step} {file} {shlex.quote(ask.command[0])}"
        case Form.COPY:
            yield f"copy {shlex.quote(ask.command[0])}"


def _is_volume(ask: Ask) -> bool:
    return ask.form is Form.LOG and ask.command[0].startswith(VOLUME_FOLDER)
