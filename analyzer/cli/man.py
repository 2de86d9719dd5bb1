"""The manual page, made of the commands' own help: ``python -m analyzer.cli.man > cbtriage.1``.

Also how that help is laid out: what stands in a docstring as an example is never wrapped again,
and what a command takes is called by our names, never by a type of Python.
"""

import inspect
import sys
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperCommand

from analyzer import __version__

_KEPT = "\b\n"  # click leaves a paragraph that begins so as it is
_EXAMPLE = ("Example: ", "Examples: ")


class _PlainCommand(TyperCommand):
    """A command whose help names its arguments as we do."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        taken = [each for each in self.get_params(ctx) if each.param_type_name == "argument"]
        return [self.options_metavar or "", *map(_metavar_of, taken)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        told: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
        for each in self.get_params(ctx):
            if record := each.get_help_record(ctx):
                kind = each.param_type_name
                name = _metavar_of(each) if kind == "argument" else record[0]
                told[kind].append((name.replace("<int range>", "N"), record[1]))
        for kind, rows in told.items():
            if rows:
                with formatter.section(f"{kind.capitalize()}s"):
                    formatter.write_dl(rows)


def lay_out(app: typer.Typer) -> None:
    """Let the help of all commands show their examples a line each, as they can be copied."""
    for command in app.registered_commands:
        command.cls = _PlainCommand
        if command.callback is not None:
            command.help = "\n\n".join(
                map(_paragraph_in_roff, (inspect.getdoc(command.callback) or "").split("\n\n"))
            )
    for group in app.registered_groups:
        if group.typer_instance is not None:
            lay_out(group.typer_instance)


def _paragraph_in_roff(text: str) -> str:
    if not text.startswith(_EXAMPLE):
        return text
    head, _, examples = text.partition(" ")
    first, *others = " ".join(examples.split()).split(" · ")
    return _KEPT + "\n".join([f"{head} {first}", *(f"  {each}" for each in others)])


def man_page(app: typer.Typer) -> str:
    """Return the manual page of a program and all its commands, as roff (man(7))."""
    lines = [f'.TH CBTRIAGE 1 "" "cbtriage {__version__}"', ".SH NAME"]
    lines += [r"cbtriage \- triage XenServer / XCP-ng status reports offline", ".SH SYNOPSIS"]
    lines += [r".B cbtriage", r"\fICOMMAND\fR [\fIOPTION\fR]... \fIARGUMENT\fR...", ".SH COMMANDS"]
    lines += _command_parts(typer.main.get_command(app), "cbtriage")
    return "\n".join(lines) + "\n"


def _command_parts(command: Any, name: str) -> Iterator[str]:
    """Yield the part of a command, and of those below it; hidden ones are for developers."""
    yield f".SS {_roff_text(name)}"
    for paragraph in (command.help or "").split("\n\n"):
        yield ".PP"
        if paragraph.startswith(_KEPT):
            lines = paragraph.removeprefix(_KEPT).split("\n")
            yield from (".nf", *map(_roff_text, lines), ".fi")
        else:
            yield _roff_text(" ".join(paragraph.split()))
    for each in command.params:
        if not getattr(each, "hidden", False):
            # What an option or an argument is called.
            metavar = _metavar_of(each)
            if not each.opts[0].startswith("-"):
                parameter_name = _roff_text(metavar)
            else:
                names = ", ".join((*each.opts, *each.secondary_opts))
                value = "" if getattr(each, "is_flag", False) else f" {metavar}"
                parameter_name = rf"\fB{_roff_text(names)}\fR{_roff_text(value)}"
            yield from (
                ".TP",
                parameter_name,
                _roff_text(" ".join((each.help or "").split())),
            )
    for below in sorted(getattr(command, "commands", {})):
        if not command.commands[below].hidden:
            yield from _command_parts(command.commands[below], f"{name} {below}")


def _metavar_of(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _roff_text(text: str) -> str:
    """Return a text that roff prints as it is: no escape, no request at the start of a line."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    from analyzer.cli import main

    sys.stdout.write(man_page(main.app))
