"""The folder of a fleet: marks count, the latest task of a case too, and nothing else."""

from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.fleet.store import Store
from analyzer.fleet.task import failed


def test_the_latest_task_of_a_case_counts(tmp_path: Path) -> None:
    store = Store.made(tmp_path / "fleet")
    store.keep("one", {"a": "1", "b": "1"}, [("a", failed("no")), ("b", failed("no"))])
    store.keep("two", {"a": "2"}, [("a", failed("no"))])
    again = Store(tmp_path / "fleet")
    assert again.states == {"a": "2", "b": "1"}
    assert again.current == {"a": "two", "b": "one"}
    assert len(again.files("cases")) == 2


def test_a_table_without_a_mark_is_not_read(tmp_path: Path) -> None:
    store = Store.made(tmp_path)
    store.keep("one", {"a": "1"}, [("a", failed("no"))])
    (tmp_path / "done" / "one.json").unlink()
    assert Store(tmp_path).files("cases") == []
    assert Store(tmp_path).states == {}


def test_a_mark_that_is_none_is_named(tmp_path: Path) -> None:
    Store.made(tmp_path)
    (tmp_path / "done" / "x.json").write_text("[]", encoding="utf-8")
    with pytest.raises(UsageError, match=r"x\.json"):
        Store(tmp_path)


def test_odd_text_is_kept_as_far_as_it_goes(tmp_path: Path) -> None:
    Store.made(tmp_path).keep("one", {"a": "1"}, [("a", failed("half \ud800 a pair"))])
    assert Store(tmp_path).files("cases")
