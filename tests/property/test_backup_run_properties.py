"""Any calls of a client make runs: none raises, no line is in two, and order is never invented."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model.run import FullReason, RunVerdict
from tests.story.runs.backup_log import Client
from tests.support.whole import examples

CALLS = st.lists(
    st.tuples(
        st.sampled_from(
            ("snapshot", "compare", "read", "export", "ask", "purge", "delete", "off", "on", "wait")
        ),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    max_size=14,
)


def do(client: Client, live: list[str], taken: list[str], call: tuple[str, int, int]) -> None:
    name, one, other = call
    disk = live[one % len(live)]
    if name == "snapshot":
        taken.append(client.wait(60).snapshot(disk))
    elif name == "off":
        client.disable(disk)
    elif name == "on":
        client.enable(disk)
    elif name == "wait":
        client.wait(600 * one)
    elif taken:
        snapshot = taken[one % len(taken)]
        of_snapshots(client, taken, name, snapshot, taken[other % len(taken)])


def of_snapshots(client: Client, taken: list[str], name: str, one: str, other: str) -> None:
    if name == "compare":
        client.compare(one, other)
    elif name == "read":
        client.read(one)
    elif name == "export":
        client.export(one, other if other != one else "")
    elif name == "ask":
        client.ask(one)
    elif name == "purge":
        client.purge(one)
    else:
        taken.remove(one)
        client.delete(one)


@settings(max_examples=examples(25), deadline=None)
@given(CALLS, st.booleans())
def test_any_calls_make_runs_that_hold_together(
    calls: list[tuple[str, int, int]], volumes: bool
) -> None:
    client = Client(volumes=volumes)
    live, taken = [client.disk(), client.disk(cbt=False)], list[str]()
    for call in calls:
        do(client, live, taken, call)
    runs = client.runs()
    disks = [disk for run in runs for disk in run.disks]
    lines = Counter(step.evidence.source for disk in disks for step in disk.steps)
    assert all(count == 1 for count in lines.values())
    assert all(len({disk.vdi.uuid for disk in run.disks}) == len(run.disks) for run in runs)
    for disk in disks:
        assert disk.words
        assert not disk.ended.certainly_before(disk.began)
        assert disk.settle_with or disk.verdict is not RunVerdict.UNDECIDABLE
        assert disk.reason is None or disk.verdict is RunVerdict.FULL
        assert disk.reason is None or disk.evidence or disk.reason is FullReason.CHAIN_BROKEN
        assert disk.base is None or disk.base != ""
