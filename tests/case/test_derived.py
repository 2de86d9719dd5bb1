from analyzer.case.case import Case
from analyzer.case.derived import derived
from tests.checks.support import CaseBuilder


def test_what_is_derived_is_made_once_for_each_argument() -> None:
    asked: list[str] = []

    @derived
    def made(case: Case, what: str) -> tuple[str, ...]:
        asked.append(what)
        return (what, *(host.name for host in case.hosts))

    case = CaseBuilder().host().build()
    assert made(case, "a") is made(case, "a")
    assert made(case, "b") == ("b", "jupiter")
    assert asked == ["a", "b"]


def test_another_case_derives_its_own() -> None:
    @derived
    def hosts(case: Case) -> int:
        return len(case.hosts)

    assert hosts(CaseBuilder().host().build()) == 1
    assert hosts(CaseBuilder().build()) == 0
