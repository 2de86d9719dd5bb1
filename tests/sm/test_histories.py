"""The model held against SM's own VDI.py (commit 471cf7e) with blktap's cbt-util.

`histories.jsonl` was made by running those two over a folder: eleven histories by hand, sixty
random ones.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli.main import app
from analyzer.errors import UsageError
from analyzer.sm.histories import History, play, read_histories

FILE = Path(__file__).with_name("histories.jsonl")
GOOD = (
    '{"history":1,"steps":[{"do":"enable","outcome":"ok","logs":'
    '{"disk":{"parent":null,"child":null,"consistent":true}},"cbt_enabled":true}]}'
)


def histories() -> list[History]:
    with FILE.open(encoding="utf-8") as lines:
        return list(read_histories(iter(lines), FILE.name))


def test_model_does_in_every_step_what_sm_did() -> None:
    read = histories()
    assert len(read) == 71
    assert [difference for history in read for difference in play(history)] == []


def test_step_that_sm_did_otherwise_is_told() -> None:
    history = next(read_histories(iter([GOOD]), "x"))
    off = replace(history, steps=(replace(history.steps[0], cbt_enabled=False),))
    (difference,) = play(off)
    assert (difference.history, difference.step, difference.did) == (1, 1, "enable")
    assert '"cbt_enabled": false' in difference.expected
    assert '"cbt_enabled": true' in difference.got


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "Expecting property name"),
        ("[]", "expected an object with 'history'"),
        ('{"history":1}', "no 'steps'"),
        ('{"history":true,"steps":[]}', "'history' is not of type int"),
        (GOOD.replace('"do":"enable"', '"do":"fly"'), "no such step: 'fly'"),
        (GOOD.replace('"do":"enable"', '"do":"destroy"'), "no 'on'"),
        (GOOD.replace('"enable"', '"destroy","on":"s9"'), "names s9, which nothing made"),
        (GOOD.replace(',"consistent":true', ""), "the log of disk has not parent, child"),
        (GOOD.replace('"cbt_enabled":true', '"cbt_enabled":1'), "'cbt_enabled' is not of type"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_line_that_is_no_history_is_named(line: str, what: str) -> None:
    with pytest.raises(UsageError, match=r"^f\.jsonl:3: not a history of SM: ") as raised:
        list(read_histories(iter([GOOD, "", line]), "f.jsonl"))
    assert what in str(raised.value)


def test_play_says_how_many_agree() -> None:
    done = CliRunner().invoke(app, ["model", "play", str(FILE)])
    assert (done.exit_code, done.output) == (0, "71 of 71 histories agree\n")


def test_play_prints_what_differs(tmp_path: Path) -> None:
    off = json.loads(GOOD)
    off["steps"][0]["outcome"] = "refused"
    file = tmp_path / "h.jsonl"
    file.write_text(f"{GOOD}\n{json.dumps(off)}\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["model", "play", str(file)])
    assert done.exit_code == 1
    assert done.output.startswith("history 1 step 1: enable\n  expected {")
    assert done.output.endswith("1 of 2 histories agree\n")


@pytest.mark.parametrize("content", [b"\xff\n", b"nonsense\n"])
def test_play_refuses_what_is_no_history(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "h.jsonl"
    file.write_bytes(content)
    done = CliRunner().invoke(app, ["model", "play", str(file)])
    assert isinstance(done.exception, UsageError)


def test_model_is_not_in_the_help() -> None:
    assert "model" not in CliRunner().invoke(app, ["--help"]).output.split()
