"""How each type of the model is written as JSON, where its fields alone do not say it."""

from collections.abc import Callable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any

from analyzer.model.call import CallCheck
from analyzer.model.disk import Comparison, DiskBreak, DiskView, LifeEvent
from analyzer.model.entry import Entry
from analyzer.model.error_group import ErrorGroup
from analyzer.model.event import Event
from analyzer.model.explained import HostNeed, LineExplained
from analyzer.model.finding import Advice, Evidence, Finding, Outcome, Subject
from analyzer.model.hole import Hole
from analyzer.model.host_view import HostLog, HostView
from analyzer.model.nbd import Concurrency, Dom0Attachment, NbdEndpoint, NbdInfo, NbdSession
from analyzer.model.nbd_view import NbdHost, NbdView
from analyzer.model.network import HostCertificate
from analyzer.model.network_view import InterfaceView, NetworkView
from analyzer.model.plan import Plan, Step
from analyzer.model.report import Coverage, ParseProblem, Report, SrInfo
from analyzer.model.rule import RuleText
from analyzer.model.run import BackupRun
from analyzer.model.source import Source
from analyzer.model.sr_view import SrView
from analyzer.model.vm_view import VmView
from analyzer.render.data.answers import Answers
from analyzer.render.data.parts import PoolPart, parts_of
from analyzer.render.words.answer import ReportAnswer, answer_of, doubt_words
from analyzer.render.words.nbd_peaks import Peak, clients_left_out, clients_of
from analyzer.render.words.nbd_words import peak_of
from analyzer.render.words.summary import CannotTell, CauseView
from analyzer.render.words.troubled import Troubled, step_in_brief
from analyzer.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is special about a type.

    ``beside``: the keys of these fields stand among the type's own. ``left_out``: said by
    something else in the document, or of no use outside. ``named``: field → key. ``by``: field →
    the attribute that stands for the object, as an id. ``parts``: field → the keys of the parts
    of a tuple. ``or_null``: "" means that it is not known. ``made``: keys that are worked out
    from the value; the annotation says what they give. ``sparse``: null leaves the key
    out, of all fields or of these.
    """

    beside: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    named: Mapping[str, str] = field(default_factory=dict)
    by: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    or_null: tuple[str, ...] = ()
    made: Mapping[str, Callable[[Any], object]] = field(default_factory=dict)
    sparse: bool | tuple[str, ...] = False


def _verdict_told(answer: ReportAnswer) -> str:
    return answer.verdict


def _first_step(each: Troubled) -> str:
    return each.first


def _told_of_troubled(each: Troubled) -> str:
    return each.now_in_words


def _brief_of_step(step: Step) -> str | None:
    brief = step_in_brief(step)
    return None if brief == step.text else brief


def _text_of_event(event: Event) -> str:
    return event.text


def _count_of_event(event: Event) -> int:
    return event.count


def _label_of_entry(entry: Entry) -> str:
    return entry.title


def _first_finding(entry: Entry) -> str | None:
    return next(iter(entry.findings), None)


def _info_is_usable(info: NbdInfo) -> bool:
    return info.usable


def _hole_id(hole: Hole) -> str:
    return hole.id


def _plan_id(plan: Plan) -> str:
    return plan.id


PLAIN = Shape()
_IN_A_POOL = Shape(by={"pool": "uuid"})
_AT = Shape(named={"moment": "at"})

SHAPES: Mapping[type, Shape] = MappingProxyType(
    {
        Answers: Shape(sparse=True),
        ReportAnswer: Shape(left_out=("pools",), made={"verdict": _verdict_told}),
        BackupRun: _IN_A_POOL,
        CauseView: Shape(by={"findings": "id"}, left_out=("context", "chain", "considered")),
        Comparison: Shape(named={"moment": "at"}, or_null=("older", "newer")),
        Concurrency: Shape(parts={"points": ("at", "at_least", "at_most")}),
        Coverage: Shape(
            named={"first": "from", "last": "to"}, parts={"shapes": ("shape", "count")}
        ),
        CannotTell: Shape(made={"words": doubt_words}),
        DiskBreak: Shape(or_null=("to",)),
        DiskView: Shape(beside=("chain",), by={"pool": "uuid"}, or_null=("plan",)),
        Dom0Attachment: Shape(left_out=("session",), or_null=("host",)),
        ErrorGroup: Shape(or_null=("code", "meaning", "explained_by")),
        Event: Shape(
            beside=("source",),
            named={"moment": "at"},
            left_out=(
                *("parser", "process", "said", "pid", "task", "level", "fields", "host"),
                *("words", "place", "count"),
            ),
            made={"text": _text_of_event, "count": _count_of_event},
        ),
        Entry: Shape(
            named={"moment": "at"},
            beside=("source",),
            made={"label": _label_of_entry, "finding": _first_finding},
        ),
        Evidence: Shape(beside=("source",)),
        Finding: Shape(left_out=("action",), or_null=("plan", "state_why")),
        Plan: Shape(made={"id": _plan_id}),
        Advice: Shape(left_out=("answered_by",)),
        Hole: Shape(made={"id": _hole_id}),
        HostCertificate: Shape(beside=("source",), left_out=("lines",)),
        HostLog: Shape(parts={"window": ("from", "to")}),
        HostNeed: Shape(parts={"window": ("from", "to")}),
        HostView: Shape(
            beside=("host",),
            by={"pool": "uuid", "about": "id", "on_logs": "id"},
            named={"about": "findings", "on_logs": "findings_on_logs", "places": "interfaces"},
            parts={"places": ("network", "place")},
        ),
        LifeEvent: _AT,
        LineExplained: Shape(parts={"quoted_by": ("what", "by", "title")}),
        NbdEndpoint: Shape(by={"pif": "uuid"}),
        NbdHost: Shape(
            beside=("host",),
            named={"sessions": "connections", "expired": "certificate_expired"},
            left_out=("concurrency",),
            made={"peak": peak_of, "clients": clients_of, "clients_left_out": clients_left_out},
        ),
        NbdInfo: Shape(made={"usable": _info_is_usable}),
        NbdSession: Shape(named={"events": "lines"}),
        NbdView: Shape(
            named={"pool": "name", "uuid": "pool", "infos": "endpoints"}, or_null=("uuid",)
        ),
        NetworkView: Shape(
            beside=("network",),
            by={"pool": "uuid"},
            named={"clients": "clients_without_router"},
        ),
        InterfaceView: Shape(named={"named": "named_by_get_nbd_info", "reported": "report_given"}),
        CallCheck: Shape(or_null=("error", "remedy", "settle_with")),
        Outcome: Shape(by={"holes": "id"}, parts={"window": ("from", "to")}, left_out=("gaps",)),
        Peak: Shape(
            left_out=("host",),
            named={"first": "from", "last": "to", "least": "at_least", "most": "at_most"},
        ),
        ParseProblem: Shape(beside=("source",)),
        PoolPart: Shape(by={"findings": "id", "causes": "id", "plans": "id"}),
        Report: Shape(
            left_out=("version", "catalogue", "parts", "packed"),
            named={"hours": "lines_per_hour", "happenings": "timeline"},
            made={"answer": answer_of, "parts": parts_of},
        ),
        RuleText: Shape(parts={"cases": ("case", "title", "detail")}),
        Source: Shape(sparse=True),
        Step: Shape(left_out=("brief",), made={"brief": _brief_of_step}, sparse=("brief",)),
        Subject: Shape(sparse=("told", "taken")),
        Troubled: Shape(by={"plan": "id"}, made={"first": _first_step, "told": _told_of_troubled}),
        SrInfo: _IN_A_POOL,
        SrView: Shape(
            named={
                "plugs": "hosts",
                "info": "nbd_info",
                "size": "physical_size",
                "used": "physical_utilisation",
            },
            by={"pool": "uuid", "findings": "id"},
            parts={"operations": ("operation", "task")},
        ),
        VmView: Shape(beside=("vm",), by={"pool": "uuid"}),
    }
)
