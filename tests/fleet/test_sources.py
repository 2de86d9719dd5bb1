"""What is a case, wherever it lies."""

import zipfile
from pathlib import Path

import pytest

from analyzer.errors import InputError, UsageError
from analyzer.fleet.sources import cases_of, fetched
from tests.fleet.store_server import object_store


def lay(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return folder


def test_a_file_is_a_case_and_a_folder_is_one(tmp_path: Path) -> None:
    lay(tmp_path, "one.tar.bz2", "acme/case 7/a.zip", "acme/case 7/b.zip", "acme/case 8/c.zip")
    cases = cases_of([str(tmp_path)])
    assert [(case.key, len(case.files), case.customer) for case in cases] == [
        ("acme/case 7", 2, "acme"),
        ("acme/case 8", 1, "acme"),
        ("one", 1, ""),
    ]
    single = cases_of([str(tmp_path)], each_file=True)
    assert [case.key for case in single] == [
        "acme/case 7/a",
        "acme/case 7/b",
        "acme/case 8/c",
        "one",
    ]


def test_the_state_changes_with_any_file(tmp_path: Path) -> None:
    lay(tmp_path, "c/a.zip", "c/b.zip")
    (before,) = cases_of([str(tmp_path)])
    lay(tmp_path, "c/c.zip")
    (after,) = cases_of([str(tmp_path)])
    assert before.state != after.state


def test_a_zip_of_cases_is_read_from_inside(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "cases.zip", "w") as archive:
        archive.writestr("acme/1/a.tar", b"first")
        archive.writestr("2.tar", b"second")
    first, second = sorted(cases_of([f"zip://{tmp_path}/cases.zip"]), key=lambda case: case.key)[
        ::-1
    ]
    assert (first.key, second.key) == ("acme/1", "2")
    (path,) = fetched(first, tmp_path)
    assert path.read_bytes() == b"first"


def test_an_object_store_is_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with object_store("uploads", {"2026/acme/7/a b.tar": b"data", "other/c.tar": b""}) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        (case,) = cases_of(["s3://uploads/2026"])
        (path,) = fetched(case, tmp_path)
    assert (case.key, case.customer) == ("acme/7", "acme")
    assert path.name == "a b.tar"
    assert path.read_bytes() == b"data"


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        cases_of([str(tmp_path / "nowhere")])
    with pytest.raises(UsageError, match="gopher"):
        cases_of(["gopher://x/y"])


def test_one_key_in_two_sources_is_refused(tmp_path: Path) -> None:
    one, two = lay(tmp_path / "1", "a.tar"), lay(tmp_path / "2", "a.tar")
    with pytest.raises(UsageError, match="case 'a' is in two sources"):
        cases_of([str(one), str(two)])
