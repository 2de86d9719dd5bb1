"""What to ask a customer for: every gap of a report becomes a command for dom0, or a reason.

What settles a gap stands in the gap itself, or with its source in `analyzer.sources`, as the
command that a person would type. Here that text is only read: nothing of it is run as it stands.
A piece that is exactly of one of the forms below becomes a command of ours, with no more of the
text in it than uuids and words of `xe`, so that no name of a bundle can reach a shell. All forms
read; none changes the host, but for a volume that is activated where that is wanted.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import Enum
from functools import lru_cache

from analyzer.model.finding import Gap
from analyzer.model.report import Report
from analyzer.model.terms import UUID
from analyzer.sources import SOURCES
from analyzer.values import dataclass

_LOG = rf"(?:/dev/VG_XenStorage-|/run/sr-mount/){UUID}/{UUID}\.cbtlog"
_ON = re.compile(r"(?:,? (?:and )?(?:\(|# )?on [^;]*|, twice in ten minutes)$")
_ELSEWHERE = re.compile(r"xen-bugtool --yestoall +(?:# |\()on ")
_KINDS = {kind.name: kind for kind in SOURCES}
# Of the records that `xe` lists those that are read; of others nothing would be made.
_RECORDS = "vdi|vbd|sr|pbd|pif|network|pool|host|vm"
_ANY_HOST = ""
_OWN = "<host-uuid>"  # of the host that the gap is about


class Form(Enum):
    """How a command is run."""

    PLAIN = "its output is kept under a name of the collector's"
    ECHOED = "its output is kept below the command itself"
    LOG = "the values of one CBT log are read, one by one"
    COPY = "all files of one log of the host are copied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One thing to collect: ``command`` in words of a shell, and the file for its output.

    ``host`` is the uuid of the host that has it, "" where any host of the pool has; ``fine`` are
    exit statuses that are no failure, ``more`` are further commands for the same file. ``rules``
    are those that could not tell without it, ``why`` what they said.
    """

    form: Form
    command: tuple[str, ...]
    file: str
    host: str = _ANY_HOST
    fine: tuple[int, ...] = (0,)
    rules: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    more: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unasked:
    """A doubt that no command of dom0 settles: which rules have it, and what would."""

    rules: tuple[str, ...]
    host: str
    why: str
    settle_with: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What to collect, ordered by host and file, and what cannot be asked for."""

    asks: tuple[Ask, ...] = ()
    unasked: tuple[Unasked, ...] = ()


def asks_of(report: Report) -> Asks:
    """Return what would settle the doubts of a report, each command once."""
    hosts = {host.name: host.uuid for host in report.hosts if host.uuid}
    asked: dict[tuple[str, str], Ask] = {}
    unasked: dict[tuple[str, str, str], Unasked] = {}
    for rule, gap in _gaps_by_rule(report):
        found = tuple(_asks_for_gap(gap, hosts.get(gap.host, _ANY_HOST)))
        for ask in found:
            key = (ask.host, ask.file)
            known = asked.get(key, ask)
            asked[key] = replace(
                known,
                rules=tuple(dict.fromkeys((*known.rules, rule))),
                why=tuple(dict.fromkeys((*known.why, str(gap.why)))),
            )
        if not found:
            place = (gap.host, str(gap.why), str(gap.settle_with))
            rules = unasked[place].rules if place in unasked else ()
            unasked[place] = Unasked(
                rules=(*rules, rule),
                host=gap.host,
                why=str(gap.why),
                settle_with=str(gap.settle_with),
            )
    return Asks(
        asks=tuple(ask for _, ask in sorted(asked.items())),
        unasked=tuple(each for _, each in sorted(unasked.items())),
    )


def _gaps_by_rule(report: Report) -> Iterator[tuple[str, Gap]]:
    for outcome in report.outcomes:
        yield from ((outcome.rule, gap) for gap in outcome.gaps)


def _asks_for_gap(gap: Gap, host: str) -> Iterator[Ask]:
    """Yield the commands for a gap: those it names, else those of its source."""
    kind = _KINDS.get(gap.need)
    if kind is not None and kind.is_log and host:
        name = _KINDS[gap.need].family.rpartition("/")[2]
        yield Ask(form=Form.COPY, command=(name,), file=f"var/log/{name}", host=host)
        return
    pieces = _asks_of_text(str(gap.settle_with))
    # Whether a source of a given report is missing, not a whole report.
    if not pieces and kind is not None and (_ELSEWHERE.match(str(gap.settle_with)) is None):
        pieces = _asks_of_text(kind.settle_with)
    for piece in pieces:
        command = tuple(word.replace(_OWN, host) for word in piece.command)
        yield replace(piece, host=host if piece.host else _ANY_HOST, command=command)


@lru_cache(maxsize=4096)  # thousands of gaps are settled with the same
def _asks_of_text(text: str) -> tuple[Ask, ...]:
    """Return what a text asks for; nothing where any piece of it is of no known form."""
    found: list[Ask] = []
    for piece in (_ON.sub("", piece.strip()).rstrip() for piece in text.split("; ")):
        if piece in _BESIDE:
            continue
        made = next((make(m) for form, make in _FORMS if (m := re.fullmatch(form, piece))), None)
        if made is None:
            return ()
        found.append(made)
    return tuple(found)


# What is named beside a command that says more, and is not read when it comes back.
_BESIDE = frozenset({"date", "dmesg"})


def _plain_command(
    file: str, *command: str, fine: tuple[int, ...] = (0,), more: tuple[tuple[str, ...], ...] = ()
) -> Callable[[re.Match[str]], Ask]:
    ask = Ask(form=Form.PLAIN, command=command, file=file, host=_OWN, fine=fine, more=more)
    return lambda _found: ask


def _listing_of_sr(found: re.Match[str]) -> Ask:
    command = ("ls", "-la", f"/run/sr-mount/{found['sr']}")
    return Ask(form=Form.ECHOED, command=command, file=f"ls-{found['sr']}.txt")


def _values_of_log(found: re.Match[str]) -> Ask:
    path = found["path"]
    name = path.rpartition("/")[2].removesuffix(".cbtlog")
    return Ask(form=Form.LOG, command=(path,), file=f"cbt-util-{name}.txt")


def _xe_records(found: re.Match[str]) -> Ask:
    """Return a list of `xe`, with the uuids that tell what its records are of."""
    words = found["words"].split()
    verb = found["verb"]
    if verb == "param-get":  # it shows a value, but not of what
        verb, words = "param-list", [each for each in words if not each.startswith("param-name=")]
    with_uuid: list[str] = []
    for word in words:
        uuid_name, _, value = word.partition("=")
        bare = uuid_name == "params" and "uuid" not in value.split(",") and value != "all"
        with_uuid.append(f"params=uuid,{value}" if bare else word)
    words = with_uuid
    named = [re.sub(r"[^A-Za-z0-9]+", "-", word) for word in words if "params=" not in word]
    name = "-".join((found["kind"], verb, *named))
    command = ("xe", f"{found['kind']}-{verb}", *words)
    return Ask(form=Form.ECHOED, command=command, file=f"xe-{name}.txt")


def _file_asked(found: re.Match[str]) -> Ask:
    path = found["path"]
    name = path if path.startswith("etc/") else path.rpartition("/")[2]
    return Ask(form=Form.PLAIN, command=("cat", f"/{path}"), file=name, host=_OWN)


_FILES = "|".join(
    re.escape(path)
    for kind in SOURCES
    for path in (*kind.paths, "var/lib/xapi-nbd/VBDs_to_clean_up")
    if path.startswith(("etc/", "var/lib/"))
)
_LVS, _VGS = ("lvs", "--units", "b"), ("vgs", "--units", "b")
_WORD = rf"[a-z-]+=(?:{UUID}|[A-Za-z][A-Za-z0-9,_-]*)"
_STATUS = ("systemctl", "status", "--no-pager")
# As text: most reports ask for few of them.
_FORMS: Sequence[tuple[str, Callable[[re.Match[str]], Ask]]] = (
    (rf"ls -la? /run/sr-mount/(?P<sr>{UUID})(?:/\*\.cbtlog)?", _listing_of_sr),
    (
        rf"lvs(?: --units b)?(?: VG_XenStorage-{UUID})?",
        _plain_command("lvs.out", *_LVS),
    ),
    (rf"vgs(?: VG_XenStorage-{UUID})?", _plain_command("vgs.out", *_VGS)),
    (r"pvs", _plain_command("pvs.out", "pvs")),
    (rf"cbt-util get -[pcfs] -n (?P<path>{_LOG})", _values_of_log),
    (
        rf"xe (?P<kind>{_RECORDS})-(?P<verb>list|param-list|param-get)(?P<words>(?: {_WORD})*)",
        _xe_records,
    ),
    (r"iptables -nvL(?: \w+)?", _plain_command("iptables-nvL.out", "iptables", "-nvL")),
    (r"ss -[a-z]+(?: '[sd]port = :\d+')?", _plain_command("ss-nampio.out", "ss", "-nampio")),
    (r"ip -s addr", _plain_command("ip-s-addr.out", "ip", "-s", "addr")),
    (r"ip route", _plain_command("ip-route.out", "ip", "route")),
    (
        r"df (?:-h|-alT)(?: /run/sr-mount/\S+)?",
        _plain_command("df-alT.out", "df", "-alT", fine=(0, 1)),
    ),
    (r"rpm -(?:qa|q [\w-]+)", _plain_command("rpm-qa.out", "rpm", "-qa")),
    (
        r"xe host-get-sm-diagnostics uuid=<host-uuid>",
        _plain_command("sm_diagnostics.out", "xe", "host-get-sm-diagnostics", f"uuid={_OWN}"),
    ),
    (r"xe task-list(?: params=[a-z,-]+)?", _plain_command("task_list.out", "xe", "task-list")),
    (
        r"ps wwwaxf -eo pid,stat,args",
        _plain_command("process-tree.out", "ps", "wwwaxf", "-eo", "pid,stat,args"),
    ),
    (r"chronyc tracking", _plain_command("chronyc-tracking.out", "chronyc", "tracking")),
    (r"dmsetup table", _plain_command("dmsetup-table.out", "dmsetup", "table")),
    (r"ls -lR /dev", _plain_command("ls-lR-%dev.out", "ls", "-lR", "/dev")),
    (
        r"systemctl status(?: [\w.-]+)?",
        # it is not 0 of a unit that has stopped, which is an answer
        _plain_command(
            "systemctl-status.out",
            *_STATUS,
            fine=(0, 3),
            more=((*_STATUS, "xapi-nbd.service"),),
        ),
    ),
    (
        r"openssl x509 [a-z -]*-in /etc/xensource/xapi-ssl\.pem",
        _plain_command(
            "xapi_cert.out", "openssl", "x509", "-text", "-in", "/etc/xensource/xapi-ssl.pem"
        ),
    ),
    (rf"cat /(?P<path>{_FILES})", _file_asked),
)
