"""Runs the tasks of a fleet, here or on a Dask cluster, and outlives the workers that die.

A case whose process dies is tried once more, alone; if that dies too it is a row with its error.
"""

import hashlib
import importlib
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import field
from typing import Any

from analyzer.errors import UsageError
from analyzer.fleet.sources import CaseFiles
from analyzer.fleet.store import Store
from analyzer.fleet.tables import Rows
from analyzer.fleet.task import failed, rows_of_cases
from analyzer.values import dataclass

Made = list[tuple[str, Rows]]
_DIED = "its process died: killed, or out of memory (--memory)"


@dataclass(slots=True)
class Tally:
    """What a run did: cases analyzed, those with an error, those that were done before."""

    analyzed: int = 0
    errors: list[str] = field(default_factory=list)
    before: int = 0
    cpu_seconds: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to run: cases per task, processes, bytes of memory each (0: not bounded), a scheduler."""

    chunk: int = 8
    jobs: int = 2
    memory: int = 0
    scheduler: str = ""


def run_fleet(
    cases: Sequence[CaseFiles],
    store: Store,
    plan: Plan,
    progress: Callable[[Tally], None] = lambda _: None,
) -> Tally:
    """Analyze the cases that are new or have changed, and keep what was made of each task at once.

    Raises:
        UsageError: the scheduler cannot be reached.
    """
    known = store.states
    new = [case for case in cases if known.get(case.key) != case.state]
    tally = Tally(before=len(cases) - len(new))
    chunks = [new[at : at + plan.chunk] for at in range(0, len(new), plan.chunk)]
    work = _on_dask if plan.scheduler else _run_here
    for chunk, made in work(chunks, plan):
        text = "\n".join(f"{case.key} {case.state}" for case in chunk)
        name_of_chunk = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]
        store.keep(name_of_chunk, {case.key: case.state for case in chunk}, made)
        for key, tables in made:
            row = tables["cases"][0]
            tally.analyzed += 1
            tally.cpu_seconds += row.get("cpu_seconds") or 0
            if row.get("error"):
                tally.errors.append(f"{key}: {row['error']}")
        progress(tally)
    return tally


Chunk = Sequence[CaseFiles]


def _run_here(chunks: Sequence[Chunk], plan: Plan) -> Iterator[tuple[Chunk, Made]]:
    """Run in processes of this machine."""
    left = list(reversed(chunks))
    while left:
        suspects: list[Chunk] = []
        with _pool_of_jobs(plan.jobs) as pool:
            # Run what is left; when a process dies, all that ran then are suspects.
            running: dict[Future[Made], Chunk] = {}
            while running or (left and not suspects):
                while left and not suspects and len(running) < plan.jobs:
                    try:
                        future = pool.submit(rows_of_cases, left[-1], plan.memory)
                    except BrokenProcessPool:  # one died while nobody waited
                        suspects.append(left.pop())
                    else:
                        running[future] = left.pop()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    until_chunk = running.pop(future)
                    if isinstance(future.exception(), BrokenProcessPool):
                        suspects.append(until_chunk)
                    else:
                        yield until_chunk, future.result()
        for chunk in suspects:
            yield chunk, [_analyze_alone(case, plan) for case in chunk]


def _analyze_alone(case: CaseFiles, plan: Plan) -> tuple[str, Rows]:
    """Analyze a case in a process of its own."""
    with _pool_of_jobs(1) as pool:
        try:
            return pool.submit(rows_of_cases, [case], plan.memory).result()[0]
        except BrokenProcessPool:
            return case.key, _rows_of_death(case)


def _rows_of_death(case: CaseFiles) -> Rows:
    made = failed(_DIED)
    made["cases"][0]["customer"] = case.customer
    return made


def _pool_of_jobs(jobs: int) -> ProcessPoolExecutor:
    """Return a pool whose processes begin with all modules loaded, where that can be had."""
    methods = multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        context.set_forkserver_preload(["analyzer.fleet.task"])
    return ProcessPoolExecutor(max_workers=jobs, mp_context=context)


def _on_dask(chunks: Sequence[Chunk], plan: Plan) -> Iterator[tuple[Chunk, Made]]:
    """Run on a Dask cluster; its workers must reach the sources, and have the same cbtriage."""
    distributed: Any = importlib.import_module("distributed")  # slow, and only needed here
    try:
        client = distributed.Client(plan.scheduler, timeout=20, set_as_default=False)
    except (OSError, ValueError) as error:
        msg = f"{plan.scheduler}: no Dask scheduler answers there: {error}; see 'dask scheduler'"
        raise UsageError(msg) from error
    with client:
        sent = {
            client.submit(rows_of_cases, chunk, plan.memory, pure=False, retries=1): chunk
            for chunk in chunks
        }
        for future in distributed.as_completed(list(sent), loop=client.loop):
            chunk = sent[future]
            if future.status == "finished":
                yield chunk, future.result()
            else:
                yield chunk, [(case.key, _rows_of_death(case)) for case in chunk]
            future.release()
