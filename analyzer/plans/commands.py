"""Acts as steps for a person: words, commands, and the host they are typed on."""

from collections.abc import Iterator, Sequence

from analyzer.model.cbt import NO_LOG
from analyzer.model.goal import StepKind
from analyzer.model.plan import Step
from analyzer.model.sentence import say
from analyzer.model.terms import LOG_SUFFIX, NOBODY, VOLUME_FOLDER
from analyzer.plans.acts import Act, Do
from analyzer.plans.case import GONE, THERE, YES, About, DiskCase, Question
from analyzer.sm.state import Body, SrKind, State, Use

HEADER = 48
MASTER = "the SR master"
# LVM of a dom0 refuses to write its lists of volumes, but where SM is master (SM's spec sets
# metadata_read_only in /etc/lvm/lvm.conf, and leaves it off in /etc/lvm/master).
MAY_WRITE = "--config 'global{metadata_read_only=0}'"


def looks_before(acts: Sequence[Act], case: DiskCase) -> Iterator[Step]:
    """Yield the looks without which nothing may be destroyed."""
    for act in acts:
        if act.do is Do.REMOVE:
            yield Step(
                kind=StepKind.LOOK,
                text=say(
                    "Look whether the log of {log} still has no whole header.",
                    log=_name_of_uuid(case, act.name),
                ),
                why="It can have been mended or made anew since the status report.",
                commands=_with_volume(case, act.name, _header_of_log(case, act.name)),
                where=_where_attached(case, act.name),
                precondition=_NO_HEADER[case.state.sr],
            )
        elif act.do is Do.DELETE:
            yield Step(
                kind=StepKind.LOOK,
                text=say("Look whether anything holds {disk}.", disk=_name_of_uuid(case, act.name)),
                why="A disk that a VM snapshot holds is missing after the VM is reverted to it.",
                commands=(f"xe vbd-list vdi-uuid={act.name} params=vm-uuid,vm-name-label,device",),
                where=_master(case),
                precondition="Go on only where the list names nothing but what may be lost.",
            )


_NO_HEADER = {
    SrKind.FILES: f"Go on only where the file is shorter than {HEADER} bytes.",
    SrKind.VOLUMES: "Go on only where the command still fails.",
}


def step_of(act: Act, state: State, case: DiskCase) -> Step:
    """Return an act, done in a state, as a step."""
    if act.do in _PLAIN:
        text, why, command = _PLAIN[act.do]
        if act.do is Do.ROOM and not state.vdis[case.disk].cbt_enabled:
            why = "A new log does not fit, so CBT cannot be turned on."
        if act.do is Do.DISABLE and case.disk not in state.logs:
            why = "The database says that it is on, but there is no log: to enable does nothing."
        commands = (command.format(disk=case.disk),) if command else ()
        name = _name_of_uuid(case, case.disk)
        where = _master(case) if commands else ""
        return Step(
            kind=StepKind.DO, text=say(text, name=name), why=why, commands=commands, where=where
        )
    if act.do is Do.REMOVE:
        return _step_of_removal(act, case)
    if act.do is Do.DELETE:
        return _step_of_deletion(act, state, case)
    option, which = ("-p", "parent") if act.do is Do.PARENT else ("-c", "child")
    pointer_why = _WHY[act.do, act.to != NO_LOG]
    what = "nothing" if act.to == NO_LOG else _name_of_uuid(case, act.to)
    pointer_command = f"cbt-util set -n {path(case, act.name)} {option} {act.to or NOBODY}"
    return Step(
        kind=StepKind.DO,
        text=say(
            "Let the log of {log} name {what} as its {which}.",
            log=_name_of_uuid(case, act.name),
            what=what,
            which=which,
        ),
        why=pointer_why,
        commands=_with_volume(case, act.name, pointer_command),
        where=_where_attached(case, act.name),
    )


def _step_of_removal(act: Act, case: DiskCase) -> Step:
    log, held = path(case, act.name), _is_attached(case, act.name)
    files = case.state.sr is SrKind.FILES
    go_on = [_NO_HEADER[case.state.sr]]
    if held and not files:
        # Only the master may write a list of volumes, and it does not see what another host has
        # open; lvremove refuses what its own host has open.
        go_on.append("The VM has to be off: tapdisk has the volume open.")
    return Step(
        kind=StepKind.DESTROYS,
        text=say("Remove the log of {log}.", log=_name_of_uuid(case, act.name)),
        why="Its header cannot be read, and no call that meets it succeeds.",
        commands=(f"rm {log}" if files else f"lvremove -f {log} {MAY_WRITE}",),
        where=_where_attached(case, act.name) if files else _master(case),
        lost="what the log recorded, which cannot be read without its header",
        precondition=" ".join(go_on),
    )


_PLAIN = {
    Do.ROOM: (
        "Make room on the SR of {name}.",
        "A new log does not fit, so the next snapshot would turn CBT off.",
        "",
    ),
    Do.START: (
        "Start the VM of {name}.",
        "SM looks at the log when the disk is attached, and turns CBT off by itself.",
        "",
    ),
    Do.DISABLE: (
        "Turn CBT off for {name}.",
        "A disable by hand cuts the old snapshots off, which an error does not.",
        "xe vdi-disable-cbt uuid={disk}",
    ),
    Do.ENABLE: (
        "Turn CBT on for {name}.",
        "It begins a new, empty log.",
        "xe vdi-enable-cbt uuid={disk}",
    ),
    Do.BASELINE: (
        "Let the backup of {name} run once as a full one.",
        "Its snapshot is what later backups compare with.",
        "",
    ),
}


