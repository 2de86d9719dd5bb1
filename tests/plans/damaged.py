"""Random damaged disks: a life of calls, crashes, and what full disks and people do to logs."""

from random import Random

from analyzer.model.cbt import NO_LOG
from analyzer.model.finding import Subject
from analyzer.model.goal import Goal
from analyzer.plans.case import About, DiskCase, Doubt, Question
from analyzer.sm import by_hand, snapshots, tracking
from analyzer.sm.state import SrKind, State, one_disk

DISK = "disk"
_USUAL = (
    "start",
    "start",
    "stop",
    "snapshot",
    "snapshot",
    "snapshot",
    "snapshot",
    "destroy",
    "night",
)
_DAMAGE = (
    "crash",
    "crash",
    "enable",
    "enable",
    "disable",
    "remove",
    "cut",
    "short",
    "unlink",
    "full",
    "data",
    "grow",
    "link",
)


def damaged(seed: int) -> DiskCase:
    """Return the case of a seed, always the same one."""
    random = Random(seed)  # noqa: S311 - not for secrets
    state = tracking.enable(one_disk(DISK, sr=random.choice(list(SrKind))), DISK).state
    for _ in range(random.randrange(3, 18)):
        word = random.choice(_USUAL if random.random() < 0.55 else _DAMAGE)
        state = _lived(state, word, random)
    there = state.snapshots(DISK)
    base = there[-1] if there and random.random() < 0.75 else ""
    old = [name for name in there if name != base]
    goals = {Goal.INCREMENTAL} | {
        goal for goal in (Goal.NO_SILENT_LOSS, Goal.STARTS) if random.random() < 0.4
    }
    unneeded = frozenset(name for name in old if random.random() < 0.2)
    if unneeded:
        goals.add(Goal.SPACE)
    return DiskCase(
        disk=DISK,
        state=state,
        goals=frozenset(goals),
        subject=Subject(type="VDI", uuid=DISK),
        base=base,
        retention=frozenset(name for name in old if random.random() < 0.3) - unneeded,
        unneeded=unneeded,
        purges=random.random() < 0.2,
        doubts=_doubts(state, random),
    )


def _lived(state: State, word: str, random: Random) -> State:  # noqa: C901, PLR0911, PLR0912 - a table of acts
    logs, there = sorted(state.logs), state.snapshots(DISK)
    if word in {"remove", "cut", "short", "unlink", "link"} and not logs:
        return state
    match word:
        case "start":
            return tracking.attach(state, DISK).state
        case "stop":
            return tracking.detach(state, DISK).state
        case "crash":
            return tracking.crash(state, DISK, key_left=random.random() < 0.3).state
        case "enable":
            return tracking.enable(state, DISK).state
        case "disable":
            return tracking.disable(state, DISK).state
        case "snapshot":
            owner = "owner" if random.random() < 0.2 else ""
            return snapshots.snapshot(state, DISK, f"s{state.clock:03}", owner=owner).state
        case "night":
            state = snapshots.snapshot(state, DISK, f"s{state.clock:03}").state
            return snapshots.vdi_delete(state, there[-1]).state if there else state
        case "destroy":
            return snapshots.vdi_delete(state, random.choice(there)).state if there else state
        case "data":
            return snapshots.data_destroy(state, random.choice(there)).state if there else state
        case "grow":
            return tracking.resize(state, DISK, state.vdis[DISK].size + (1 << 20)).state
        case "remove":
            return by_hand.remove_log(state, random.choice(logs)).state
        case "cut":
            return by_hand.cut_header(state, random.choice(logs)).state
        case "short":
            return by_hand.cut_bitmap(state, random.choice(logs)).state
        case "unlink":
            return by_hand.set_child(state, random.choice(logs), NO_LOG).state
        case "link":
            return by_hand.set_parent(
                state, random.choice(logs), random.choice([*logs, NO_LOG])
            ).state
        case _:
            full = State(
                vdis=state.vdis, logs=state.logs, sr=state.sr, room=False, clock=state.clock
            )
            taken = snapshots.snapshot(full, DISK, f"s{state.clock:03}").state
            room = random.random() < 0.8
            return State(
                vdis=taken.vdis, logs=taken.logs, sr=taken.sr, room=room, clock=taken.clock
            )


def _doubts(state: State, random: Random) -> tuple[Doubt, ...]:
    questions = [
        Question(name=name, about=about)
        for name in sorted(state.logs)
        for about in (About.EXISTS, About.BODY)
        if random.random() < 0.12
    ]
    return tuple(Doubt(question=question) for question in questions[:3])
