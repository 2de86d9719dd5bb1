"""Replay: steps in order of time become the states of each log, and what contradicts them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar, cast

from analyzer.case.time.order import Mark, Order
from analyzer.model.cbt import NO_LOG, CbtLog, Change, Contradiction, Known, LogChange
from analyzer.model.finding import Confidence, Evidence
from analyzer.rebuilt.cbt.log_steps import Step
from analyzer.values import dataclass

Key = tuple[str, str]  # SR, disk
Value = TypeVar("Value")

EXISTS = "exists"
CONTENT = ("parent", "child", "size", "consistent")
FIELDS = (EXISTS, *CONTENT)
_FIELD: Mapping[Change, str] = {
    Change.PARENT: "parent",
    Change.CHILD: "child",
    Change.SIZE: "size",
    Change.CONSISTENT: "consistent",
    Change.SEEN: EXISTS,
    Change.MISSED: EXISTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A state of a log and the step that led to it; ``fields`` are those that it was about."""

    step: Step
    fields: tuple[str, ...]
    state: CbtLog


@dataclass(slots=True, kw_only=True)
class Past:
    """What is replayed of one log: its states, its changes, who touched which field last."""

    state: CbtLog
    entries: list[Entry]
    changes: list[LogChange]
    touched: dict[str, dict[str, Step]]


