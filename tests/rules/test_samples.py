from pathlib import Path

import pytest

from analyzer.rules.load import load_catalogue
from analyzer.rules.samples import check_samples
from tests.support.patterns import CHECK, FINDING, NOISE, write


def problems(folder: Path, old: str = "", new: str = "") -> tuple[str, ...]:
    assert old in FINDING
    write(folder, "cbt/disk-lost.yaml", FINDING.replace(old, new) if old else FINDING)
    write(folder, "noise/humming.yaml", NOISE)
    write(folder, "checks/disk-odd.yaml", CHECK)
    return check_samples(load_catalogue(folder))


def test_good_samples_are_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[1] lost 6", "[1] gone 6", "no selector takes the hit 'Jun 10 13:32:41 jupiter SM"),
        ("[1] lost 6", "[1] gone 6", "no hit is taken by the selector disk-lost"),
        ("[1] found 6", "[1] lost 6", "disk-lost takes the miss 'Jun 10"),
        ("miss: ['Jun 10", "miss: ['Yesterday", "no parser understands the miss 'Yesterday"),
    ],
)
def test_a_wrong_sample_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert any(
        f"patterns/cbt/disk-lost.yaml: {said}" in text for text in problems(tmp_path, old, new)
    )


def test_noise_that_mutes_a_finding_is_told(tmp_path: Path) -> None:
    noisy = NOISE.replace("'^hum'", "'hum|lost'")
    write(tmp_path, "cbt/disk-lost.yaml", FINDING)
    write(tmp_path, "noise/humming.yaml", noisy)
    (problem,) = check_samples(load_catalogue(tmp_path))
    assert problem.startswith("patterns/cbt/disk-lost.yaml: humming mutes the hit")


def test_a_sample_of_several_lines_is_one_hit(tmp_path: Path) -> None:
    text = FINDING.replace("hit: ['Jun", 'hit: ["Jun 10 13:32:40 jupiter SM: [1] x\\nJun')
    text = text.replace("e913']\n  miss", 'e913"]\n  miss')
    write(tmp_path, "cbt/disk-lost.yaml", text)
    assert check_samples(load_catalogue(tmp_path)) == ()


def test_a_sample_of_an_alert_is_what_is_matched(tmp_path: Path) -> None:
    text = FINDING.replace("parser: smlog", "parser: alerts")
    text = text.replace("Jun 10 13:32:41 jupiter SM: [1] ", "")
    write(tmp_path, "cbt/disk-lost.yaml", text)
    assert check_samples(load_catalogue(tmp_path)) == ()
