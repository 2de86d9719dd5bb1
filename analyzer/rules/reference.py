"""The reference of the rules, for ``docs/rules``: written from the catalogue, never by hand."""

from collections.abc import Iterator, Mapping

from analyzer.rules.attempts import condition
from analyzer.rules.pattern import Catalogue, Pattern, Role, When

_FILES: Mapping[str, tuple[str, str]] = {
    "cbt": ("cbt.md", "Change tracking"),
    "nbd": ("nbd.md", "NBD"),
    "any": ("storage.md", "Storage, database and packages"),
}
_MADE = "<!-- Written by `make rules` from the folder patterns: change it there. -->"


def reference(catalogue: Catalogue) -> Mapping[str, str]:
    """Return the pages by their names: an index, and one page for each area."""
    rules = [each for each in catalogue.patterns if each.role in (Role.FINDING, Role.CHECK)]
    pages = {"README.md": _index_of_rules(rules)}
    for area, (name, title) in _FILES.items():
        own = [rule for rule in rules if rule.text.area == area]
        body = "\n".join(line for rule in own for line in _section_of_rule(rule))
        pages[name] = f"{_MADE}\n\n# {title}: {len(own)} rules\n\n{body}"
    return pages


def _index_of_rules(rules: list[Pattern]) -> str:
    data = sum(rule.role is Role.FINDING for rule in rules)
    lines = [
        _MADE,
        "",
        f"# The {len(rules)} rules",
        "",
        (
            f"{data} of them are data alone (a pattern), the others have their judgement in code "
            "(a check). `cbtriage rules show ID` prints one, `cbtriage explain ID BUNDLE` tells "
            "how it came to its answer."
        ),
        "",
        "| rule | severity | made of | what happened |",
        "| --- | --- | --- | --- |",
    ]
    for rule in rules:
        page = _FILES[rule.text.area][0]
        made = "pattern" if rule.role is Role.FINDING else "check"
        heading = _plain_in_markdown(rule.text.heading)
        lines.append(
            f"| [{rule.id}]({page}#{rule.id}) | {rule.text.severity} | {made} | {heading} |"
        )
    return "\n".join([*lines, ""])


def _section_of_rule(rule: Pattern) -> Iterator[str]:
    text = rule.text
    yield f"## {rule.id}"
    yield ""
    yield f"**{_plain_in_markdown(text.heading)}**"
    yield ""
    yield (
        f"{text.severity}, {text.confidence}, {text.status}; needs {', '.join(text.needs)}; "
        f"`{rule.file}`"
    )
    yield ""
    yield _plain_in_markdown(text.detail)
    yield ""
    for name, title, _ in text.cases:
        yield f"- `{name}`: {_plain_in_markdown(title)}"
    if text.cases:
        yield ""
    if rule.role is Role.FINDING:
        yield f"A finding is {condition(rule)}{_state_of_when(rule.when)}."
        yield ""
    for each in rule.mended:
        vendor = f" of {each.vendor}" if each.vendor else ""
        yield f"Mended in {each.package} {each.version}{vendor}."
        yield ""
    for number, step in enumerate(text.action, start=1):
        more = f" Risk: {_plain_in_markdown(step.risk)}" if step.risk else ""
        more += f" Destroys: {_plain_in_markdown(step.lost)}." if step.lost else ""
        yield f"{number}. {_plain_in_markdown(step.step)}{more}"
    if text.action:
        yield ""
    if text.goals:
        goals = ", ".join(goal.name.lower().replace("_", "-") for goal in text.goals)
        yield f"The plan of the object is for: {goals}."
        yield ""
    if text.wrong_if:
        yield f"Wrong if {_plain_in_markdown(text.wrong_if)}."
        yield ""
    if text.references:
        yield f"From: {'; '.join(map(_plain_in_markdown, text.references))}"
        yield ""


def _state_of_when(when: When) -> str:
    asked = [
        f"the host is a {when.role}" if when.role else "",
        f"the SR is of type {' or '.join(when.sr_types)}" if when.sr_types else "",
        f"the release is {when.release}" if when.release else "",
        f"{when.package.package} is {when.package}" if when.package else "",
        f"CBT is {when.cbt}" if when.cbt else "",
    ]
    known = [each for each in asked if each]
    return f", where {' and '.join(known)}" if known else ""


def _plain_in_markdown(text: str) -> str:
    """Return a text as Markdown shows it, whatever stands in it."""
    escaped = text.replace("\\", "\\\\")
    for character in "<>*_|`[]":
        escaped = escaped.replace(character, f"\\{character}")
    return " ".join(escaped.split())
