"""What a host says of its network may be anything: the report goes on, and nothing turns green."""

from pathlib import Path

import pytest

from analyzer.model.finding import Outcome, Verdict
from analyzer.model.report import Report
from analyzer.run import Options, analyze
from tests.samples.verdicts import outcome_of
from tests.support.bundle import BundleBuilder, xencenter_zip
from tests.support.whole import WHOLE
from tests.world.build_samples import RULES
from tests.world.recipes_nbd import STORIES

# A story, its rule, and the member that proves it.
PROOFS = [
    ("nbd-firewall-closed", "nbd-address-configuration", "iptables-nvL.out"),
    ("nbd-in-dom0", "nbd-client-in-dom0", "ss-nampio.out"),
    ("nbd-certificate-over", "nbd-tls-mismatch", "xapi_cert.out"),
]
MEMBERS = (
    "ip-s-addr.out",
    "ip-route.out",
    "ss-nampio.out",
    "iptables-nvL.out",
    "xapi_cert.out",
    "sm_diagnostics.out",
)
RUBBISH: dict[str, bytes] = {
    "nothing but zeros": b"\0" * 5000,
    "bytes": bytes(range(256)) * 40,
    "a page": b"<html><body><h1>404 Not Found</h1></body></html>\n",
    "one endless line": b"tcp ESTAB 0 0 " + b"192.0.2.1:10809 " * 40_000,
    "nested parentheses": b'users:((("' * 3000 + b"\n",
    "a chain and nothing more": b"Chain xapi_nbd_input_chain (1 references)\n" * 2000,
    "numbers too large": b"99999999999999999999: eth1: <UP> mtu 99999999999999999999\n" * 50,
}


def _bundles(name: str) -> tuple[BundleBuilder, ...]:
    (story,) = [story for story in STORIES if story.name == name]
    return story.tell().reports


def _read(folder: Path, reports: tuple[BundleBuilder, ...]) -> Report:
    return analyze([xencenter_zip(folder / "x.zip", reports)], Options())


def _answers(report: Report) -> dict[str, Outcome]:
    return {rule: outcome_of(report, rule) for rule in RULES}


# Two members at a time; with WHOLE=1 each by itself.
SPOILT = (
    [(name,) for name in MEMBERS] if WHOLE else list(zip(MEMBERS[:3], MEMBERS[3:], strict=True))
)


@pytest.mark.parametrize("what", RUBBISH)
@pytest.mark.parametrize("members", SPOILT)
def test_rubbish_costs_no_rule_its_answer(
    tmp_path: Path, members: tuple[str, ...], what: str
) -> None:
    reports = _bundles("nbd-healthy-dom0")
    for report in reports:
        for member in members:
            report.file(member, RUBBISH[what])
    answers = _answers(_read(tmp_path, reports))
    assert [rule for rule, o in answers.items() if o.verdict is Verdict.ERROR] == []
    assert [rule for rule, o in answers.items() if o.findings] == []


@pytest.mark.parametrize("what", RUBBISH)
@pytest.mark.parametrize(("name", "rule", "member"), PROOFS)
def test_rubbish_in_the_place_of_a_proof_is_never_green(
    tmp_path: Path, name: str, rule: str, member: str, what: str
) -> None:
    reports = _bundles(name)
    for report in reports:
        report.file(member, RUBBISH[what])
    assert outcome_of(_read(tmp_path, reports), rule).verdict is not Verdict.RULED_OUT


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(("name", "rule", "member"), PROOFS)
def test_half_of_a_proof_is_never_green(
    tmp_path: Path, name: str, rule: str, member: str, share: float
) -> None:
    reports = _bundles(name)
    for report in reports:
        content = report.content(member)
        report.file(member, content[: int(len(content) * share)])
    assert outcome_of(_read(tmp_path, reports), rule).verdict is not Verdict.RULED_OUT
