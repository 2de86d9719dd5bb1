"""The list of packages."""

import pytest

from analyzer.model.host import Packages
from analyzer.parsers.host import packages
from tests.parsers.memory_member import facts, problems

RPMS = "xapi-core-24.19.2-1.10.xcpng8.3.x86_64\nsm-3.2.12-17.1.xcpng8.3.x86_64\ngpg-pubkey-3fd3ac9e-5d2f60c7\n"


def listed(content: str) -> Packages:
    found = facts(packages.PARSER, "rpm-qa.out", content)[0]
    assert isinstance(found, Packages)
    return found


def test_the_file_is_claimed_by_name() -> None:
    assert packages.PARSER.claims("rpm-qa.out", b"")
    assert not packages.PARSER.claims("rpm.out", b"")


def test_names_are_sorted() -> None:
    found = listed(RPMS)
    assert found.complete
    assert found.names == tuple(sorted(RPMS.split()))


@pytest.mark.parametrize("content", ["", "\n", RPMS + "\n** timeout **\n", RPMS.rstrip()])
def test_what_is_not_whole_is_incomplete(content: str) -> None:
    assert not listed(content).complete


def test_a_half_name_is_not_listed() -> None:
    assert not any("gpg" in name for name in listed(RPMS[:-4]).names)


def test_a_line_that_is_no_package_is_told() -> None:
    content = RPMS + "error: rpmdb: damaged\n"
    assert not listed(content).complete
    assert problems(facts(packages.PARSER, "rpm-qa.out", content)) == ("no name of a package",)
