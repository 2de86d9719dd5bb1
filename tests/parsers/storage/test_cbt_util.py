"""`cbt-util get`: the command above an answer says what it is, or the file's name."""

import pytest

from analyzer.model.cbt import CbtLogValues, Change
from analyzer.parsers.storage.cbt_util import PARSER
from tests.parsers.memory_member import facts, problems

DISK = "6b0c1a3e-77aa-4c1e-9d1f-5a3c2b1e0f00"
CHILD = "9f3a5c1e-0d2b-4c7a-8e61-5b4d3c2a1f00"
PATH = f"/run/sr-mount/1b0c5d2e-0000-4000-8000-000000000001/{DISK}.cbtlog"
PASTE = f"""[root@jupiter ~]# cbt-util get -n {PATH} -c
{CHILD}
[root@jupiter ~]# cbt-util get -p -n {PATH}
00000000-0000-0000-0000-000000000000
# /usr/sbin/cbt-util get -n {PATH} -f
1
cbt-util get -n {PATH} -s
1073741824
"""


def _values(path: str, content: str) -> dict[Change, str]:
    found = [fact for fact in facts(PARSER, path, content) if isinstance(fact, CbtLogValues)]
    assert {fact.uuid for fact in found} <= {DISK}
    return {value.field: value.value for fact in found for value in fact.values}


def test_commands_name_the_values() -> None:
    assert PARSER.claims("anything.txt", PASTE.encode())
    assert _values("anything.txt", PASTE) == {
        Change.CHILD: CHILD,
        Change.PARENT: "",
        Change.CONSISTENT: "1",
        Change.SIZE: "1073741824",
    }


def test_a_value_is_quoted_with_its_command() -> None:
    (log,) = facts(PARSER, "x", f"$ cbt-util get -n {PATH} -f\n0\n")
    assert isinstance(log, CbtLogValues)
    assert (log.path, log.values[0].text) == (PATH, f"$ cbt-util get -n {PATH} -f\n0")


def test_a_header_in_hex_is_read() -> None:
    header = bytes(16) + bytes.fromhex(CHILD.replace("-", "")) + b"\1\0\0\0\xff\0\0\0"
    header += (1 << 30).to_bytes(8, "little")
    rows = "\n".join(" " + header[at : at + 16].hex(" ") for at in (0, 16, 32))
    shown = _values("h", f"$ od -A n -v -t x1 -N 48 {PATH}\n{rows}\n")
    assert shown == {
        Change.PARENT: "",
        Change.CHILD: CHILD,
        Change.CONSISTENT: "1",
        Change.SIZE: "1073741824",
    }


@pytest.mark.parametrize(
    ("name", "content", "values"),
    [
        (f"{DISK}.txt", "1\n", {Change.CONSISTENT: "1"}),
        (f"size of {DISK}", "1073741824\n", {Change.SIZE: "1073741824"}),
        (f"child-{DISK}.txt", f"{CHILD}\n", {Change.CHILD: CHILD}),
        (f"{DISK}.txt", f"{CHILD}\n", {}),
    ],
)
def test_a_bare_value_needs_its_name(name: str, content: str, values: dict[Change, str]) -> None:
    assert PARSER.claims(name, content.encode())
    assert _values(name, content) == values
    assert bool(problems(facts(PARSER, name, content))) is not bool(values)


@pytest.mark.parametrize("content", [CHILD, "1"])
def test_a_bare_value_that_may_be_half_a_value_is_none(content: str) -> None:
    assert PARSER.claims(f"child-{DISK}.txt", content.encode())
    assert _values(f"child-{DISK}.txt", content) == {}
    assert problems(facts(PARSER, f"child-{DISK}.txt", content))


def test_what_failed_is_no_value() -> None:
    failed = f"# cbt-util get -n {PATH} -c\nFailed to open CBT log file {PATH}: 2\n"
    assert _values("x", failed) == {}
    assert problems(facts(PARSER, "x", failed)) == (
        f"`# cbt-util get -n {PATH} -c` shows no value below it",
    )


@pytest.mark.parametrize("path", ["var/log/SMlog", "etc/x"])
def test_files_of_a_host_are_not_claimed(path: str) -> None:
    assert not PARSER.claims(path, PASTE.encode())