class Replay:
    """Applies steps in turn; `pasts` and `contradictions` are the result."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self.pasts: dict[Key, Past] = {}
        self.contradictions: list[Contradiction] = []

    def run(self, steps: Iterable[Step]) -> None:
        """Apply steps, which are in order of time."""
        for step in steps:
            if step.of_known and (step.sr, step.uuid) not in self.pasts:
                continue
            if step.read and step.confidence is not Confidence.POSSIBLE:
                self._read_step(step)
            elif step.confidence is Confidence.POSSIBLE:
                # Forget what a step may have changed: whether it took place is not known.
                past = self._past_of_log(step.sr, step.uuid)
                past.changes.append(_change_of_step(step))
                # The fields that a step would change, had it succeeded.
                state = past.state
                match step.change:
                    case Change.CREATED:
                        there = state.exists is not None and state.exists.value
                        fields: tuple[str, ...] = CONTENT if there else FIELDS
                    case Change.RENAMED | Change.REMOVED:
                        gone = state.exists is not None and not state.exists.value
                        fields = () if gone else (EXISTS,)
                    case Change.MERGED:
                        fields = ()
                    case _:
                        name = _FIELD[step.change]
                        before = known(state, name)
                        fields = () if before and before.value == _decoded_value(step) else (name,)
                self._forget_fields(past, step, fields)
                if step.change is Change.RENAMED:
                    arrived = replace(step, uuid=step.value, value=step.uuid, change=Change.ARRIVED)
                    new = self._past_of_log(step.sr, step.value)
                    new.changes.append(_change_of_step(arrived))
                    self._forget_fields(new, arrived, FIELDS)
            else:
                self._write_step(step)

    def _past_of_log(self, sr: str, uuid: str) -> Past:
        key = (sr, uuid)
        if key not in self.pasts:
            state = CbtLog(sr=sr, uuid=uuid)
            self.pasts[key] = Past(state=state, entries=[], changes=[], touched={})
        return self.pasts[key]

    def _write_step(self, step: Step) -> None:
        past = self._past_of_log(step.sr, step.uuid)
        match step.change:
            case Change.CREATED:
                self._become_state(past, step, _created_log(past.state, step))
            case Change.RENAMED:
                new = self._past_of_log(step.sr, step.value)
                state = replace(past.state, uuid=step.value, exists=_known_by_step(True, step))
                for rename_name in CONTENT:
                    value = known(state, rename_name)
                    if value and self._is_doubtful(past, rename_name, step):
                        state = _put_value(
                            state, rename_name, replace(value, confidence=Confidence.POSSIBLE)
                        )
                arrived = replace(step, uuid=step.value, value=step.uuid, change=Change.ARRIVED)
                self._become_state(new, arrived, state)
                self._become_state(past, step, _removed_log(past.state, step))
            case Change.REMOVED:
                self._become_state(past, step, _removed_log(past.state, step))
            case Change.MERGED:
                past.changes.append(_change_of_step(step))
            case _:
                name = _FIELD[step.change]
                self._become_state(
                    past, step, _with_value(past.state, name, _decoded_value(step), step), (name,)
                )

    def _become_state(
        self, past: Past, step: Step, state: CbtLog, fields: tuple[str, ...] = FIELDS
    ) -> None:
        """Take a new state over; a value that another actor may have set since is not sure."""
        for name in fields:
            before, after = known(past.state, name), known(state, name)
            differ = before and after and before.value != after.value
            if differ and after and self._is_doubtful(past, name, step):
                state = _put_value(state, name, replace(after, confidence=Confidence.POSSIBLE))
        _enter_state(past, step, state, fields)
        _touch_fields(past, step, fields)
        if step.value or step.change is not Change.CREATED:  # a volume's log is made right after
            past.changes.append(_change_of_step(step))

    def _forget_fields(self, past: Past, step: Step, fields: tuple[str, ...]) -> None:
        state = past.state
        for name in fields:
            state = _put_value(state, name, None)
        _enter_state(past, step, state, fields)
        _touch_fields(past, step, fields)

    def _read_step(self, step: Step) -> None:
        past = self._past_of_log(step.sr, step.uuid)
        name = _FIELD[step.change]
        found = _decoded_value(step)
        before = known(past.state, name)
        if before is None:
            self._learn_first_value(past, step, name)
        elif step.weak:
            # Take note that SM, which tests whether a log is there, did not go to the one named.
            named = str(before.value)
            if found_none(step) and named and before.confidence is not Confidence.POSSIBLE:
                missed = replace(step, uuid=named, change=Change.MISSED, value="", weak=False)
                if not self._is_doubtful(
                    self._past_of_log(step.sr, step.uuid), _FIELD[step.change], step
                ):
                    self._read_step(missed)
        elif before.value == found:
            if step.listed and step.change is Change.SEEN:
                self._learn_value(past, step, name)
            elif step.confidence is Confidence.CERTAIN is not before.confidence:
                value = replace(before, evidence=step.evidence, confidence=step.confidence)
                _enter_state(past, step, _put_value(past.state, name, value), (name,))
        elif self._is_doubtful(past, name, step):
            value = replace(before, confidence=Confidence.POSSIBLE)
            _enter_state(past, step, _put_value(past.state, name, value), (name,))
        else:
            self._contradict_value(past, step, name, before)

    def _learn_first_value(self, past: Past, step: Step, name: str) -> None:
        """Learn a value of which nothing was known.

        A walk that ended, and a snapshot that tells no parent of its child, met no pointer or one
        to a log that is not there.
        """
        if not step.weak:
            self._learn_value(past, step, name)
        elif step.change is not Change.CHILD:
            self._learn_value(past, replace(step, confidence=Confidence.POSSIBLE), name)

    def _is_doubtful(self, past: Past, name: str, step: Step) -> bool:
        """Tell whether another actor touched a field at a time that may be after the step's."""
        return any(
            actor != step.actor and not surely_before(other, step, self._order)
            for actor, other in past.touched.get(name, {}).items()
        )

    def _learn_value(self, past: Past, step: Step, name: str) -> None:
        state = _with_value(past.state, name, _decoded_value(step), step)
        if step.change is Change.MISSED:
            state = _removed_log(past.state, step)
        _enter_state(past, step, state, (name,))
        if name == EXISTS:
            past.changes.append(_change_of_step(step))

    def _contradict_value(self, past: Past, step: Step, name: str, before: Known[object]) -> None:
        """Believe what was seen, less firmly; of a log thought gone nothing else is known."""
        if before.confidence is not Confidence.POSSIBLE:
            if name == EXISTS:
                was, then = ("there", "not there") if before.value else ("gone", "there")
                what = f"the log was {was}, then it was {then}, and nothing tells why"
            else:
                then = _shown_value(_decoded_value(step))
                what = f"its {name} was {_shown_value(before.value)}, and then {then} was read"
            evidence: tuple[Evidence, ...] = (before.evidence, step.evidence)
            contradiction_of = Contradiction(
                sr=step.sr, uuid=step.uuid, what=what, evidence=evidence
            )
            self.contradictions.append(contradiction_of)
        base = past.state
        fields: tuple[str, ...] = (name,)
        if name == EXISTS:
            base, fields = CbtLog(sr=step.sr, uuid=step.uuid), FIELDS
            past.changes.append(_change_of_step(step))
        value = replace(_known_by_step(_decoded_value(step), step), confidence=Confidence.LIKELY)
        _enter_state(past, step, _put_value(base, name, value), fields)


