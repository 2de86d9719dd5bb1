"""A fleet is analyzed to its end, whatever dies on the way."""

import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import pytest

from analyzer.errors import UsageError
from analyzer.fleet import engine, task
from analyzer.fleet.engine import Plan
from analyzer.fleet.questions import ask
from analyzer.fleet.sources import CaseFiles
from analyzer.fleet.store import Store
from analyzer.fleet.tables import Rows
from analyzer.fleet.task import rows_of_cases
from tests.fleet.small_fleet import LOG, SAMPLES, run, small_cases


def test_a_second_run_does_only_what_is_new(tmp_path: Path) -> None:
    source, out = small_cases(tmp_path / "src", 3), tmp_path / "out"
    shutil.copy(SAMPLES / "resize-failed.tar.bz2", source)
    (source / "broken.tar.bz2").write_bytes(b"no archive")
    first = run(source, out)
    assert (first.analyzed, first.before, len(first.errors)) == (5, 0, 1)
    (source / "acme/1/SMlog").write_text(LOG.format(1, 1, "hope"), encoding="utf-8")
    second = run(source, out)
    assert (second.analyzed, second.before, second.errors) == (1, 4, [])
    _, rows = ask(Store(out), "select title from unexplained where \"case\" = 'acme/1'")
    assert len(rows) == 1
    assert "hope" in rows[0][0]
    assert ask(Store(out), "select count(*) from cases")[1] == [(5,)]
    assert ask(Store(out), "select customer, count(*) from cases group by 1 order by 1")[1] == [
        ("", 2),
        ("acme", 1),
        ("globex", 2),
    ]


def test_a_killed_worker_costs_nothing(tmp_path: Path) -> None:
    source = small_cases(tmp_path / "src", 8)
    tally = run(source, tmp_path / "out", kill=True)
    assert (tally.analyzed, tally.errors) == (8, [])
    assert ask(Store(tmp_path / "out"), "select count(*) from cases where error is null")[1] == [
        (8,)
    ]


def dies_of_some(cases: Sequence[CaseFiles], memory: int = 0) -> list[tuple[str, Rows]]:
    if any(case.key == "acme/3" for case in cases):
        os.kill(os.getpid(), signal.SIGKILL)
    return rows_of_cases(cases, memory)


def test_a_case_that_kills_its_process_is_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "rows_of_cases", dies_of_some)
    source = small_cases(tmp_path / "src", 5)
    tally = run(source, tmp_path / "out", Plan(chunk=2, jobs=2))
    assert tally.analyzed == 5
    assert [error.partition(":")[0] for error in tally.errors] == ["acme/3"]
    assert run(source, tmp_path / "out").before == 5


def takes_a_gigabyte(cases: Sequence[CaseFiles], memory: int = 0) -> list[tuple[str, Rows]]:
    # A small case may fit into what the process has freed before, however little it may add.
    with patch.object(task, "analyze", lambda *_: bytearray(1 << 30)):
        return rows_of_cases(cases, memory)


def test_memory_that_is_not_there_is_an_error_of_the_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "rows_of_cases", takes_a_gigabyte)
    source = small_cases(tmp_path / "src", 2)
    tally = run(source, tmp_path / "out", Plan(chunk=1, jobs=1, memory=1 << 29))
    assert tally.analyzed == 2
    assert [error.partition(": ")[2].split(" at ")[0] for error in tally.errors] == [
        "internal: MemoryError"
    ] * 2


def test_a_dask_cluster_gives_the_same_rows(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="needs cbtriage[fleet]")
    source = small_cases(tmp_path / "src", 4)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        plan = Plan(chunk=1, scheduler=cluster.scheduler_address)
        assert run(source, tmp_path / "far", plan).analyzed == 4
    run(source, tmp_path / "near")
    question = 'select "case", rule, verdict from outcomes order by all'
    assert ask(Store(tmp_path / "far"), question) == ask(Store(tmp_path / "near"), question)


def test_no_scheduler_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Dask scheduler"):
        run(small_cases(tmp_path / "src", 1), tmp_path / "out", Plan(scheduler="nonsense"))
