"""Histories of one disk as the real SM made them, and the model held against them.

One JSON object a line: ``{"history": n, "steps": [{"do", "on", "to", "outcome", "logs",
"cbt_enabled"}]}``. ``do`` is a word of `_ACTS`; ``logs`` are all logs after the step, as
``{name: {"parent", "child", "consistent"}}`` or ``{name: "header cut"}``, a pointer being a name,
or null for the null uuid and for a log that the history never named; ``cbt_enabled`` is the
database's field of the disk. The bench behind them drives VDI.py alone: each deleted snapshot
still has its image and its row, and a snapshot's flag comes from the log (`FlagOf.LOG`).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeAlias

from analyzer.errors import UsageError
from analyzer.model.cbt import NO_LOG
from analyzer.sm.by_hand import cut_header, remove_log, set_child
from analyzer.sm.comparing import list_changed_blocks
from analyzer.sm.snapshots import FlagOf, snapshot, vdi_delete
from analyzer.sm.state import Body, Result, State, one_disk
from analyzer.sm.tracking import attach, crash, detach, disable, enable
from analyzer.values import dataclass

DISK = "disk"
Seen: TypeAlias = "str | Mapping[str, str | bool | None]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what was done to what, and what came of it."""

    do: str
    on: str = ""
    to: str = ""
    outcome: str
    logs: Mapping[str, Seen]
    cbt_enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A history, by its number."""

    number: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A step, counted from 1, after which the model is not where SM was."""

    history: int
    step: int
    did: str
    expected: str
    got: str


def read_histories(lines: Iterator[str], name: str) -> Iterator[History]:
    """Read histories; blank lines are passed over.

    Raises:
        UsageError: a line is not a history; the text names it.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _history_of_raw(json.loads(line))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            what = f"no {error}" if isinstance(error, KeyError) else str(error)
            msg = f"{name}:{number}: not a history of SM: {what}"
            raise UsageError(msg) from error


def play(history: History) -> tuple[Difference, ...]:
    """Play a history on the model and return each step that differs."""
    state = one_disk(DISK)
    differences = []
    for number, step in enumerate(history.steps, start=1):
        result = _ACTS[step.do](state, step)
        state = result.state
        expected = _shown_as_json(step.outcome, step.logs, enabled=step.cbt_enabled)
        steps = history.steps[:number]
        names_until = frozenset(
            {DISK, *(step.on for step in steps if step.do == "snapshot" and step.on)}
        )
        logs = _seen_of_state(state, names_until)
        got = _shown_as_json(result.outcome, logs, enabled=state.vdis[DISK].cbt_enabled)
        if got != expected:
            did = " ".join(word for word in (step.do, step.on, step.to) if word)
            differences.append(
                Difference(history=history.number, step=number, did=did, expected=expected, got=got)
            )
    return tuple(differences)


def _seen_of_state(state: State, named: frozenset[str]) -> Mapping[str, Seen]:
    def pointer(name: str) -> str | None:
        return name if name in named else None

    return {
        name: log.body.value
        if log.body is Body.CUT
        else {
            "parent": pointer(log.parent),
            "child": pointer(log.child),
            "consistent": log.consistent,
        }
        for name, log in state.logs.items()
        if name in named
    }


def _shown_as_json(outcome: str, logs: Mapping[str, Seen], *, enabled: bool) -> str:
    return json.dumps({"outcome": outcome, "logs": logs, "cbt_enabled": enabled}, sort_keys=True)


def _snapshot_of_step(state: State, step: Step) -> Result:
    # A snapshot that failed got no name, but its log stays: under one that no history has.
    return snapshot(state, DISK, step.on or f"unfinished {state.clock}", flag_of=FlagOf.LOG)


def _destroy_or_fail(state: State, step: Step) -> Result:
    whole = replace(state.vdis[step.on], data=True, row=True)
    return vdi_delete(replace(state, vdis={**state.vdis, step.on: whole}), step.on)


_ACTS: Mapping[str, Callable[[State, Step], Result]] = MappingProxyType(
    {
        "enable": lambda state, _: enable(state, DISK),
        "disable": lambda state, _: disable(state, DISK),
        "start": lambda state, _: attach(state, DISK),
        "stop": lambda state, _: detach(state, DISK),
        "crash": lambda state, _: crash(state, DISK),
        "snapshot": _snapshot_of_step,
        "destroy": _destroy_or_fail,
        "compare": lambda state, step: list_changed_blocks(state, step.on, step.to),
        "remove log": lambda state, step: remove_log(state, step.on),
        "cut header": lambda state, step: cut_header(state, step.on),
        "cut pointer": lambda state, step: set_child(state, step.on, NO_LOG),
    }
)


def _history_of_raw(raw: Any) -> History:
    number, steps = _field_of(raw, "history", int), _field_of(raw, "steps", list)
    read: list[Step] = []
    named = {DISK}
    for each in steps:
        step = _step_of_raw(each)
        if step.do == "snapshot":
            named |= {step.on}
        elif unknown := {step.on, step.to} - named - {""}:
            msg = f"step {len(read) + 1} names {', '.join(sorted(unknown))}, which nothing made"
            raise ValueError(msg)
        read.append(step)
    return History(number=number, steps=tuple(read))


_NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "destroy": ("on",),
        "compare": ("on", "to"),
        "remove log": ("on",),
        "cut header": ("on",),
        "cut pointer": ("on",),
    }
)


def _step_of_raw(raw: Any) -> Step:
    do = _field_of(raw, "do", str)
    if do not in _ACTS:
        msg = f"no such step: {do!r}"
        raise ValueError(msg)
    needs = {name: _field_of(raw, name, str) for name in _NEEDS.get(do, ())}
    on = raw.get("on") if do == "snapshot" else needs.get("on", "")
    logs = _field_of(raw, "logs", dict)
    log_of_raw: dict[str, Any] = {}
    for name, log in logs.items():
        if log == Body.CUT.value:
            log_of_raw[name] = Body.CUT.value
        else:
            if not isinstance(log, dict) or set(log) != {"parent", "child", "consistent"}:
                log_msg = f"the log of {name} has not parent, child and consistent"
                raise ValueError(log_msg)
            log_of_raw[name] = log
    return Step(
        do=do,
        on=on if isinstance(on, str) else "",
        to=needs.get("to", ""),
        outcome=_field_of(raw, "outcome", str),
        logs=log_of_raw,
        cbt_enabled=_field_of(raw, "cbt_enabled", bool),
    )


def _field_of(raw: Any, name: str, kind: type[Any]) -> Any:
    if not isinstance(raw, dict):
        msg = f"expected an object with {name!r}"
        raise TypeError(msg)
    value = raw[name]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        msg = f"{name!r} is not of type {kind.__name__}"
        raise TypeError(msg)
    return value