def found_none(step: Step) -> bool:
    """Tell whether a step says that SM found no log where a pointer leads."""
    return step.change in (Change.PARENT, Change.CHILD) and step.value == NO_LOG


def surely_before(one: Step, other: Step, order: Order) -> bool:
    """Tell whether a step of one actor was surely made before one of another."""
    if one.source.bundle == other.source.bundle:
        return one.moment.certainly_before(other.moment)
    first = Mark(at=one.moment, source=one.source)
    return order.surely_before_elsewhere(first, Mark(at=other.moment, source=other.source))


def known(state: CbtLog, name: str) -> Known[object] | None:
    """Return what is known of a field."""
    return cast("Known[object] | None", getattr(state, name))


def _put_value(state: CbtLog, name: str, value: Known[object] | None) -> CbtLog:
    return replace(state, **{name: value})  # type: ignore[arg-type]  # a field of CbtLog


def _with_value(state: CbtLog, name: str, value: object, step: Step) -> CbtLog:
    return _put_value(state, name, _known_by_step(value, step))


def _known_by_step(value: Value, step: Step) -> Known[Value]:
    return Known(value=value, evidence=step.evidence, confidence=step.confidence, since=step.moment)


def _decoded_value(step: Step) -> object:
    """Return a step's value as its field has it."""
    match step.change:
        case Change.SIZE | Change.CREATED:
            return int(step.value)
        case Change.CONSISTENT:
            return int(step.value) != 0
        case Change.SEEN | Change.MISSED:
            return step.change is Change.SEEN
        case _:
            return step.value


def _created_log(state: CbtLog, step: Step) -> CbtLog:
    """Return a log as cbt-util makes it, or (without a size) a volume not yet written."""
    fresh = CbtLog(sr=state.sr, uuid=state.uuid, exists=_known_by_step(True, step))
    # cbt-util creates a log that is not consistent; SM sets its flag right after, but for a disk
    # that is attached (blktap, cbt/cbt-util.c; sm, VDI.py).
    if not step.value:
        return fresh
    return replace(
        fresh,
        parent=_known_by_step(NO_LOG, step),
        child=_known_by_step(NO_LOG, step),
        size=_known_by_step(int(step.value), step),
        consistent=_known_by_step(False, step),
    )


def _removed_log(state: CbtLog, step: Step) -> CbtLog:
    return CbtLog(sr=state.sr, uuid=state.uuid, exists=_known_by_step(False, step))


def _enter_state(past: Past, step: Step, state: CbtLog, fields: tuple[str, ...]) -> None:
    past.state = state
    past.entries.append(Entry(step=step, fields=fields, state=state))


def _touch_fields(past: Past, step: Step, fields: tuple[str, ...]) -> None:
    for name in fields:
        past.touched.setdefault(name, {})[step.actor] = step


def _change_of_step(step: Step) -> LogChange:
    return LogChange(
        change=step.change,
        moment=step.moment,
        value=step.value,
        evidence=step.evidence,
        confidence=step.confidence,
    )


def _shown_value(value: object) -> str:
    return "none" if value == NO_LOG else str(value)
