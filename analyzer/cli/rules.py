"""``cbtriage rules``: what the catalogue holds, and whether it is sound."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli._names import near_names
from analyzer.cli.options import Rules
from analyzer.cli.output import note, say
from analyzer.errors import CatalogueError, UsageError

if TYPE_CHECKING:
    from analyzer.model.rule import RuleText
    from analyzer.rules.load import Catalogue

_PLACE = re.compile(r"([^\s:]+):(?:([0-9]+) )?(.*)", re.DOTALL)
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
rules_app = typer.Typer(
    no_args_is_help=True,
    help="Show the catalogue of rules, and check pattern files.",
    epilog="Example: cbtriage rules show cbt-log-missing",
)


def _catalogue_with(extra: list[Path] | None) -> "Catalogue":
    from analyzer.rules.load import load_catalogue

    return load_catalogue(extra=tuple(extra or ()))


def _texts_of_rules(catalogue: "Catalogue") -> "tuple[RuleText, ...]":
    both = (*(rule.text for rule in catalogue.rules), *catalogue.checks)
    return tuple(sorted(both, key=lambda text: text.id))


@rules_app.command("list")
def list_rules(rules: Rules = None) -> None:
    """Print one line a rule: id, severity, the sources it needs, title; separated by tabs.

    Example: cbtriage rules list | grep nbd
    """
    for text in _texts_of_rules(_catalogue_with(rules)):
        say("\t".join((text.id, text.severity.value, ",".join(text.needs), text.title)) + "\n")


@rules_app.command("show")
def show_rule(
    rule: Annotated[str, typer.Argument(metavar="ID", help="A rule, as `rules list` names it.")],
    rules: Rules = None,
) -> None:
    """Print what a rule says: how it is known, what to do, what it needs, where it is from.

    Example: cbtriage rules show cbt-log-missing
    """
    texts = {text.id: text for text in _texts_of_rules(_catalogue_with(rules))}
    if rule not in texts:
        near = near_names(rule, texts)
        hint = f"; near it: {', '.join(near)}" if near else ""
        msg = f"{rule}: no such rule{hint}; `cbtriage rules list` names them all"
        raise UsageError(msg)
    say(_page_of_rule(texts[rule]) + "\n")


def _page_of_rule(text: "RuleText") -> str:
    lines = [
        f"{text.id}: {text.title}",
        f"severity {text.severity.value} · confidence {text.confidence.value} · {text.status}",
        f"needs {', '.join(text.needs)}",
        "",
        text.detail,
        *(f"  {name}: {title}" for name, title, _ in text.cases),
        "",
        "What to do:",
    ]
    for number, step in enumerate(text.action, start=1):
        lines.append(f"  {number}. {step.step}")
        if step.risk:
            lines.append(f"     Risk: {step.risk}")
    if text.wrong_if:
        lines += ["", f"This would be wrong if {text.wrong_if}"]
    return "\n".join([*lines, "", *(f"See {reference}" for reference in text.references)])


@rules_app.command("lint")
def lint_rules(
    rules: Rules = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object: rules, catalogue, problems.")
    ] = False,
) -> None:
    """Load every pattern file and say what is wrong with each, by file and line.

    Example: cbtriage rules lint --rules my-rules/

    Exit status: 0 all is sound, 2 something is not.
    """
    from analyzer.causes import load_edges
    from analyzer.checks.defects.defects import load_defects

    try:
        load_edges()
        load_defects()
        catalogue = _catalogue_with(rules)
    except CatalogueError as error:
        if not as_json:
            raise
        problems = [_problem_of_line(line) for line in str(error).splitlines()]
        say(json.dumps({"rules": None, "catalogue": None, "problems": problems}, indent=2) + "\n")
        raise typer.Exit(2) from error
    number = len(_texts_of_rules(catalogue))
    if as_json:
        sound = {"rules": number, "catalogue": catalogue.version, "problems": []}
        say(json.dumps(sound, indent=2) + "\n")
        return
    say(f"{number} rules, catalogue {catalogue.version}: sound\n")


def _problem_of_line(line: str) -> dict[str, str | int | None]:
    """Take ``file:line what`` apart."""
    found = _PLACE.fullmatch(line)
    if found is None:
        return {"file": None, "line": None, "what": line}
    return {"file": found[1], "line": int(found[2]) if found[2] else None, "what": found[3]}


@rules_app.command("new")
def new_rule(
    rule: Annotated[str, typer.Argument(metavar="ID", help="Its name, in kebab-case.")],
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where to write ID.yaml.")
    ] = Path(),
) -> None:
    """Write a pattern file to begin with: it loads, and its samples pass.

    It holds a hit, the near miss and a line that alone decides nothing; replace all of them.

    Example: cbtriage rules new storage-scan-fails --folder my-rules
    """
    from analyzer.rules.skeleton import skeleton

    path = folder / f"{rule}.yaml"
    if not _ID.fullmatch(rule):
        msg = f"{rule!r}: an id is in kebab-case, such as storage-scan-fails"
        raise UsageError(msg)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(skeleton(rule))
    except OSError as error:
        msg = f"{path}: {error.strerror or error}: name another id or --folder"
        raise UsageError(msg) from error
    say(f"{path}: now try cbtriage rules test --rules {path}\n")


@rules_app.command("pages")
def write_pages(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the pages are written.")],
) -> None:
    """Write the reference of all rules as Markdown: an index, and a page for each area.

    Example: cbtriage rules pages docs/rules
    """
    from analyzer.rules.reference import reference

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in reference(_catalogue_with(None)).items():
        (folder / name).write_text(text, encoding="utf-8")
        say(f"Written: {folder / name}\n")


@rules_app.command("test")
def try_samples(rules: Rules = None) -> None:
    """Run the samples of every pattern through the real parser: hits must hit, misses miss.

    Example: cbtriage rules test --rules my-rules/
    """
    from analyzer.rules.samples import check_samples

    catalogue = _catalogue_with(rules)
    problems = check_samples(catalogue)
    for problem in problems:
        note(problem)
    if problems:
        msg = f"{len(problems)} samples do not do what they say"
        raise UsageError(msg)
    say(f"all samples of {len(catalogue.selectors)} selectors do what they say\n")


@rules_app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of pattern files, for editors.

    Example: cbtriage rules schema > pattern.schema.json
    """
    from analyzer.rules.catalogue_file import json_schema

    say(json.dumps(json_schema(), indent=2, sort_keys=True) + "\n")