# VDI.py of sm: list_changed_blocks() goes from child to child; _cbt_snapshot() tells the parent of
# its new child; delete() lets the child of what is deleted take its place.
_WHY = {
    (Do.CHILD, False): "A comparison from it would go on over a time that is in no log, and its "
    "deletion would move that pointer on.",
    (Do.CHILD, True): "A comparison from it goes where this pointer leads.",
    (Do.PARENT, False): "The next snapshot would be linked to what it names now.",
    (Do.PARENT, True): "The next snapshot is linked to what it names.",
}


def _step_of_deletion(act: Act, state: State, case: DiskCase) -> Step:
    owner = state.vdis[act.name].owner
    name = _name_of_uuid(case, act.name)
    lost = say("{name}, and every comparison that begins at it", name=name)
    if owner:
        lost = say(
            "{lost}; it belongs to the VM snapshot {owner}, and a later revert to that leaves the "
            "disk out",
            lost=lost,
            owner=_name_of_uuid(case, owner),
        )
    return Step(
        kind=StepKind.DESTROYS,
        text=say("Delete {name}.", name=name),
        why="It gives its space back."
        if act.name in case.unneeded
        else "Nothing that keeps it passes four nights.",
        commands=(f"xe vdi-destroy uuid={act.name}",),
        where=_master(case),
        lost=lost,
        precondition="Nobody needs the snapshot: no restore, no revert, no backup job.",
    )


def look_for(question: Question, case: DiskCase) -> Step:
    """Return how a question is answered; its answers are still to be written.

    The step carries a precondition in their place.
    """
    name, log = _name_of_uuid(case, question.name), path(case, question.name)
    if question.about is About.ENABLED:
        command = f"xe vdi-param-get uuid={question.name} param-name=cbt-enabled"
        text = say("Look whether CBT is on for {name}.", name=name)
        return _step_of_look(text, (command,), _master(case))
    if question.about is About.EXISTS:
        lists = "ls -l" if case.state.sr is SrKind.FILES else "lvs"
        text = say("Look whether {name} has a log.", name=name)
        return _step_of_look(text, (f"{lists} {log}",), _master(case))
    if question.about is About.BODY:
        command = _header_of_log(case, question.name)
        text = say("Look how much is left of the log of {name}.", name=name)
    else:
        option, what = _OPTIONS[question.about]
        command = f"cbt-util get -n {log} {option}"
        text = say("Read {what} of the log of {name}.", what=what, name=name)
    commands = _with_volume(case, question.name, command)
    return _step_of_look(text, commands, _where_attached(case, question.name))


_OPTIONS = {
    About.PARENT: ("-p", "the parent"),
    About.CHILD: ("-c", "the child"),
    About.CONSISTENT: ("-f", "the flag"),
}


def _step_of_look(text: str, commands: tuple[str, ...], where: str) -> Step:
    return Step(
        kind=StepKind.LOOK, text=text, commands=commands, where=where, precondition="unanswered"
    )


def answer_words(question: Question, value: str, case: DiskCase) -> str:
    """Return what is seen when a question has an answer."""
    match question.about:
        case About.EXISTS:
            return {THERE: "it is listed", GONE: "there is none"}[value]
        case About.BODY:
            if case.state.sr is SrKind.VOLUMES:
                return {
                    Body.WHOLE.value: "it prints a size",
                    Body.SHORT.value: "it prints a size, and `cbt-util get -b` fails",
                    Body.CUT.value: "it fails",
                }[value]
            blocks = -(-case.state.vdis[case.disk].size // 65536)
            whole = HEADER + -(-blocks // 8)
            return {
                Body.WHOLE.value: f"{whole} bytes",
                Body.SHORT.value: f"{HEADER} bytes or more, but less than {whole}",
                Body.CUT.value: f"less than {HEADER} bytes",
            }[value]
        case About.CONSISTENT:
            return "1" if value == YES else "0"
        case About.ENABLED:
            return "true" if value == YES else "false"
        case About.PARENT | About.CHILD:
            return value or NOBODY


def path(case: DiskCase, log: str) -> str:
    """Return where a log lies."""
    if case.state.sr is SrKind.VOLUMES:
        return f"{VOLUME_FOLDER}{case.site.sr}/{log}{LOG_SUFFIX}"
    return f"{case.site.mount}/{case.site.sr}/{log}.cbtlog"


def _header_of_log(case: DiskCase, log: str) -> str:
    if case.state.sr is SrKind.FILES:
        return f"ls -l {path(case, log)}"
    return f"cbt-util get -n {path(case, log)} -s"


def _with_volume(case: DiskCase, log: str, command: str) -> tuple[str, ...]:
    """Return a command with its volume activated for it, and deactivated again.

    The volume of an attached disk is active on the host that it is attached to, where it must
    stay so.
    """
    if case.state.sr is SrKind.FILES or _is_attached(case, log):
        return (command,)
    volume = path(case, log)
    return (f"lvchange -ay {volume}", command, f"lvchange -an {volume}")


def _where_attached(case: DiskCase, log: str) -> str:
    # tapdisk has the log of an attached disk mapped: header and bits are one page there, and
    # another host that writes the header writes old bits with it.
    if _is_attached(case, log):
        return case.site.attached_on or "the host that the disk is attached to"
    return _master(case)


def _master(case: DiskCase) -> str:
    return case.site.master or MASTER


def _is_attached(case: DiskCase, log: str) -> bool:
    return log == case.disk and case.state.vdis[case.disk].use is not Use.NONE


def _name_of_uuid(case: DiskCase, uuid: str) -> str:
    return case.site.names.get(uuid, uuid)
