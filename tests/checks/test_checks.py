"""Every check is found by the name of its file, and is what the engine asks for."""

from pathlib import Path
from typing import get_type_hints

import pytest

from analyzer.case.case import Case
from analyzer.checks import checks
from analyzer.checks.observation import Check, Observation
from analyzer.model.rule import RuleText
from tests.checks.support import CATALOGUE

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_RULE = {"tools"}


def test_every_text_of_a_check_has_its_module_and_every_module_its_text() -> None:
    assert set(checks()) == {text.id for text in CATALOGUE.checks}


def test_every_folder_that_has_code_is_a_subject() -> None:
    subjects = {path.parent.name for path in (ROOT / "analyzer/checks").glob("*/*.py")}
    assert subjects - WITHOUT_RULE == {
        check.__module__.split(".")[2] for check in checks().values()
    }


@pytest.mark.parametrize("check", checks().values(), ids=checks())
def test_every_check_takes_a_case_and_a_text_and_yields_observations(check: Check) -> None:
    hints = get_type_hints(check)
    assert list(hints.values())[:2] == [Case, RuleText]
    assert hints["return"].__args__ == (Observation,)
