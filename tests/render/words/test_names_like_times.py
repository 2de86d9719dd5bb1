"""A name from the bundle stays a name in every output, however much it looks like a time."""

from dataclasses import replace

import pytest

from analyzer.checks import checks
from analyzer.checks.observation import examined
from analyzer.model.finding import Finding
from analyzer.render import FORMATS, Format
from analyzer.render.words.local import in_zone
from analyzer.render.words.zone import zone_named
from tests.checks.cbt.test_cbt_log_missing import NOT_FOUND, RULE, VOLUME
from tests.checks.support import CaseBuilder, lvs, pbd, sr, text_of, vdi
from tests.render.support import rich_report

NAME = "2024-11-22 10:06:01 UTC"
PEOPLE_READ = [form for form in FORMATS if form.name != "json"]


def finding_about_a_disk_named_like_a_time() -> Finding:
    builder = CaseBuilder().host().lvs(lvs(VOLUME)).smlog(NOT_FOUND)
    case = builder.database(sr(), pbd(), vdi(name_label=NAME)).build()
    (finding,) = examined(checks()[RULE](case, text_of(RULE))).findings
    return finding


@pytest.mark.parametrize("form", PEOPLE_READ, ids=[form.name for form in PEOPLE_READ])
def test_disk_named_like_a_time_keeps_its_name_in_a_zone(form: Format) -> None:
    finding = finding_about_a_disk_named_like_a_time()
    outcome = replace(rich_report().outcomes[0], findings=(finding,))
    report = replace(rich_report(), outcomes=(outcome,), causes=())
    told = form.render(in_zone(report, zone_named("Europe/Rome")))
    assert f"disk {NAME} (" in " ".join(told.replace("\\", "").split())
    assert "10 Jun 15:32:41 +02:00" in told
