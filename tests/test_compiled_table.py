"""A table that was compiled before says what the files say."""

import json
from pathlib import Path

import pytest

from analyzer.case.errors.codes import Codes, error_codes
from analyzer.causes.edges import Edges, load_edges
from analyzer.checks.defects.defects import Defects, load_defects
from analyzer.compiled_table import compiled, plain, typed
from analyzer.rules.load import Catalogue, load_catalogue
from analyzer.user_cache import keep, key_of

TABLES = (
    (Catalogue, load_catalogue()),
    (Codes, error_codes()),
    (Defects, Defects(rows=load_defects())),
    (Edges, load_edges()),
)


@pytest.mark.parametrize(("kind", "table"), TABLES)
def test_every_table_survives_being_kept(kind: type, table: object) -> None:
    kept = json.loads(json.dumps(table, default=plain))
    read = typed(kind, kept)
    assert read == table
    assert sorted(repr(read)) == sorted(repr(table))  # the kinds of its values, too; sets vary


@pytest.mark.parametrize("foreign", ["{}", "[]", "[[1]]", '[[["x"]]]', "[", "null", "[" * 9999])
def test_what_is_no_table_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, foreign: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    table = Defects(rows=load_defects())
    keep("table", key_of((b"content",)), foreign.encode())
    for _ in range(2):  # the second time from what the first one kept
        assert compiled("table", Defects, (b"content",), (), lambda: table) == table
    assert compiled("table", Defects, (b"content",), (), _not_made) == table


@pytest.mark.parametrize(("content", "code"), [(b"other", ()), (b"content", ("errors.py",))])
def test_other_content_or_other_code_is_another_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, code: tuple[str, ...]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    old, new = (Defects(rows=load_defects()[:rows]) for rows in (1, 2))
    assert compiled("table", Defects, (b"content",), (), lambda: old) == old
    assert compiled("table", Defects, (content,), code, lambda: new) == new


def _not_made() -> Defects:
    pytest.fail("it was kept")
