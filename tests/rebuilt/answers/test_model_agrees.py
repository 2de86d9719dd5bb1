"""What `why` says of a call that SM or xapi refuses for the state of a disk is what the model says."""

import pytest

from analyzer.model.call import Answer, CallJudgement
from analyzer.model.xapi import XapiObject
from analyzer.rebuilt.answers.checks import data_destroy, enable_cbt
from analyzer.sm import snapshots, tracking
from analyzer.sm.state import Kind, SrKind, State, Vdi
from tests.checks.support import SNAPSHOT, VDI
from tests.rebuilt.answers.test_checks import case, ready, snapshot, vbd, vm


def code(judgement: CallJudgement) -> str:
    """Return xapi's error of the first check that fails, "" where none does."""
    failed = (check for check in judgement.checks if check.answer is Answer.FAILS)
    error = next((check.error for check in failed), "")
    return "" if error.startswith("success") else error.partition(" ")[0].rstrip(",")


@pytest.mark.parametrize("owned", [False, True])
@pytest.mark.parametrize("tracked", [False, True])
@pytest.mark.parametrize("kind", [Kind.DISK, Kind.SNAPSHOT])
def test_data_destroy_is_refused_as_the_model_refuses_it(
    kind: Kind, tracked: bool, owned: bool
) -> None:
    fields = {"is_a_snapshot": kind is Kind.SNAPSHOT, "cbt_enabled": tracked}
    rows: list[XapiObject] = [snapshot(**fields)]
    rows += [vbd(disk=SNAPSHOT), vm(snapshot=True)] if owned else []
    state = State(vdis={SNAPSHOT: Vdi(kind=kind, cbt_enabled=tracked, owner="vm" if owned else "")})

    judged = data_destroy(case(*rows), SNAPSHOT)

    assert code(judged) == snapshots.data_destroy(state, SNAPSHOT).code


@pytest.mark.parametrize("room", [False, True])
@pytest.mark.parametrize("tracked", [False, True])
def test_enable_is_refused_as_the_model_refuses_it(tracked: bool, room: bool) -> None:
    free = "50.00g" if room else "3.00m"
    state = State(vdis={VDI: Vdi(cbt_enabled=tracked)}, sr=SrKind.VOLUMES, room=room)

    judged = enable_cbt(case(ready(cbt_enabled=tracked), free=free), VDI)

    assert code(judged) == tracking.enable(state, VDI).code
