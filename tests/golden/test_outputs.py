"""What a reader gets of each sample bundle is what was read and accepted."""

import json
from pathlib import Path

import pytest

from tests.golden.outputs import HASHES, SAMPLES, hash_of, outputs_of, stored_hashes

HOW = """
`make golden-diff` shows what changed in the texts; `make golden` accepts it."""


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_outputs_of_a_sample_are_those_accepted(
    sample: Path, request: pytest.FixtureRequest
) -> None:
    made = {name: hash_of(text) for name, text in outputs_of(sample)}
    stored = stored_hashes()
    if request.config.getoption("--update-golden"):
        _store({**stored, sample.name: made})
    else:
        accepted = stored.get(sample.name, {})
        names = sorted(made.keys() | accepted.keys())
        differ = [name for name in names if made.get(name) != accepted.get(name)]
        assert differ == [], HOW


def test_no_hash_is_stored_of_what_is_no_sample() -> None:
    assert stored_hashes().keys() == {sample.name for sample in SAMPLES}


def _store(hashes: dict[str, dict[str, str]]) -> None:
    kept = {sample.name: hashes[sample.name] for sample in SAMPLES if sample.name in hashes}
    HASHES.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
