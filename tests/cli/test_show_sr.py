"""``show sr``: which SR is meant, what is printed, and the exit status."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.main import app
from analyzer.errors import UsageError
from analyzer.model.finding import Evidence, Outcome, Severity, Verdict
from analyzer.model.pages import SrPage
from analyzer.render.data.json import answers_json
from analyzer.render.terminal.sr_text import srs_text
from analyzer.story.objects.sr import sr_views
from tests.causes.test_causes import finding
from tests.checks.support import (
    JUPITER,
    SATURN,
    SNAPSHOT,
    SR,
    VDI,
    CaseBuilder,
    control_domain,
    network,
    pbd,
    pif,
    sr,
    vbd,
    vdi,
    vgs,
)

SAMPLES = Path(__file__).resolve().parents[2] / "sample_bundles"
HEALTHY = str(SAMPLES / "healthy-cbt.tar.bz2")
CRASHED = str(SAMPLES / "host-crash.tar.bz2")
VBD = "3f0b7c9e-52d4-4e0a-9a44-6d1f0c2b8e17"


def cbtriage(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def shown() -> CaseBuilder:
    hosts = ((JUPITER, "jupiter"), (SATURN, "saturn"))
    rows = (
        sr(
            physical_size=100 << 30,
            physical_utilisation=40 << 30,
            shared=True,
            current_operations={"OpaqueRef:task": "scan"},
        ),
        pbd(),
        pbd(SATURN, attached=False),
        vdi(),
        vdi(SNAPSHOT, is_a_snapshot=True, type="cbt_metadata", cbt_enabled=False),
        vdi("0d9f6b3e-7c15-4a82-9be4-5f2a1c8d7e60", cbt_enabled=False),
        control_domain(),
        vbd(VBD, VDI, currently_attached=False),
        network(purpose=("nbd",)),
        pif(),
    )
    return CaseBuilder().host().database(*rows, hosts=hosts).vgs(vgs("3.00m"))


def text_of_sr(builder: CaseBuilder) -> str:
    return srs_text([SrPage(view=view, plans=()) for view in sr_views(builder.build(), ())])


@pytest.mark.parametrize(
    "line",
    [
        f"SR     {SR} (lvmoiscsi, shared)",
        "pool   lab",
        "space  100 GiB, used 40 GiB",
        "100.00g 3.00m",
        "jupiter: attached",
        "saturn: NOT ATTACHED",
        "scan (task OpaqueRef:task)",
        f"{VDI}  live",
        f"{SNAPSHOT}  cbt_metadata",
        "2 of 3 disks",
        "192.0.2.11 port 10809, TLS: jupiter on storage",
        f"{VDI}  LEFT, for nobody that is known",
        f"VBD {VBD} on host {JUPITER}",
    ],
)
def test_page_shows(line: str) -> None:
    assert line in text_of_sr(shown())


def test_what_is_not_known_is_said_to_be_so() -> None:
    row = sr(current_operations=None, kind="iso")
    text = text_of_sr(CaseBuilder().host().database(row))
    assert "space  not known" in text
    assert "shared or not is not known" in text
    assert "none is known" in text
    assert "not asked" in text
    assert "WRITTEN\n  not known" in text
    assert "nothing that is known" in text


def test_nothing_runs_on_an_idle_sr() -> None:
    assert "WRITTEN\n  nothing" in text_of_sr(CaseBuilder().host().database(sr()))


def test_mount_of_a_file_sr_is_quoted() -> None:
    builder = CaseBuilder().host().database(sr(kind="nfs")).mount(f"/run/sr-mount/{SR}", 7)
    assert f"100% /run/sr-mount/{SR}" in text_of_sr(builder)


def test_host_that_no_row_names_is_shown_by_its_reference() -> None:
    rows = (sr(), pbd(SATURN, attached=None))
    text = text_of_sr(CaseBuilder().host().database(*rows))
    assert f"{SATURN}: attached or not is not known" in text


def test_many_disks_are_counted() -> None:
    disks = [vdi(f"{place:08x}-9d1f-4c55-8a47-2f60b7c0e913") for place in range(60)]
    assert "and 10 more" in text_of_sr(CaseBuilder().host().database(sr(), *disks))


def test_findings_about_its_disks_are_listed() -> None:
    case = shown().build()
    found = finding("sr-busy-retry", (("VDI", VDI),))
    assert isinstance(found.evidence[0], Evidence)
    outcome = Outcome(
        rule=found.rule,
        title=found.title,
        severity=Severity.WARNING,
        verdict=Verdict.FOUND,
        reason="1 finding",
        findings=(found,),
    )
    (view,) = sr_views(case, (outcome,))
    assert found.id in srs_text([SrPage(view=view, plans=())])


def test_json_has_the_same_facts() -> None:
    (page,) = json.loads(answers_json(srs=sr_views(shown().build(), ())))["srs"]
    assert page["sr"] == {"type": "SR", "uuid": SR, "name": "tank"}
    assert page["operations"] == [{"operation": "scan", "task": "OpaqueRef:task"}]
    assert [plug["attached"] for plug in page["hosts"]] == [True, False]
    assert page["held"][0]["in_use"] is False
    assert page["nbd_info"]["answer"] == "ok"


def test_json_of_an_sr_without_operations_field_has_null() -> None:
    case = CaseBuilder().host().database(sr(current_operations=None)).build()
    (page,) = json.loads(answers_json(srs=sr_views(case, ())))["srs"]
    assert page["operations"] is None


def test_command_shows_all_srs_of_a_bundle() -> None:
    done = cbtriage("show", "sr", HEALTHY, "-q")
    assert done.exit_code == 0
    assert "HELD BY CONTROL DOMAINS" in done.stdout


def test_command_with_findings_exits_with_1() -> None:
    assert cbtriage("show", "sr", CRASHED, "-q", "--json").exit_code == 1


def test_sr_that_is_not_there_is_a_usage_error() -> None:
    done = cbtriage("show", "sr", "no such sr", HEALTHY, "-q")
    assert isinstance(done.exception, UsageError)
