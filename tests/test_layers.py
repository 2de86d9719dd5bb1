import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("folder", ["parsers", "checks"])
def test_every_format_and_check_is_under_the_independence_contract(folder: str) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = {
        module
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["type"] == "independence"
        for module in contract["modules"]
        if module.startswith(f"analyzer.{folder}.")
    }
    there = {
        f"analyzer.{folder}.{path.stem}"
        for path in (ROOT / "analyzer" / folder).glob("*.py")
        if not path.stem.startswith("_")
    }
    assert listed == there
