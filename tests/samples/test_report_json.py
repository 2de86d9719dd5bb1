"""report.json of every sample: it obeys the published schema, and what it quotes is there."""

import json
from pathlib import Path

import jsonschema
import pytest

from analyzer.bundle.budget import Budget
from analyzer.case.quotations import not_there, quotations_in
from analyzer.render.data.json import render_json
from analyzer.render.data.schema import json_schema
from tests.golden.outputs import SAMPLES, sample_read


@pytest.mark.parametrize("bundle", SAMPLES, ids=lambda bundle: bundle.name.partition(".")[0])
def test_report_obeys_its_schema_and_quotes_what_is_there(bundle: Path) -> None:
    report = json.loads(render_json(sample_read(bundle)[1]))
    jsonschema.Draft202012Validator(json_schema()).validate(report)
    quotations = tuple(quotations_in(report))
    assert quotations
    assert list(not_there(quotations, [bundle], budget=Budget())) == []
