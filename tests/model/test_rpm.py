from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.rpm import Version, compare, compare_parts, parse_package, parse_version

ORDERED = [
    "1.0~rc1",
    "1.0~rc2",
    "1.0",
    "1.0^git1",
    "1.0^git2",
    "1.0.a",
    "1.0.1",
    "1.0.9",
    "1.0.10",
    "1.0.10a",
    "1.1",
    "2",
]
PARTS = st.text(alphabet="0123456789ab.~^_", max_size=8)


@pytest.mark.parametrize(("older", "newer"), list(pairwise(ORDERED)))
def test_versions_are_ordered_as_rpm_orders_them(older: str, newer: str) -> None:
    assert compare_parts(older, newer) == -1
    assert compare_parts(newer, older) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("1.0", "1.0"), ("1.0", "1_0"), ("1.05", "1.5"), ("1.0.", "1.0")]
)
def test_separators_and_leading_zeros_do_not_count(one: str, other: str) -> None:
    assert compare_parts(one, other) == 0


def test_numbers_of_any_length_are_compared() -> None:
    assert compare_parts("9" * 5000, "1" + "0" * 5000) == -1


def test_epoch_counts_before_all() -> None:
    assert compare(parse_version("1:1.0-1"), parse_version("9.9-9")) == 1


def test_release_counts_only_where_both_have_one() -> None:
    assert compare(parse_version("4.1.9"), parse_version("4.1.9-1.xs9")) == 0
    assert compare(parse_version("4.1.9-2"), parse_version("4.1.9-10")) == -1


@pytest.mark.parametrize(
    ("line", "name", "version"),
    [
        ("sm-3.2.12-17.2.xcpng8.3.x86_64", "sm", "3.2.12-17.2.xcpng8.3"),
        ("sm-rawhba-3.2.12-17.2.xcpng8.3.x86_64", "sm-rawhba", "3.2.12-17.2.xcpng8.3"),
        ("xapi-core-25.27.0-2.1.xcpng8.3.x86_64", "xapi-core", "25.27.0-2.1.xcpng8.3"),
        ("python3-attrs-1:17.4.0-1.noarch", "python3-attrs", "1:17.4.0-1"),
        ("gpg-pubkey-352c64e5-52ae6884", "gpg-pubkey", "352c64e5-52ae6884"),
    ],
)
def test_lines_of_rpm_are_taken_apart(line: str, name: str, version: str) -> None:
    package = parse_package(line)
    assert package is not None
    assert (package.name, str(package.version)) == (name, version)


@pytest.mark.parametrize("line", ["", "sm", "sm-3", "-", "--", "sm--1"])
def test_what_is_no_package_is_none(line: str) -> None:
    assert parse_package(line) is None


def test_an_epoch_of_absurd_length_is_part_of_the_version() -> None:
    assert parse_version("1" * 5000 + ":1-1").epoch == 0


@given(PARTS, PARTS)
def test_comparison_is_antisymmetric(one: str, other: str) -> None:
    assert compare_parts(one, other) == -compare_parts(other, one)


@given(st.text(max_size=40))
def test_any_text_is_parsed_without_an_exception(text: str) -> None:
    parse_package(text)
    assert isinstance(parse_version(text), Version)
