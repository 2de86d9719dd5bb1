"""``cbtriage rules``: what the catalogue holds, and whether it is sound."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.options import Rules
from analyzer.cli.output import note, say
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.model.rule import RuleText
    from analyzer.rules.load import Catalogue

rules_app = typer.Typer(
    no_args_is_help=True, help="Show the catalogue of rules, and check pattern files."
)


def _catalogue(extra: list[Path] | None) -> "Catalogue":
    from analyzer.rules.load import load_catalogue

    return load_catalogue(extra=tuple(extra or ()))


def _texts(catalogue: "Catalogue") -> "tuple[RuleText, ...]":
    both = (*(rule.text for rule in catalogue.rules), *catalogue.checks)
    return tuple(sorted(both, key=lambda text: text.id))


@rules_app.command("list")
def list_rules(rules: Rules = None) -> None:
    """Print one line a rule: id, severity, the sources it needs, title; separated by tabs."""
    for text in _texts(_catalogue(rules)):
        say("\t".join((text.id, text.severity.value, ",".join(text.needs), text.title)) + "\n")


@rules_app.command("show")
def show_rule(
    rule: Annotated[str, typer.Argument(metavar="ID", help="A rule, as `rules list` names it.")],
    rules: Rules = None,
) -> None:
    """Print what a rule says: how it is known, what to do, what it needs, where it is from."""
    texts = {text.id: text for text in _texts(_catalogue(rules))}
    if rule not in texts:
        msg = f"{rule}: no such rule; `cbtriage rules list` names them all"
        raise UsageError(msg)
    say(_page(texts[rule]) + "\n")


def _page(text: "RuleText") -> str:
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
def lint_rules(rules: Rules = None) -> None:
    """Load every pattern file and say what is wrong with each, by file and line."""
    from analyzer.causes import load_edges
    from analyzer.checks.defects.defects import load_defects

    load_edges()
    load_defects()
    catalogue = _catalogue(rules)
    say(f"{len(_texts(catalogue))} rules, catalogue {catalogue.version}: sound\n")


@rules_app.command("test")
def try_samples(rules: Rules = None) -> None:
    """Run the samples of every pattern through the real parser: hits must hit, misses miss."""
    from analyzer.rules.samples import check_samples

    catalogue = _catalogue(rules)
    problems = check_samples(catalogue)
    for problem in problems:
        note(problem)
    if problems:
        msg = f"{len(problems)} samples do not do what they say"
        raise UsageError(msg)
    say(f"all samples of {len(catalogue.selectors)} selectors do what they say\n")


@rules_app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of pattern files, for editors."""
    from analyzer.rules.catalogue_file import json_schema

    say(json.dumps(json_schema(), indent=2, sort_keys=True) + "\n")
