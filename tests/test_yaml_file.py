"""Files of YAML that mean one thing to every reader, and what is said of the others."""

import pytest

from analyzer.errors import CatalogueError
from analyzer.yaml_file import read_yaml, table_document


def test_values_are_plain_and_have_their_lines() -> None:
    read = read_yaml("a: 1\nb:\n  - yes it is\n  - {c: true}\n")
    assert read.value == {"a": 1, "b": ["yes it is", {"c": True}]}
    assert (read.lines["b",], read.lines["b", 1, "c"]) == (2, 4)
    assert read.faults == ()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\na: 2\n", 2, "a: the key is there twice"),
        ("a: &x 1\nb: *x\n", 1, "anchors and aliases are not read"),
        ("a:\n- yes\n", 2, "'yes' has two meanings in YAML: put it in quotes"),
        ("a: 2024-11-22\n", 1, "'2024-11-22' has two meanings in YAML: put it in quotes"),
        ("a: 010\n", 1, "'010' has two meanings in YAML: put it in quotes"),
        ("1: a\n", 1, "1: not a plain key"),
        ("[" * 13 + "]" * 13, 1, "nested too deeply"),
        ("", 1, "the file is empty"),
    ],
)
def test_what_two_readers_may_read_apart_is_a_fault(text: str, line: int, said: str) -> None:
    assert read_yaml(text).faults == ((line, said),)


def test_all_faults_of_a_file_are_told_at_once() -> None:
    assert [line for line, _ in read_yaml("a: 010\nb: yes\nb: 1\n").faults] == [1, 2, 3]


def test_place_of_a_key_that_is_missing_is_that_of_what_lacks_it() -> None:
    read = read_yaml("a:\n  b: 1\n")
    assert read.place(("a", "b")) == (2, "a.b")
    assert read.place(("a", "lost")) == (1, "a.lost")
    assert read.place(()) == (1, "the file")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: 1\nb: \xff\n", r"^patterns/x\.yaml:2 not UTF-8$"),
        (b"a: 1\na: 2\nb: yes\n", r"^patterns/x\.yaml:2 a: .*\npatterns/x\.yaml:3 'yes' has"),
    ],
)
def test_table_that_cannot_be_read_is_refused_with_its_lines(content: bytes, said: str) -> None:
    with pytest.raises(CatalogueError, match=said):
        table_document(content, "patterns/x.yaml")
