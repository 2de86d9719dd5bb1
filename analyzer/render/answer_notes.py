"""The answer to paste: a ticket in CommonMark for colleagues, a reply in plain words for others."""

import re
from collections import Counter
from collections.abc import Sequence

from analyzer.model.goal import StepKind
from analyzer.model.report import Report
from analyzer.model.terms import UUID
from analyzer.render.markdown import code, escaped
from analyzer.render.words.answer import ReportAnswer, answer_of, doubt_words
from analyzer.render.words.question_lines import question_lines, question_title
from analyzer.render.words.short_time import window_words
from analyzer.render.words.summary import Tone, headline, pools_line, unread, window
from analyzer.render.words.troubled import Troubled
from analyzer.render.words.view import counted, cut, visible
from analyzer.story.together import pool_name

TICKET_LINES, REPLY_LINES = 60, 15
_DOUBTS, _NAMED, _ASKED = 6, 8, 14
_POOLS, _ASKED_OF_ALL = 4, 3
_QUOTE = 300
_AROUND = 4
_LEAST = 4  # lines of a pool in a ticket: its verdict, how it stands now, and empty ones
_KINDS = {StepKind.LOOK: "look", StepKind.DO: "do", StepKind.DESTROYS: "**DESTROYS**"}
_GREETED = {Tone.UNSURE: "We cannot say that all is well: "}
_SHORT_ID = re.compile(r" \([0-9a-f]{8}\)")
_UUID = re.compile(rf"\b{UUID}\b", re.IGNORECASE)
_V4 = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?\b")
_V6 = re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE)


def render_ticket(report: Report) -> str:
    """Return the answer as CommonMark of at most `TICKET_LINES` lines, of each pool by itself."""
    # What was asked and what answers it.
    question_and_answers: list[str] = []
    if report.question is not None:
        question_and_answers.extend((f"## {escaped(question_title(report.question))}", ""))
        answers_lines, most = (
            list(question_lines(report)),
            _ASKED if not report.parts else _ASKED // 2,
        )
        shown = answers_lines if len(answers_lines) <= most else answers_lines[: most - 1]
        question_and_answers.extend(f"- {escaped(line)}" for line in shown)
        if len(answers_lines) > len(shown):
            question_and_answers.append(
                f"- and {len(answers_lines) - len(shown)} more lines about it, in the report"
            )
        question_and_answers.append("")
    lines = list(question_and_answers)
    made_by = f"- cbtriage {code(report.version)}, catalogue {code(report.catalogue)}"
    room = TICKET_LINES - len(lines) - 1
    if report.parts:
        lines += [*_ticket_of_pools(report, room), made_by]
    else:
        lines += _ticket_of_pool(report, room, made_by=made_by)
    return "\n".join(lines) + "\n"


