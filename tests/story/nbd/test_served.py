"""NBD connections are found by all that names them."""

from analyzer.model.nbd import NbdSession
from analyzer.model.pages import sessions_fitting
from analyzer.rebuilt.nbd.sessions.sessions import nbd_sessions
from analyzer.story.disks.index import index
from analyzer.story.names import names_of
from analyzer.story.nbd.served import sessions_page
from tests.checks.support import VDI, CaseBuilder, vbd, vdi
from tests.rebuilt.nbd.nbd_log import NbdLog, ref, uuid

INVALID = "Server_error(SESSION_INVALID, [ OpaqueRef:0c1d2e3f-4a5b-4c6d-8e7f-90a1b2c3d4e5 ])"


def test_connections_are_found_by_everything_that_names_them() -> None:
    log = NbdLog(start="19:00:00").start().open(1).client().caught(INVALID)
    row = vbd(uuid(1), VDI, ref=ref(1))
    case = CaseBuilder().host().daemon_log(log.text).database(vdi(), row).build()
    first, second = nbd_sessions(case)
    page, names = sessions_page(case), names_of(case, index(case, ()))

    def found(wanted: str) -> list[NbdSession]:
        return [each.session for each in sessions_fitting(page, names, wanted)]

    for wanted in (ref(1), ref(1)[10:30], uuid(1), VDI, VDI[:8], "web-01 0"):
        assert found(wanted) == [first], wanted
    assert found("0c1d2e3f") == [second]
    assert found("1234") == [first, second]
    assert found("") == [first, second]
    assert found("ffff") == []
