from pathlib import Path

from analyzer.rules.load import load_catalogue
from analyzer.rules.samples import check_samples
from analyzer.rules.skeleton import skeleton


def test_a_new_file_loads_and_its_samples_pass(tmp_path: Path) -> None:
    (tmp_path / "disk-sang.yaml").write_text(skeleton("disk-sang"))
    catalogue = load_catalogue(tmp_path)
    assert [rule.id for rule in catalogue.rules] == ["disk-sang"]
    assert check_samples(catalogue) == ()


def test_a_line_that_decides_is_no_sample_of_doubt(tmp_path: Path) -> None:
    text = skeleton("disk-sang").replace("when:\n  role: master\n", "")
    (tmp_path / "disk-sang.yaml").write_text(text)
    (problem,) = check_samples(load_catalogue(tmp_path))
    assert "a line that a selector takes decides here" in problem
