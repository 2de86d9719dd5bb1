"""An SR is attached to no host with an address for NBD."""

import pytest

from analyzer.model.finding import Basis, Confidence
from tests.checks.support import (
    JUPITER,
    SATURN,
    SR,
    CaseBuilder,
    member,
    network,
    pbd,
    pif,
    sr,
    vdi,
)

RULE = "nbd-info-sr-not-connected"
ASKED = "13:30:00 xapi: [ info||4711 INET :::80|VDI.get_nbd_info R:0a1b2c3d4e5f|message_forwarding] VDI.get_nbd_info: vdi  = '6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913'\n"
NBD = network(purpose=("nbd",))
BOTH = ((JUPITER, "jupiter"), (SATURN, "saturn"))
ELSEWHERE = pif(host=SATURN, ip="192.0.2.12")
OFF = vdi(cbt_enabled=False)


def unplugged(time: str) -> str:
    return f"{time} xapi: [ info||4711 INET :::80|PBD.unplug R:1b2c3d4e5f60|message_forwarding] PBD.unplug: PBD = '{pbd().uuid}'\n"


def test_sr_on_a_host_without_address_is_found_while_another_has_one() -> None:
    rows = (sr(), vdi(), pbd(), pbd(SATURN, attached=False), NBD, ELSEWHERE)
    (finding,) = CaseBuilder().host().database(*rows, hosts=BOTH).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)
    assert ("SR", SR) in [(s.type, s.uuid) for s in finding.subjects]
    assert "saturn" in finding.detail
    assert f"xe pbd-plug uuid={pbd(SATURN).uuid}" in finding.action[0].step


def test_local_sr_is_told_to_get_an_address() -> None:
    rows = (sr(kind="ext", shared=False), vdi(), pbd(), NBD, pif(ip=""), ELSEWHERE)
    (finding,) = CaseBuilder().host().database(*rows, hosts=BOTH).examine(RULE).findings
    assert "pif-reconfigure-ip" in finding.action[0].step


def test_sr_that_is_attached_nowhere_is_found_if_it_was_asked_for() -> None:
    rows = (sr(), OFF, pbd(attached=False), NBD, pif())
    (finding,) = CaseBuilder().host().xensource_log(ASKED).database(*rows).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.LIKELY)
    assert "attached to no host" in finding.title
    assert "xe pbd-plug" in finding.action[0].step


def test_local_sr_of_a_host_that_was_down_may_have_been_attached_before() -> None:
    rows = (sr(), OFF, pbd(SATURN, attached=False), NBD, pif())
    for fields in ({"live": False}, {"enabled": False}):
        down = member(SATURN, "saturn", **fields)
        built = CaseBuilder().host().xensource_log(ASKED).database(*rows, *down)
        examined = built.examine(RULE)
        assert examined.findings == ()
        assert "saturn was not in service" in examined.gaps[0].why


def test_shared_sr_of_which_one_host_was_down_is_found() -> None:
    rows = (sr(), OFF, pbd(attached=False), pbd(SATURN, attached=False), NBD, pif())
    down = member(SATURN, "saturn", live=False)
    built = CaseBuilder().host().xensource_log(ASKED).database(*rows, *down)
    assert len(built.examine(RULE).findings) == 1


def test_sr_that_was_unplugged_after_the_last_call_was_given_up() -> None:
    rows = (sr(), OFF, pbd(attached=False), NBD, pif())
    built = CaseBuilder().host().xensource_log(ASKED + unplugged("14:00:00")).database(*rows)
    examined = built.examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_sr_that_was_unplugged_before_the_call_is_found() -> None:
    rows = (sr(), OFF, pbd(attached=False), NBD, pif())
    built = CaseBuilder().host().xensource_log(unplugged("13:00:00") + ASKED).database(*rows)
    assert len(built.examine(RULE).findings) == 1


@pytest.mark.parametrize(("time", "found"), [("13:31:00", 0), ("13:29:00", 1)])
def test_sr_that_sm_worked_on_after_the_last_call_was_plugged_then(time: str, found: int) -> None:
    rows = (sr(), OFF, pbd(attached=False), NBD, pif())
    activated = (
        f"{time} SM: [4711] vdi_activate {{'sr_uuid': '{SR}', 'subtask_of': "
        "'DummyRef:|VDI.activate', 'vdi_ref': 'OpaqueRef:1', 'vdi_uuid': "
        "'6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913', 'args': ['false'], 'command': 'vdi_activate'}\n"
    )
    built = CaseBuilder().host().smlog(activated).xensource_log(ASKED).database(*rows)
    assert len(built.examine(RULE).findings) == found


def test_retired_sr_with_cbt_disks_alarms_nobody() -> None:
    rows = (sr(), vdi(), pbd(attached=False), NBD, pif())
    examined = CaseBuilder().host().database(*rows).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_unread_calls_leave_an_unplugged_sr_open() -> None:
    rows = (sr(), vdi(), pbd(attached=False), NBD, pif())
    (gap,) = CaseBuilder().host().without("xensource_log").database(*rows).examine(RULE).gaps
    assert gap.need == "xensource_log"


def test_sr_of_a_host_with_an_address_is_ruled_out() -> None:
    rows = (sr(), vdi(), pbd(), pbd(SATURN, attached=False), NBD, pif(), ELSEWHERE)
    examined = CaseBuilder().host().database(*rows, hosts=BOTH).examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_no_address_anywhere_is_another_rule() -> None:
    rows = (sr(), vdi(), pbd(), NBD, pif(ip=""))
    examined = CaseBuilder().host().database(*rows).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_no_purpose_is_another_rule() -> None:
    rows = (sr(), vdi(), pbd(attached=False), network(), pif())
    examined = CaseBuilder().host().xensource_log(ASKED).database(*rows).examine(RULE)
    assert examined.findings == ()
    assert "NBD purpose" in examined.not_applicable


def test_unwanted_sr_is_ruled_out() -> None:
    rows = (sr(), OFF, pbd(), NBD, ELSEWHERE)
    examined = CaseBuilder().host().database(*rows, hosts=BOTH).examine(RULE)
    assert (examined.findings, examined.gaps) == ((), ())


def test_unread_calls_leave_open_whether_an_sr_is_wanted() -> None:
    rows = (sr(), OFF, pbd(), NBD, ELSEWHERE)
    built = CaseBuilder().host().without("xensource_log").database(*rows, hosts=BOTH)
    (gap,) = built.examine(RULE).gaps
    assert gap.need == "xensource_log"


def test_plug_that_the_row_does_not_show_is_a_gap() -> None:
    rows = (sr(), vdi(), pbd(attached=None), NBD, pif())
    (gap,) = CaseBuilder().host().database(*rows).examine(RULE).gaps
    assert "whether the SR is attached" in gap.why
