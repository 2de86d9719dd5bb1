"""What a pattern file must mean, beyond its shape: every test here joins two keys of a file."""

import re
from collections.abc import Iterator, Mapping, Sequence

import re2

from analyzer.model.sentence import FIELD
from analyzer.rules._format import (
    CheckFile,
    ContextFile,
    FindingFile,
    NoiseFile,
    PatternEntry,
    PatternFile,
    SelectorEntry,
    StateFile,
    StepEntry,
)
from analyzer.yaml_file import Path

BUILT_IN = ("host", "process", "pid", "count", "often", "first", "last")
CHECK_BUILT_IN = ("host", "count", "first", "last")
_KEYS = ("host", "process", "pid")
_LONGEST, _MOST_GROUPS = 4_000, 40
_NAMED = re.compile(r"[a-z][a-z0-9_]*")
_SEVERAL = ("temporal", "temporal_ordered", "absent")

Fault = tuple[Path, str]


def faults_of(file: PatternFile, stem: str) -> Iterator[Fault]:
    """Yield (path in the file, what is wrong)."""
    if file.id != stem:
        yield ("id",), f"expected {stem!r}, the name of the file, got {file.id!r}"
    match file:
        case CheckFile():
            for name, entry in file.select.items():
                for what in _faults_of_message(entry):
                    yield ("select", name, "message"), what
            texts: list[Fault] = [(("title",), file.title), (("detail",), file.detail)]
            texts += [(("wrong_if",), file.wrong_if), *_step_texts(file.action)]
            yield from _unfilled_fields(
                [(("called",), file.called), (("unseen",), file.unseen)], ()
            )
            for name, case in file.cases.items():
                texts.append((("cases", name, "title"), case.title))
                texts.append((("cases", name, "detail"), case.detail))
            yield from _unfilled_fields(texts, (*file.fields, *CHECK_BUILT_IN))
            yield from _faults_of_steps(file)
        case FindingFile():
            faults = list(_faults_of_selectors(file))
            yield from faults or _faults_of_finding(file)
        case NoiseFile() | ContextFile() | StateFile():
            yield from _faults_of_selectors(file)
            yield from _unfilled_fields([(("title",), file.title)], ())


def _compiled_pattern(message: str) -> "re2._Regexp":
    options = re2.Options()
    options.log_errors = False
    return re2.compile(message, options=options)


def _faults_of_selectors(file: PatternEntry) -> Iterator[Fault]:
    for place, entry in enumerate(file.select):
        for what in _faults_of_message(entry):
            yield ("select", place, "message"), what
    names = [entry.name or str(place) for place, entry in enumerate(file.select, 1)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield ("select",), f"two selectors are called {name!r}"


def _faults_of_message(entry: SelectorEntry) -> Iterator[str]:
    message = entry.message
    if not message.isascii() or not message.isprintable():
        yield "a pattern is printable ASCII on one line"
        return
    if len(message) > _LONGEST or message.count("(?P<") > _MOST_GROUPS:
        yield f"a pattern has at most {_LONGEST:,} characters and {_MOST_GROUPS} named groups"
        return
    if what := _odd_syntax(message):
        yield what
        return
    try:
        matcher = _compiled_pattern(message)
    except re2.error as error:
        cause = error.args[0] if error.args else ""
        yield f"RE2 cannot compile it: {cause.decode() if isinstance(cause, bytes) else cause}"
        return
    if matcher.search(""):
        yield "the pattern matches the empty text, and so every line"
    for name in matcher.groupindex:
        if not _NAMED.fullmatch(name) or name in BUILT_IN:
            yield f"a group cannot be called {name!r}"


def _odd_syntax(message: str) -> str:
    """Say what a pattern must not contain, "" if it has nothing of the kind."""
    bare = re.sub(r"\\.", "··", message)
    if re.search(r"\\[nAzQEC]", message.replace("\\\\", "··")):
        return r"\n, \A, \z, \Q and \C are not used: events are lines, ^ and $ are their ends"
    inner = re.sub(r"\[\^?\]?[^\]]*\]", "·", bare)[1:-1]
    if "^" in inner or "$" in inner:
        return "^ and $ stand only at the very ends of a pattern"
    if re.search(r"\(\?(?!P<|:)", bare):
        return "groups are (?P<name>…) or (?:…): no flags"
    return ""


def _faults_of_finding(file: FindingFile) -> Iterator[Fault]:
    # The groups that every alternative has.
    found = [tuple(_compiled_pattern(entry.message).groupindex) for entry in file.select]
    shared = tuple(name for name in found[0] if all(name in others for others in found))
    keys = (*shared, *_KEYS)
    for subject, name in file.subjects.items():
        if name not in keys:
            yield ("subjects", subject), _unknown_field(name, keys)
    for name in file.correlate.group_by:
        if name not in keys:
            yield ("correlate", "group-by"), _unknown_field(name, keys)
    if file.correlate.type in _SEVERAL and len(file.select) == 1:
        yield ("correlate", "type"), f"{file.correlate.type} needs several selectors"
    if file.correlate.type != "event_count" and file.correlate.gte != 1:
        yield ("correlate", "gte"), "only event_count counts"
    if any(entry.keep != "all" for entry in file.select):
        yield ("select",), "a finding needs all of its events: keep is for context and checks"
    yield from _unfilled_fields([(("called",), file.called)], ())
    texts: list[Fault] = [(("title",), file.title), (("detail",), file.detail)]
    texts += [(("wrong_if",), file.wrong_if), *_step_texts(file.action)]
    yield from _unfilled_fields(texts, (*shared, *BUILT_IN))
    yield from _faults_of_steps(file)


def _step_texts(steps: Sequence[StepEntry]) -> Iterator[Fault]:
    for place, step in enumerate(steps):
        yield ("action", place), step.step
        for text in (step.risk, step.lost, step.precondition):
            yield ("action", place), text or ""


def _faults_of_steps(file: FindingFile | CheckFile) -> Iterator[Fault]:
    if not file.action and not file.goals:
        yield ("action",), "a rule says what to do, or has goals"
    for place, step in enumerate(file.action):
        if (step.kind == "destroys") != bool(step.lost and step.precondition):
            yield (
                ("action", place),
                "a step that destroys says what is lost and its precondition, and no other does",
            )


def _unfilled_fields(texts: Sequence[Fault], known: Sequence[str]) -> Iterator[Fault]:
    for path, text in texts:
        for name in FIELD.findall(text):
            if name not in known:
                yield path, _unknown_field(name, known)


def _unknown_field(name: str, known: Sequence[str]) -> str:
    return f"nothing fills {{{name}}}; there is {', '.join(sorted(known)) or 'no field'}"


def duplicates(ids: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield (file, what) for every id that several files have."""
    for name, files in sorted(ids.items()):
        for file in files[1:]:
            yield file, f"id: {name!r} is already in {files[0]}"
