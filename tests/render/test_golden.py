"""What each format makes of the rich report, byte for byte; ``--update-golden`` rewrites it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.model.report import Report
from analyzer.render import FORMATS, Format
from analyzer.render.data.schema import json_schema
from analyzer.resources import folder
from tests.render.support import rich_report

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.mark.parametrize("output", FORMATS, ids=lambda output: output.name)
def test_format_is_what_was_read_and_accepted(output: Format, update: bool) -> None:
    file = GOLDEN / f"report{output.suffix}"
    made = output.render(rich_report()).encode()
    if update:
        file.write_bytes(made)
    assert made == file.read_bytes()


def test_published_schema_is_the_one_in_the_code(update: bool) -> None:
    published = folder("reports") / "report.schema.json"
    made = json.dumps(json_schema(), indent=2) + "\n"
    if update:
        Path(str(published)).write_text(made, "utf-8")
    assert made == published.read_text("utf-8")


@pytest.mark.parametrize("output", FORMATS, ids=lambda output: output.name)
def test_same_report_gives_same_bytes_in_any_order(output: Format) -> None:
    report = rich_report()
    assert output.render(report) == output.render(_turned_over(report))


def _turned_over(report: Report) -> Report:
    parts = ("bundles", "hosts", "causes", "outcomes", "coverage", "ledger", "omissions")
    more = (
        "problems",
        "suppressed",
        "happenings",
        "disks",
        "nbd",
        "clocks",
        "holes",
        "incidents",
        "runs",
        "hours",
    )
    turned = {name: getattr(report, name)[::-1] for name in (*parts, *more)}
    return replace(report, options=dict(reversed(tuple(report.options.items()))), **turned)
