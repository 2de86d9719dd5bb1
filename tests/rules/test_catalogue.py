"""The shipped catalogue."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import jsonschema
import pytest

from analyzer.model.sentence import FIELD
from analyzer.rules import verdict
from analyzer.rules._format import PARSER_NAMES
from analyzer.rules.catalogue_file import json_schema
from analyzer.rules.load import load_catalogue
from analyzer.rules.pattern import Catalogue
from analyzer.rules.samples import check_samples
from analyzer.sources import SCOPES
from analyzer.yaml_file import read_yaml
from tests.support.patterns import SHIPPED, write

README = SHIPPED / "README.md"
FILES = sorted(path for path in SHIPPED.rglob("*.yaml") if path.parent != SHIPPED)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def test_every_sample_is_taken_or_left_as_it_says(catalogue: Catalogue) -> None:
    assert check_samples(catalogue) == ()


def test_the_rules_that_need_no_code_are_there(catalogue: Catalogue) -> None:
    assert "nbd-device-timeout" in {rule.id for rule in catalogue.rules}


@cache
def schema() -> jsonschema.protocols.Validator:
    """Return what checks a pattern file in an editor; a schema is itself checked once."""
    made = json_schema()
    kind = jsonschema.validators.validator_for(made)
    kind.check_schema(made)
    return kind(made)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_satisfies_the_schema_for_editors(path: Path) -> None:
    value = read_yaml(path.read_text(encoding="utf-8")).value
    schema().validate(json.loads(json.dumps(value)))


def test_the_schema_refuses_what_the_loader_refuses() -> None:
    with pytest.raises(jsonschema.ValidationError):
        schema().validate({"id": "x", "title": "y", "severity": "bad"})


def test_the_examples_of_the_readme_load_and_pass(tmp_path: Path) -> None:
    pattern, check = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    write(tmp_path, "cbt/example-log-inconsistent.yaml", pattern)
    write(tmp_path, "checks/example-log-missing.yaml", check)
    found = load_catalogue(tmp_path)
    assert [rule.id for rule in found.patterns] == [
        "example-log-inconsistent",
        "example-log-missing",
    ]
    assert check_samples(found) == ()


def test_the_readme_names_every_source() -> None:
    text = README.read_text(encoding="utf-8")
    names = (*SCOPES, *PARSER_NAMES)
    assert [name for name in names if f"`{name}`" not in text] == []


def test_the_kinds_that_tell_whether_an_area_is_used_exist(catalogue: Catalogue) -> None:
    kinds = {selector.id for selector in catalogue.selectors}
    assert {*verdict.CBT_ACTIVITY, *verdict.NBD_ACTIVITY} <= kinds


def test_lines_that_come_by_the_million_are_kept_sparsely(catalogue: Catalogue) -> None:
    keep = catalogue.keep
    assert {*verdict.CBT_ACTIVITY, *verdict.NBD_ACTIVITY} <= keep.sparse
    assert {"lock-first-attempt", "nbd-client-went-away"} <= keep.noise


def test_every_finding_says_what_to_do_and_where_it_is_written(catalogue: Catalogue) -> None:
    for rule in catalogue.rules:
        assert rule.text.action, rule.id
        assert rule.text.references, rule.id


def test_title_that_speaks_of_an_object_has_a_heading_that_speaks_of_none() -> None:
    spoken = [text for text in load_catalogue().texts if FIELD.search(text.title)]
    assert [text.id for text in spoken if not text.called] == []


def test_heading_of_a_users_rule_has_no_unfilled_field() -> None:
    text = next(text for text in load_catalogue().texts if "{disk}" in text.title)
    assert replace(text, called="", title="Disk {disk} of {host} broke").heading == (
        "Disk … of … broke"
    )
