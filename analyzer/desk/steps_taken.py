"""Which steps of an older report's plans were taken, as far as a newer report shows it."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from analyzer.desk.document import Document, captured, instant, rows
from analyzer.values import dataclass


class Sight(StrEnum):
    """Whether a step is seen to have been taken."""

    TAKEN = "taken"
    NOT_TAKEN = "not taken"
    UNSEEN = "not seen: it leaves no trace in a status report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A step that does something; ``shown_by`` is what shows that it was taken, or was not."""

    plan: str
    object: str
    step: str
    sight: Sight
    shown_by: str = ""


def steps_taken(old: Document, new: Document) -> tuple[Taken, ...]:
    """Return the steps of all plans of the older report but its looks, which change nothing."""
    steps_of_plans: list[Taken] = []
    after = captured(old)
    for plan in rows(old, "plans"):
        about = plan["object"]
        named = " ".join(str(about[key]) for key in ("type", "name", "uuid") if about.get(key))
        for step in rows(plan, "steps"):
            if step["kind"] == "look":
                continue
            sight, shown = _what_is_seen(step, about, new, after)
            steps_of_plans.append(
                Taken(plan=plan["id"], object=named, step=step["text"], sight=sight, shown_by=shown)
            )
    return tuple(steps_of_plans)


_Answer = tuple[Sight, str]
_NOTHING: _Answer = (Sight.UNSEEN, "")


def _what_is_seen(
    step: Document, about: Document, new: Document, after: datetime | None
) -> _Answer:
    typed = "; ".join([*step["commands"], step["text"]])
    for form, judge in _JUDGES.items():
        if (found := re.search(form, typed)) and after:
            return judge(found, new, after)
    if re.search(r"\brun once as a full one\b", typed) and after:
        for run in rows(new, "runs"):
            for disk in rows(run, "disks"):
                at = instant(disk, "ended")
                mine = disk["vdi"]["uuid"] == about["uuid"]
                if mine and at and at > after and disk["verdict"] == "full":
                    return Sight.TAKEN, f"a full backup ended {at:%Y-%m-%d %H:%M:%S} UTC"
        return Sight.UNSEEN, "no full backup is seen, and not every backup shows what it was"
    return _NOTHING


def _judge_of_lives(kind: str) -> Callable[[re.Match[str], Document, datetime], _Answer]:
    """Return a judge that looks for an event in the lives of the newer report's disks."""

    def judge(found: re.Match[str], new: Document, after: datetime) -> _Answer:
        known = False
        for disk in rows(new, "disks"):
            of_disk = (disk.get("vdi") or {}).get("uuid") == found["uuid"]
            known |= of_disk
            for event in rows(disk, "life"):
                at = instant(event, "at", end="earliest")
                named = of_disk or found["uuid"] in str(event["what"])
                if event["kind"] == kind and named and at and at > after:
                    done = event["result"] == "succeeded"
                    told = f"{event['kind'].replace('-', ' ')} {at:%Y-%m-%d %H:%M:%S} UTC"
                    return (Sight.TAKEN, told) if done else (Sight.NOT_TAKEN, f"{told}, in vain")
        if not known:
            return Sight.UNSEEN, "the newer report does not tell of this disk"
        if _logs_reach(new, after):
            return Sight.NOT_TAKEN, "the logs since the older report do not show that it succeeded"
        return Sight.UNSEEN, "the logs do not reach back to the older report"

    return judge


def _pointer_of__after(found: re.Match[str], new: Document, _after: datetime) -> _Answer:
    """Judge by where a pointer leads: cbt-util typed by hand is in no log."""
    log, target = found["log"], found["target"]
    for disk in rows(new, "disks"):
        if not any(row["uuid"] == log and row["exists"] for row in rows(disk, "logs")):
            continue
        ends = ("older", "newer") if found["side"] == "c" else ("newer", "older")
        named = {row[ends[1]] for row in rows(disk, "links") if row[ends[0]] == log}
        if not set(target) - set("0-"):
            return (
                (Sight.NOT_TAKEN, f"its log names {min(named)}")
                if named
                else (Sight.TAKEN, "its log names nothing at the end of the newer report")
            )
        if target in named:
            return Sight.TAKEN, "the pointer stands so at the end of the newer report"
        return Sight.NOT_TAKEN, "the pointer does not stand so at the end of the newer report"
    return Sight.UNSEEN, "the newer report does not show this log"


def _purpose_of__after(found: re.Match[str], new: Document, _after: datetime) -> _Answer:
    """Judge by a network's purposes in the newer report's database."""
    for pool in rows(new, "nbd"):
        for row in rows(pool, "networks"):
            if row["network"]["uuid"] == found["uuid"]:
                has = found["key"] in row["purpose"]
                told = f"its purpose is {', '.join(row['purpose']) or 'none'}"
                wanted = found["verb"] == "add"
                return (Sight.TAKEN if has is wanted else Sight.NOT_TAKEN), told
    return Sight.UNSEEN, "the newer report does not tell of this network"


def _logs_reach(new: Document, after: datetime) -> bool:
    """Tell whether SM's log of some host goes back to the older report."""
    begins = [instant(row, "from") for row in rows(new, "coverage") if row.get("parser") == "smlog"]
    return any(begin and begin <= after for begin in begins)


_UUID = r"uuid=(?P<uuid>[0-9a-f-]{36})"
_JUDGES: Mapping[str, Callable[[re.Match[str], Document, datetime], _Answer]] = MappingProxyType(
    {
        rf"xe vdi-disable-cbt {_UUID}": _judge_of_lives("disabled"),
        rf"xe vdi-enable-cbt {_UUID}": _judge_of_lives("enabled"),
        rf"xe vdi-data-destroy {_UUID}": _judge_of_lives("data-destroy"),
        rf"xe vdi-destroy {_UUID}": _judge_of_lives("deleted"),
        rf"xe vdi-snapshot {_UUID}": _judge_of_lives("snapshot"),
        r"cbt-util set -n \S*/(?P<log>[0-9a-f-]{36})\.cbtlog -(?P<side>[cp]) "
        r"(?P<target>[0-9a-f-]{36})": _pointer_of__after,
        r"xe network-param-(?P<verb>add|remove) param-name=purpose param-key=(?P<key>\w+) "
        rf"{_UUID}": _purpose_of__after,
    }
)