def _ticket_of_pools(report: Report, room: int) -> list[str]:
    """Return a ticket of each pool, the worst first; who needs few lines leaves them to others."""
    order = list(Tone)
    parts = sorted(report.parts, key=lambda part: order.index(headline(part).tone))
    lines = [escaped(pools_line(report)), ""]
    shown = parts[: (room - len(lines) - 1) // _LEAST]
    needs = {n: len(_ticket_of_pool(part, room, pool_name(part))) for n, part in enumerate(shown)}
    left = room - len(lines) - 2 - len(shown)  # an empty line behind each
    share = {}
    for others, n in enumerate(sorted(needs, key=needs.__getitem__)):
        share[n] = min(needs[n], left // (len(shown) - others))
        left -= share[n]
    for n, part in enumerate(shown):
        own = _ticket_of_pool(part, share[n], pool_name(part))
        lines += [*own, *([""] if own[-1] else [])]
    if len(parts) > len(shown):
        lines += [f"and {counted(len(parts) - len(shown), 'more pool')}, in the report", ""]
    return lines


def _ticket_of_pool(report: Report, most: int, pool: str = "", made_by: str = "") -> list[str]:
    answer = answer_of(report)
    top_of_ticket: list[str] = []
    top_of_ticket.append(
        f"## {f'{escaped(pool)}: ' if pool else ''}{answer.word}: {escaped(answer.text)}"
    )
    top_of_ticket.append("")
    if answer.now:
        top_of_ticket.append(f"- Now: {answer.now}")
    top_of_ticket.append(f"- Read: {code(answer.given)}, {answer.read}; {answer.looked}")
    for fact in answer.facts:
        sure = f" ({fact.sure})" if fact.sure else ""
        place = f", {code(str(fact.source))}" if fact.source else ""
        top_of_ticket.append(f"- {fact.label}: {escaped(fact.text)}{sure}{place}")
    if answer.minor:
        top_of_ticket.append(f"- Minor ({len(answer.minor)}): {escaped(answer.minor[0])}")
    if made_by:
        top_of_ticket.append(made_by)
    top_of_ticket.append("")
    lines = [*top_of_ticket]
    ticket_doubts: list[str] = []
    if answer.doubts:
        ticket_doubts.append(f"### Cannot tell ({len(answer.doubts)})")
        ticket_doubts.append("")
        for doubt in answer.doubts[:_DOUBTS]:
            settle = f": {code(doubt.settle_with[0])}" if doubt.settle_with else ""
            ticket_doubts.append(f"- {escaped(cut(doubt_words(doubt), _QUOTE))}{settle}")
        if len(answer.doubts) > _DOUBTS:
            ticket_doubts.append(f"- and {len(answer.doubts) - _DOUBTS} more, in the report")
        ticket_doubts.append("")
    doubts = list(ticket_doubts)
    if doubts and len(lines) + len(doubts) > most:
        doubts = [f"- Cannot tell: {len(answer.doubts)}, in the report", ""]
    objects = _ticket_objects(answer.objects, most - len(lines) - len(doubts))
    return [*lines, *doubts, *objects][:most]


def _ticket_objects(objects: Sequence[Troubled], room: int) -> list[str]:
    """Return the objects and as many of their steps as fit; each step stands with its commands."""
    if not objects:
        return []
    shown = objects[:_NAMED]
    if room < len(shown) + _AROUND:
        names = ", ".join(f"**{escaped(each.name)}** ({each.now})" for each in shown)
        more = f" and {len(objects) - len(shown)} more" if len(objects) > len(shown) else ""
        return [f"- In trouble: {names}{more}; the steps are in the report"]
    room -= _AROUND + len(shown)  # the heading with its empty rows, the names, and what is left out
    lines = ["### What to do", ""]
    left = len(objects) - len(shown)
    untold = 0
    for each in shown:
        untracked = f", not tracked {each.untracked}" if each.untracked else ""
        uuid = f" ({code(each.subject.uuid)})" if each.subject.uuid else ""
        object_line = f"- **{escaped(each.name)}**{uuid}: {each.now_in_words}{untracked}"
        lines.append(object_line)
        steps: list[str] = []
        for n, step in enumerate(each.plan.steps if each.plan else (), 1):
            commands = "".join(f" {code(command)}" for command in step.commands)
            where = f" (on {escaped(step.where)})" if commands and step.where else ""
            lost = ""
            if step.lost:
                lost = (
                    f" Lost: {_one_sentence(step.lost)} Only if: {_one_sentence(step.precondition)}"
                )
            steps.append(f"  {n}. {_KINDS[step.kind]}: {escaped(step.text)}{commands}{where}{lost}")
        fit = steps[: max(room, 0)]
        lines += fit
        room -= len(fit)
        untold += len(steps) - len(fit)
    told = [counted(left, "more object")] if left else []
    told += [counted(untold, "more step")] if untold else []
    return [*lines, *([f"- and {', '.join(told)}, in the report"] if told else [])]


def _one_sentence(text: str) -> str:
    return f"{escaped(text.rstrip('.'))}."


def render_reply(report: Report) -> str:
    """Return the answer for somebody outside, in at most `REPLY_LINES` lines.

    It has no names of hosts, no addresses and no uuids, and asks for what is missing; of several
    pools each has a line.
    """
    outside = _Outside(report)
    covered = window(report)
    several = bool(report.parts)
    pools = f"s of {counted(len(report.parts), 'pool')}" if several else ""
    covers = "They cover" if several else "It covers"
    time = f" {covers} {window_words(*covered)}." if covered else ""
    lines = ["Hello,", "", f"We have looked at your status report{pools}.{time}"]
    lines += _pool_lines(report, outside) if several else _answer_lines(report, outside)
    # What is needed of several pools, each thing once with the pools that it is of.
    if several:
        own_asked: dict[str, list[str]] = {}
        for part in report.parts:
            for asked_each in _things_to_ask_for(part, answer_of(part)):
                own_asked.setdefault(asked_each, []).append(pool_name(part))
        asked_lines = [
            f"{asked_each} ({', '.join(names[:3])})" for asked_each, names in own_asked.items()
        ]
        asked: list[str] = asked_lines[:_ASKED_OF_ALL]
    else:
        asked = _things_to_ask_for(report, answer_of(report))
    if asked:
        lines += ["", "To go on we need from you:", *(f"- {outside.text(each)}" for each in asked)]
    else:
        lines += ["", "We need no more files from you to tell this."]
    return "\n".join([*lines, "", "Kind regards"]) + "\n"


def _answer_lines(report: Report, outside: "_Outside") -> list[str]:
    """Return the answer, and what is in trouble."""
    answer = answer_of(report)
    if answer.tone is Tone.CLEAR:
        return ["Nothing was found in what was read."]
    lines = [_GREETED.get(answer.tone, "") + outside.text(answer.text)]
    names = Counter(outside.text(each.name) for each in answer.objects[:_NAMED])
    if names:
        told = [name if n == 1 else f"{name} ({n} of them)" for name, n in names.items()]
        left = len(answer.objects) - names.total()
        more = f" and {left} more" if left else ""
        lines.append(f"In trouble: {', '.join(told)}{more}. Now: {answer.now}.")
    return lines


def _pool_lines(report: Report, outside: "_Outside") -> list[str]:
    """Return a line for each pool, those in trouble first; names of pools may be alike."""
    worst = list(Tone)
    parts = sorted(report.parts, key=lambda part: worst.index(answer_of(part).tone))
    lines = [
        f"{n}. {outside.text(pool_name(part))}: {' '.join(_answer_lines(part, outside))}"
        for n, part in enumerate(parts[:_POOLS], 1)
    ]
    left = len(parts) - len(lines)
    return [*lines, f"and {counted(left, 'more pool')}."] if left else lines


def _things_to_ask_for(report: Report, answer: ReportAnswer) -> list[str]:
    """Return at most four things to ask for, what was cut first."""
    asked = []
    if any(not bundle.complete for bundle in report.bundles):
        asked.append("the status report again: what reached us is not whole")
    missing = sum(len(pool.hosts_missing) for pool in report.pools)
    if missing:
        asked.append(f"the status reports of {counted(missing, 'other host')} of the pool")
    names = list(dict.fromkeys(entry.source for entry in unread(report)))
    if names:
        asked.append(f"a status report with these parts whole: {', '.join(names[:5])}")
    settling = [doubt.settle_with[0] for doubt in answer.doubts if doubt.settle_with]
    commands = [command for command in settling if not command.startswith("cbtriage ")]
    asked += [f"the output of: {cut(command, 200)}" for command in dict.fromkeys(commands)]
    return asked[:4]


class _Outside:
    """Takes out of a text what is nobody else's: names of hosts, addresses, uuids."""

    def __init__(self, report: Report) -> None:
        names = {name for host in report.hosts for name in (host.name, host.uuid) if name}
        names |= {name for pool in report.pools for name in pool.hosts_missing if name}
        longest = sorted(names, key=lambda name: (-len(name), name))
        any_of = "|".join(re.escape(name) for name in longest)
        self._hosts = re.compile(rf"(?:\bhost )?(?<!\w)(?:{any_of})(?!\w)", re.IGNORECASE)
        self._none = not names

    def text(self, text: str) -> str:
        """Return the text, on one line, as it may be sent."""
        shown = visible(text)
        shown = shown if self._none else self._hosts.sub("a host", shown)
        shown = _SHORT_ID.sub("", _UUID.sub("<uuid>", shown))
        return _V6.sub("<address>", _V4.sub("<address>", shown))
