"""The answer in each of its texts, over all samples: its budgets, and what must be named."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.model.error_group import ErrorGroup
from analyzer.model.finding import Evidence, Severity
from analyzer.model.goal import Standing
from analyzer.model.question import Question
from analyzer.model.report import Report
from analyzer.render.answer_notes import REPLY_LINES, TICKET_LINES, render_reply, render_ticket
from analyzer.render.markdown import escaped
from analyzer.render.terminal.answer_text import MOST_ROWS, OBJECTS, WIDTH, render_answer
from analyzer.render.words.answer import ReportAnswer, answer_of
from analyzer.render.words.summary import findings
from analyzer.story.together import together
from tests.golden.outputs import EACH_SAMPLE, SAMPLES, sample_read
from tests.render.support import FIRST, at, clear_report, empty_report, rich_report, smlog
from tests.render.terminal.test_text import crowded_report

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}", re.IGNORECASE)
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
HTML = "cbtriage-bundle/report.html"
WRITTEN = ("cbtriage-bundle/report.json", HTML, "cbtriage-bundle/report.cbtcase")


def built(name: str) -> Report:
    made = {"rich": rich_report, "empty": empty_report, "clear": clear_report}
    more = {"crowded": crowded_report, "unexplained": unexplained_report}
    return (made | more)[name]()


def unexplained_report() -> Report:
    """Return a report in which no rule found anything, and an error stands unexplained."""
    line = Evidence(source=smlog(88), text="SM: [711] lvcreate: I/O error", at=at("10:00:00"))
    group = ErrorGroup(
        id="E-1",
        title="lvcreate: I/O error",
        severity=Severity.ERROR,
        host="jupiter",
        bundle=FIRST,
        process="SM",
        code="EIO",
        meaning="the device did not answer",
        next_step="Look at kern.log of jupiter near that time.",
        calls=(),
        subjects=(),
        first_seen=at("10:00:00"),
        last_seen=at("10:05:00"),
        count=7,
        per_hour=None,
        near_backup=False,
        evidence=(line,),
    )
    return replace(clear_report(), unexplained=(group,))


REPORTS = [*EACH_SAMPLE, "rich", "empty", "clear", "crowded", "unexplained"]


@pytest.fixture(params=REPORTS)
def report(request: pytest.FixtureRequest) -> Report:
    of: Path | str = request.param
    return sample_read(of)[1] if isinstance(of, Path) else built(of)


@pytest.fixture
def answer(report: Report) -> ReportAnswer:
    return answer_of(report)


@pytest.fixture
def screen(report: Report) -> list[str]:
    return render_answer(report, written=WRITTEN).splitlines()


def without_spaces(text: str) -> str:
    return "".join(text.split())


def test_terminal_keeps_its_budget(screen: list[str]) -> None:
    assert len(screen) <= MOST_ROWS == 25
    assert max(map(len, screen)) <= WIDTH == 80
    assert not [row for row in screen if "..." in row]


def test_verdict_is_the_last_thing_on_the_terminal(screen: list[str], answer: ReportAnswer) -> None:
    text = without_spaces("\n".join(screen))
    now = f" Now: {answer.now}." if answer.now else ""
    assert text.endswith(without_spaces(f"{answer.word}: {answer.text}{now}"))


def test_path_of_the_page_is_on_the_terminal(screen: list[str]) -> None:
    assert HTML in screen


def test_what_cannot_be_told_is_on_the_terminal(screen: list[str], answer: ReportAnswer) -> None:
    assert bool(answer.doubts) == ("CANNOT TELL" in "\n".join(screen))


def test_every_disk_in_trouble_is_named(report: Report, answer: ReportAnswer) -> None:
    bad = {f.id for f in findings(report) if f.severity is not Severity.INFO}
    troubled = {d.vdi.uuid for d in report.disks if d.vdi and bad & set(d.findings)}
    assert troubled <= {each.subject.uuid for each in answer.objects}


def test_objects_stand_on_the_terminal_with_their_state(
    screen: list[str], answer: ReportAnswer
) -> None:
    text = without_spaces("\n".join(screen))
    for each in answer.objects[:OBJECTS]:
        shown = without_spaces(each.name.encode("unicode_escape").decode())
        told = {without_spaces(f"{shown}: {now}") in text for now in (each.now_in_words, each.now)}
        assert True in told or not each.name.isprintable()
    left = len(answer.objects) - OBJECTS
    assert left <= 0 or f"and{left}more" in text


def test_objects_have_names_of_their_own(answer: ReportAnswer) -> None:
    names = [each.name for each in answer.objects]
    assert len(set(names)) == len(names)


def test_what_is_over_stands_last(answer: ReportAnswer) -> None:
    over = [each.standing is Standing.OVER for each in answer.objects]
    assert over == sorted(over)


def test_answer_is_short(answer: ReportAnswer) -> None:
    facts = " ".join(f"{fact.label} {fact.text} {fact.sure}" for fact in answer.facts)
    assert len(f"{answer.word} {answer.text} {answer.now} {facts}".split()) <= 120


def test_ticket_keeps_its_budget(report: Report) -> None:
    states = tuple(f"CBT of disk {n} is off at the end" for n in range(40))
    many = Question(
        about=None,
        first=None,
        last=None,
        when="",
        findings=(),
        states=states,
        happened=(),
        beside=(),
    )
    for question in (None, many):
        text = render_ticket(replace(report, question=question))
        assert len(text.splitlines()) <= TICKET_LINES == 60


@pytest.mark.parametrize("count", [2, 5, 12, 40])
def test_ticket_of_many_pools_keeps_its_budget_and_names_the_worst_first(count: int) -> None:
    names = ("healthy-cbt", "nbd-trouble", "host-crash", "cbt-hazards-lvm", "snapshot-failed")
    known = [sample_read(next(p for p in SAMPLES if p.name.startswith(n)))[1] for n in names]
    report = together([known[n % len(known)] for n in range(count)])
    text = render_ticket(report)
    assert len(text.splitlines()) <= TICKET_LINES
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    tones = [word for line in heads for word in ("CRITICAL", "ERROR", "NOTHING") if word in line]
    assert tones == sorted(tones, key=("CRITICAL", "ERROR", "NOTHING").index)
    assert len(heads) == count or "more pool" in text
    assert "0, in the report" not in text
    if count == 5:
        objects = [each for part in report.parts for each in answer_of(part).objects]
        assert all(f"**{escaped(each.name)}**" in text for each in objects)
        assert all(f"{each}: " in text for each in ("Failure", "Now", "Read"))


def test_ticket_gives_commands_with_full_uuids() -> None:
    text = render_ticket(sample_read(next(p for p in SAMPLES if "host-crash" in p.name))[1])
    assert "`xe vdi-enable-cbt uuid=8bb6b296-5702-4f95-8f35-8286ce0e8dd3`" in text


def test_ticket_says_what_a_step_destroys() -> None:
    text = render_ticket(sample_read(next(p for p in SAMPLES if "host-crash" in p.name))[1])
    assert "**DESTROYS**" in text
    assert "Lost: " in text


def test_reply_keeps_its_budget_and_our_silence(report: Report) -> None:
    text = render_reply(report)
    assert len(text.splitlines()) <= REPLY_LINES == 15
    assert not UUID.search(text)
    assert not ADDRESS.search(text)
    assert not [host.name for host in report.hosts if re.search(rf"\b{host.name}\b", text)]


def of_pools(*names: str) -> Report:
    paths = (next(p for p in SAMPLES if name in p.name) for name in names)
    return together([sample_read(path)[1] for path in paths])


MANY = ("healthy-cbt", "nbd-trouble", "host-crash", "nbd-no-network", "lvm-no-space", "resize")


@pytest.mark.parametrize("names", [MANY[:2], MANY])
def test_reply_over_several_pools_keeps_its_budget_and_our_silence(names: tuple[str, ...]) -> None:
    report = of_pools(*names)
    text = render_reply(report)
    assert len(text.splitlines()) <= REPLY_LINES
    assert f"We have looked at your status reports of {len(names)} pools." in text
    assert not UUID.search(text)
    assert not ADDRESS.search(text)
    assert not [host.name for host in report.hosts if re.search(rf"\b{host.name}\b", text)]


def test_reply_over_several_pools_tells_each_and_the_worst_first() -> None:
    lines = render_reply(of_pools("healthy-cbt", "nbd-trouble", "host-crash")).splitlines()[3:6]
    assert [line[:2] for line in lines] == ["1.", "2.", "3."]
    assert "NBD clients were turned away" in lines[0]
    assert "lost change tracking" in lines[1]
    assert lines[2].endswith(": Nothing was found in what was read.")


def test_reply_over_several_pools_says_of_which_it_asks() -> None:
    one, other = rich_report(), of_pools("healthy-cbt", "host-crash").parts[0]
    asked = render_reply(together([one, other]))
    assert "- the status report again: what reached us is not whole (No known pool)" in asked
    assert "cbtriage" not in asked
    assert len(asked.splitlines()) <= REPLY_LINES


def test_reply_asks_for_what_is_missing() -> None:
    text = render_reply(rich_report())
    assert "- the status report again: what reached us is not whole" in text


def test_reply_gives_no_all_clear_where_there_is_none() -> None:
    assert "We cannot say that all is well" in render_reply(empty_report())


def test_error_that_no_rule_explains_is_the_answer_with_its_line_and_what_to_do() -> None:
    answer = answer_of(unexplained_report())
    screen = render_answer(unexplained_report())
    assert answer.text.startswith("SM on jupiter: lvcreate: I/O error")
    assert "[SMlog:88]" in screen
    assert "Look at kern.log of jupiter near that time." in screen
