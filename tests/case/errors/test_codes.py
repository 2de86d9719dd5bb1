from pathlib import Path

import pytest

from analyzer.case.errors.codes import error_codes, load_codes
from analyzer.errors import CatalogueError


def test_the_text_of_sm_gives_its_code() -> None:
    text = "The SR scan failed  [opterr=uuid=6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913]"
    assert error_codes().code_of(text) == "SR_BACKEND_FAILURE_40"


def test_another_text_has_no_code() -> None:
    assert error_codes().code_of("nothing that SM says") == ""


def test_no_two_texts_of_sm_begin_alike() -> None:
    says = [code.says for code in error_codes().by_name.values() if code.says]
    assert not [(a, b) for a in says for b in says if a is not b and a.startswith(b)]


def test_a_faulty_table_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "error_codes.yaml").write_text(
        "sm:\n  - code: 40\n    mean: x\n    next: y\nxapi: []\nerrno: []\n"
    )
    with pytest.raises(CatalogueError, match=r"error_codes.yaml:[0-9]+ "):
        load_codes(tmp_path)
