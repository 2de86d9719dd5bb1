"""Logs that other processes read: the same result, and a process that dies is told, not awaited."""

import io
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from analyzer.case import log_processes
from analyzer.case.log_process import (
    Answer,
    Asked,
    End,
    Log,
    Part,
    receive,
    send,
    send_block,
    serve,
)
from analyzer.case.log_processes import LogProcesses
from analyzer.case.rows import KeepPolicy
from analyzer.parsers._api import Selector
from analyzer.render.data.json import render_json
from analyzer.run import Options, analyze
from tests.support.bundle import BundleBuilder

LINE = "Jun 10 13:32:41 jupiter SM: [24517] lock: acquired /var/lock/sm/x/sr\n"
ASKED = Asked(
    selectors=(Selector(id="locks", parser="smlog", message=r"^lock: (?P<what>\w+)"),),
    keep=KeepPolicy(),
    line_limit=1 << 20,
    quick=True,
)
LOG = Log(bundle="b", member="var/log/SMlog", parser="smlog", most=5000)


def ends(answers: Iterable[Answer]) -> list[End]:
    return [answer for answer in answers if isinstance(answer, End)]


def served(*messages: object) -> list[object]:
    """Return what a process answers to messages."""
    incoming, outgoing = io.BytesIO(), io.BytesIO()
    for message in messages:
        if isinstance(message, bytes):
            send_block(incoming, message)
        else:
            send(incoming, message)
    incoming.seek(0)
    serve(incoming, outgoing)
    outgoing.seek(0)
    return list(iter(lambda: receive(outgoing), None))


def test_a_log_comes_back_as_rows_and_what_is_known_of_it() -> None:
    part, end = served(ASKED, LOG, LINE.encode() * 3, b"")

    assert isinstance(part, Part)
    assert isinstance(end, End)
    assert len(part.rows) == 3
    assert end.stats is not None
    assert (end.stats.lines, end.records, end.hosts) == (3, 3, {"jupiter": 3})


def test_a_log_that_our_code_fails_on_costs_no_other_log() -> None:
    unknown = Log(bundle="b", member="var/log/x", parser="no such parser", most=5000)

    failed, _, good = served(ASKED, unknown, LINE.encode(), b"", LOG, LINE.encode(), b"")

    assert isinstance(failed, End)
    assert isinstance(good, End)
    assert "no such parser" in failed.trace
    assert good.stats is not None


def test_what_two_processes_find_is_folded_in_the_order_of_the_logs() -> None:
    found: list[list[Answer]] = [[], [], [], []]
    with LogProcesses(ASKED, 2, worth_it=0) as processes:
        assert processes.are_worth_it(0)
        for own, size in zip(found, (2000, 1, 500, 1), strict=True):

            def fold(answer: Answer, own: list[Answer] = own) -> None:
                own.append(answer)
                at = found.index(own)
                assert all(ends(before) for before in found[:at])

            processes.read(LOG, [LINE.encode()] * size, fold)

    assert [end.records for own in found for end in ends(own)] == [2000, 1, 500, 1]


def test_a_process_that_dies_fails_its_logs_and_is_not_awaited() -> None:
    found: list[Answer] = []

    def blocks(processes: LogProcesses) -> Iterator[bytes]:
        yield LINE.encode()
        (pid,) = processes.pids
        os.kill(pid, signal.SIGKILL)
        for _ in range(200):
            yield LINE.encode() * 1000

    with LogProcesses(ASKED, 1, worth_it=0) as processes:
        assert processes.are_worth_it(0)
        processes.read(LOG, blocks(processes), found.append)

    assert all("ended before it did" in end.trace for end in ends(found))
    assert ends(found)


@pytest.mark.parametrize("blocks", [3, 60])
def test_a_process_that_stands_still_is_ended_and_not_awaited(blocks: int) -> None:
    found: list[Answer] = []
    with LogProcesses(ASKED, 1, worth_it=0, patience=0.5) as processes:
        assert processes.are_worth_it(0)
        (pid,) = processes.pids
        os.kill(pid, signal.SIGSTOP)
        processes.read(LOG, [LINE.encode() * 4000] * blocks, found.append)

    (end,) = ends(found)
    assert "ended before it did" in end.trace


def test_more_processes_are_started_for_more() -> None:
    with LogProcesses(ASKED, 2, worth_it=100) as processes:
        assert processes.are_worth_it(100)
        assert len(processes.pids) == 1
        processes.read(LOG, [LINE.encode() * 3], lambda _answer: None)
        assert processes.are_worth_it(100)
        assert len(processes.pids) == 2


def test_nothing_is_started_for_little() -> None:
    with LogProcesses(ASKED, 4) as processes:
        assert not processes.are_worth_it(1_000_000)
        assert processes.pids == ()


def test_no_result_depends_on_how_many_processes_are_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.case.log_processes.WORTH_IT", 0)
    failed = LINE.replace(
        "lock: acquired /var/lock/sm/x/sr", "***** vdi_attach: EXCEPTION <class 'a'>, b"
    )
    report = BundleBuilder()
    for rotation in range(3):
        report.log("var/log/SMlog", (LINE + failed) * 50, rotation)
    report.log("var/log/daemon.log", LINE.replace("SM", "xapi-nbd") * 5)
    path = report.write_tar(tmp_path / "bundle.tar.bz2")

    alone, with_two = (render_json(analyze([path], Options(jobs=jobs))) for jobs in (1, 3))

    assert alone == with_two


def large(tmp_path: Path) -> Path:
    """Return a report that is worth forks."""
    report = BundleBuilder()
    failed = LINE.replace(
        "lock: acquired /var/lock/sm/x/sr", "***** vdi_attach: EXCEPTION <class 'a'>, b"
    )
    for rotation in range(3):
        report.log("var/log/SMlog", (LINE + failed) * 50, rotation)
    return report.write_tar(tmp_path / "bundle.tar.bz2")


@pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux only")
@pytest.mark.parametrize("alone", [True, False], ids=["no threads", "another thread"])
def test_large_input_is_read_by_forks_where_no_thread_is_at_work(
    alone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = large(tmp_path)
    expected = render_json(analyze([path], Options(jobs=1)))
    made: list[tuple[int, ...]] = []
    fork = LogProcesses.fork

    def watched(processes: LogProcesses, expected: int) -> None:
        fork(processes, expected)
        made.append(processes.pids)

    monkeypatch.setattr(LogProcesses, "fork", watched)
    monkeypatch.setattr("analyzer.run.WORTH_A_FORK", 0)
    monkeypatch.setattr(log_processes, "WORTH_A_FORK", 0)
    monkeypatch.setattr(threading, "active_count", lambda: 1 if alone else 2)
    assert render_json(analyze([path], Options(jobs=3))) == expected
    assert [len(pids) for pids in made] == [3 if alone else 0]


@pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux only")
def test_fork_that_dies_fails_its_logs_and_is_not_awaited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    found: list[Answer] = []
    with LogProcesses(ASKED, 2) as processes:
        processes.fork(1 << 40)
        for pid in processes.pids:
            os.kill(pid, signal.SIGKILL)
        assert len(processes.pids) == 2
        processes.read(LOG, [LINE.encode() * 4000] * 60, found.append)
    (end,) = ends(found)
    assert "ended before it did" in end.trace
