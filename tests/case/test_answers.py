"""The manifest of collected answers."""

from datetime import UTC, datetime

from analyzer.case.answers import MANIFEST, read_answers

TEXT = """cbtriage answers 1
host\tf03dc4c2-98ce-47de-af1b-5c9aa26fe068\tjupiter
command\tlvs.out\t5\t1732269961\t1732269963\tlvs
stderr\tlvs.out\tVolume group "x" not found
command\tss.out\t0\t1732269963\t1732269963\tss -nampio
command\tbroken\tx\ty
"""


def test_commands_have_times_and_fates() -> None:
    answers = read_answers(TEXT.encode(), MANIFEST)
    assert answers is not None
    assert (answers.host_uuid, answers.hostname) == (
        "f03dc4c2-98ce-47de-af1b-5c9aa26fe068",
        "jupiter",
    )
    assert answers.ran("ss.out") == (datetime(2024, 11, 22, 10, 6, 3, tzinfo=UTC),) * 2
    assert answers.failure("lvs.out") == '`lvs` failed with status 5: Volume group "x" not found'
    assert (answers.failure("ss.out"), answers.ran("broken")) == ("", None)


def test_another_text_is_no_manifest() -> None:
    assert read_answers(b"hello", MANIFEST) is None
