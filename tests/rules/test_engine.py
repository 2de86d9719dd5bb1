"""The declarative rules that are shipped, and the engine with patterns made for the test."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.model.finding import Basis, Finding, Outcome, Subject, Verdict
from analyzer.model.goal import Goal
from analyzer.model.source import Source
from analyzer.model.xapi import Network, Sr, Vdi, Vm, XapiObject
from analyzer.rules.engine import suppressed
from analyzer.rules.load import load_catalogue
from analyzer.rules.pattern import Catalogue
from tests.support.judging import JUPITER, VDI, VDI_2, World, alert, pair, vdi, whole
from tests.support.judging import pool as pool_of
from tests.support.patterns import FINDING, write

SMLOG = ("a", "smlog")
DAEMON = ("a", "daemon_log")
INCONSISTENT = f"SM: [24517] Changed Block Tracking metadata is inconsistent for disk {VDI}."
SR = "93c1b04a-0185-411f-b68e-816708efad5f"
LOST = f"SM: [7] lost {VDI}"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Catalogue]:
    def make(old: str = "", new: str = "") -> Catalogue:
        assert old in FINDING
        write(tmp_path, "cbt/disk-lost.yaml", FINDING.replace(old, new) if old else FINDING)
        return load_catalogue(tmp_path)

    return make


def lines(*said: tuple[str, str], host: str = "jupiter") -> str:
    return "".join(f"Jun 10 {clock}:00 {host} {text}\n" for clock, text in said)


def only(outcome: Outcome) -> Finding:
    (finding,) = outcome.findings
    return finding


def test_a_line_and_its_alert_are_one_incident(catalogue: Catalogue) -> None:
    world = whole(
        logs={SMLOG: lines(("13:32", INCONSISTENT))},
        alerts=[alert("VDI_CBT_METADATA_INCONSISTENT", minute=33)],
    )
    outcome = world.judge(catalogue, "cbt-disabled-inconsistent-log")
    finding = only(outcome)
    assert outcome.verdict is Verdict.FOUND
    assert finding.count == 1
    assert finding.basis is Basis.SYMPTOM
    assert finding.subjects == (Subject(type="VDI", uuid=VDI, name="disk 0 of db"),)
    assert [str(item.source) for item in finding.evidence] == [
        "var/log/SMlog:1",
        "var/xapi/blobs/messages/1781098361.0:1",
    ]
    assert finding.evidence[0].text == lines(("13:32", INCONSISTENT)).rstrip()
    assert "(2026-06-10 13:32:00 UTC)" in finding.detail
    assert Goal.INCREMENTAL in finding.goals


def test_an_alert_alone_is_enough(catalogue: Catalogue) -> None:
    world = whole(alerts=[alert("VDI_CBT_RESIZE_FAILED")])
    assert only(world.judge(catalogue, "cbt-disabled-resize-failed")).count == 1


def test_each_disk_is_a_finding_of_its_own(catalogue: Catalogue) -> None:
    text = lines(("13:32", INCONSISTENT), ("13:32", INCONSISTENT.replace(VDI, VDI_2)))
    outcome = whole(logs={SMLOG: text}).judge(catalogue, "cbt-disabled-inconsistent-log")
    assert [finding.subjects[0].uuid for finding in outcome.findings] == [VDI, VDI_2]
    assert outcome.findings[1].subjects[0].name is None


def test_the_same_disk_hours_later_is_another_incident(catalogue: Catalogue) -> None:
    text = lines(("10:00", INCONSISTENT), ("13:32", INCONSISTENT))
    outcome = whole(logs={SMLOG: text}).judge(catalogue, "cbt-disabled-inconsistent-log")
    assert len(outcome.findings) == 2


@pytest.mark.parametrize(
    "exception",
    [
        "Server_error(SESSION_INVALID, [ OpaqueRef:3f0b7c9e-52d4-4e0a-9a44-6d1f0c2b8e17 ])",
        'API_errors.Server_error("SESSION_INVALID", _)',
    ],
)
def test_both_ways_to_print_an_invalid_session_are_known(
    catalogue: Catalogue, exception: str
) -> None:
    line = f"xapi-nbd[1]: main: Caught exception while handling client: {exception}"
    world = whole(logs={DAEMON: lines(("10:00", line), ("10:01", line))})
    finding = only(world.judge(catalogue, "nbd-session-invalid"))
    assert finding.count == 2
    assert finding.subjects == (Subject(type="Host", uuid=JUPITER, name="jupiter"),)


def test_the_connection_limit_is_named(catalogue: Catalogue) -> None:
    said = 'Failure("Server busy: already at maximum 16 connections.")'
    line = f"xapi-nbd[1]: main: Caught exception while handling client: {said}"
    world = whole(logs={DAEMON: lines(*[("10:00", line)] * 9)})
    finding = only(world.judge(catalogue, "nbd-connection-limit"))
    assert "already serving 16" in finding.detail
    assert (finding.count, len(finding.evidence)) == (9, 5)
    assert [item.source.line for item in finding.evidence] == [1, 2, 3, 8, 9]


RULES = [
    "cbt-disabled-inconsistent-log",
    "cbt-disabled-resize-failed",
    "nbd-connection-limit",
    "nbd-session-invalid",
]


@pytest.mark.parametrize("rule", RULES)
def test_a_whole_pool_without_the_line_is_ruled_out(catalogue: Catalogue, rule: str) -> None:
    outcome = pair().judge(catalogue, rule)
    assert outcome.verdict is Verdict.RULED_OUT
    assert outcome.reason.endswith(
        "of jupiter, titan, between 2026-06-01 00:00:00 UTC and 2026-06-10 20:00:00 UTC"
        "; before that nothing was read"
    )
    assert outcome.window is not None


@pytest.mark.parametrize("rule", RULES)
def test_without_a_database_nothing_is_ruled_out(catalogue: Catalogue, rule: str) -> None:
    outcome = World().judge(catalogue, rule)
    assert outcome.verdict is Verdict.CANNOT_TELL
    assert outcome.settle_with == ("xen-bugtool --yestoall  # on the pool's master",)
    assert outcome.window is None


@pytest.mark.parametrize("rule", RULES)
def test_where_nobody_uses_it_the_rule_does_not_apply(catalogue: Catalogue, rule: str) -> None:
    unused = pool_of(JUPITER, vdis=(vdi(cbt=False),), networks=())
    outcome = whole(pools=(unused,)).judge(catalogue, rule)
    assert outcome.verdict is Verdict.NOT_APPLICABLE
    assert "is not in use" in outcome.reason


def test_another_host_cannot_be_ruled_out_when_one_is_found(catalogue: Catalogue) -> None:
    world = World(logs={SMLOG: lines(("13:32", INCONSISTENT))})
    outcome = world.judge(catalogue, "cbt-disabled-inconsistent-log")
    assert outcome.verdict is Verdict.FOUND
    assert outcome.reason.startswith("1 finding; there may be more: smlog of jupiter: the pool's")
    assert outcome.settle_with


def test_noise_is_counted_and_shown_once(catalogue: Catalogue) -> None:
    line = "xapi-nbd[1]: main: Caught exception while handling client: End_of_file"
    case, _ = whole(logs={DAEMON: lines(*[("10:00", line)] * 7)}).case(catalogue)
    (noise,) = suppressed(catalogue, case.events)
    assert (noise.pattern, noise.count) == ("nbd-client-went-away", 7)
    assert noise.example is not None
    assert noise.example.source.line == 1
    assert noise.example.text.endswith("End_of_file")


def test_repetitions_that_syslog_folded_are_counted(made: Callable[..., Catalogue]) -> None:
    text = lines(("10:00", LOST), ("10:01", f"SM: message repeated 4 times: [ [7] lost {VDI}]"))
    assert only(whole(logs={SMLOG: text}).judge(made(), "disk-lost")).count == 5


def test_built_in_fields_are_filled(made: Callable[..., Catalogue]) -> None:
    text = "On {host}: {process} {pid}, {count} from {first} to {last}."
    catalogue = made("SM said so on {host}.", f"'{text}'")
    log = lines(("10:00", LOST), ("10:30", LOST))
    assert only(whole(logs={SMLOG: log}).judge(catalogue, "disk-lost")).detail == (
        "On jupiter: SM 7, 2 from 2026-06-10 10:00:00 UTC to 2026-06-10 10:30:00 UTC."
    )


def test_several_values_of_a_field_are_listed(made: Callable[..., Catalogue]) -> None:
    catalogue = made("subjects: {VDI: vdi}", "correlate: {group-by: host}")
    text = lines(*[("10:00", f"SM: [7] lost {VDI[:-1]}{n}") for n in range(5)])
    title = only(whole(logs={SMLOG: text}).judge(catalogue, "disk-lost")).title
    assert title == f"Disk {VDI[:-1]}0, {VDI[:-1]}1, {VDI[:-1]}2 and 2 more was lost"


def test_text_of_the_bundle_is_never_a_template(made: Callable[..., Catalogue]) -> None:
    catalogue = made("lost (?P<vdi>[0-9a-f-]{36})$", "lost (?P<vdi>.+)")
    text = lines(("10:00", "SM: [7] lost {count} {0.__class__} %s"))
    assert only(whole(logs={SMLOG: text}).judge(catalogue, "disk-lost")).title == (
        "Disk {count} {0.__class__} %s was lost"
    )


def test_too_few_events_are_no_incident(made: Callable[..., Catalogue]) -> None:
    catalogue = made("detail:", "correlate: {gte: 3}\ndetail:")
    log = {SMLOG: lines(("10:00", LOST), ("10:01", LOST))}
    assert whole(logs=log).judge(catalogue, "disk-lost").verdict is Verdict.RULED_OUT
    log = {SMLOG: lines(("10:00", LOST), ("10:01", LOST), ("10:02", LOST))}
    assert whole(logs=log).judge(catalogue, "disk-lost").verdict is Verdict.FOUND


@pytest.mark.parametrize(
    ("kind", "column"), [("VDI", "vdis"), ("SR", "srs"), ("VM", "vms"), ("Network", "networks")]
)
def test_subjects_are_named_as_the_database_names_them(
    made: Callable[..., Catalogue], kind: str, column: str
) -> None:
    catalogue = made("subjects: {VDI: vdi}", f"subjects: {{{kind}: vdi}}")
    table = {column: (_rows()[kind],)}
    pool = pool_of(JUPITER, **table)  # type: ignore[arg-type]  # one of the tables
    world = whole(pools=(pool,), logs={SMLOG: lines(("10:00", LOST))})
    assert only(world.judge(catalogue, "disk-lost")).subjects == (
        Subject(type=kind, uuid=VDI, name="its name"),
    )


def test_a_subject_without_a_row_has_no_name(made: Callable[..., Catalogue]) -> None:
    catalogue = made("subjects: {VDI: vdi}", "subjects: {PIF: vdi, Host: vdi}")
    world = whole(logs={SMLOG: lines(("10:00", LOST))})
    assert only(world.judge(catalogue, "disk-lost")).subjects == (
        Subject(type="PIF", uuid=VDI),
        Subject(type="Host", uuid=VDI),
    )


def _rows() -> dict[str, XapiObject]:
    source = Source(bundle="a", member="xapi-db.xml")
    kinds: dict[str, type[XapiObject]] = {"VDI": Vdi, "SR": Sr, "VM": Vm, "Network": Network}
    return {
        name: kind(source=source, ref="", uuid=VDI, name_label="its name")
        for name, kind in kinds.items()
    }


@pytest.mark.parametrize(
    ("rule", "text", "met", "title"),
    [
        (
            "storage-scan-fails",
            f"SM: [7] ***** generic exception: sr_scan: EXCEPTION <class 'x'>, VG_XenStorage-{SR}",
            {("SR", SR)},
            "Scans of an SR failed on host jupiter (SR nas)",
        ),
        (
            "storage-image-corrupted",
            f"SMGC: [7] coalesce: EXCEPTION <class 'x'>, VHD *{VDI[:8]}(80.000G/2.155G) corrupted",
            {("VDI", VDI), ("SR", SR)},
            "on host jupiter was found damaged (disk disk 0 of db of SR nas)",
        ),
        ("storage-coalesce-stuck", "SMGC: [7] Coalesce failed, skipping", set(), "images"),
    ],
)
def test_finding_about_a_hosts_storage_names_the_sr_and_the_disk_that_its_lines_name(
    catalogue: Catalogue, rule: str, text: str, met: set[tuple[str, str]], title: str
) -> None:
    source = Source(bundle="a", member="xapi-db.xml")
    storage = Sr(source=source, ref="sr", uuid=SR, name_label="nas")
    world = whole(
        logs={SMLOG: lines(("13:32", text))},
        pools=[pool_of(vdis=(replace(vdi(), sr="sr"),), srs=(storage,))],
    )
    finding = only(world.judge(catalogue, rule))
    own = {(each.type, each.uuid) for each in finding.subjects if each.type != "Host"}
    assert own == met
    assert finding.title.endswith(title)
    assert finding.subjects[0].type == "Host"
