"""What people call the disks of findings."""

import pytest

from analyzer.model.xapi import XapiObject
from analyzer.story.disks.called import with_disks_called
from tests.checks.support import OTHER_VDI, SNAPSHOT, VDI, CaseBuilder, vbd, vdi, vm
from tests.story.disks.test_views import finding

WEB, BACKUP, CLONE = (f"{n}1111111-0000-4000-8000-000000000000" for n in "123")
LIVE = (
    vdi(VDI, name_label="data"),
    vm(WEB, name_label="web"),
    vbd("41111111-0000-4000-8000-000000000000", VDI, WEB),
)
OF_LIVE = {"is_a_snapshot": True, "snapshot_of": VDI, "snapshot_time": "20240609T20:00:00Z"}
HELD = (
    vm(BACKUP, name_label="bkp-0609", is_a_snapshot=True),
    vbd("51111111-0000-4000-8000-000000000000", SNAPSHOT, BACKUP),
)
SHARED = (
    vm(CLONE, name_label="other"),
    vbd("61111111-0000-4000-8000-000000000000", VDI, CLONE),
)


def called(uuid: str, *rows: XapiObject) -> str | None:
    case = CaseBuilder().host().database(*rows).build()
    (outcome,) = with_disks_called(case, (finding("cbt-log-missing", uuid),))
    (subject,) = outcome.findings[0].subjects
    assert (subject.taken is not None) == any(
        row.uuid == uuid and getattr(row, "snapshot_time", None) for row in rows
    )
    return subject.told


@pytest.mark.parametrize(
    ("snapshot", "rows", "told"),
    [
        ({"name_label": "data"}, LIVE, "snapshot of web/data"),
        ({"name_label": "before"}, LIVE, 'snapshot "before" of web/data'),
        ({"name_label": "data"}, (*LIVE, *HELD), 'snapshot "bkp-0609" of web/data'),
        ({"name_label": "data"}, (), 'snapshot "data"'),
        ({"name_label": "data", "snapshot_time": ""}, LIVE, "snapshot of web/data"),
        (
            {"name_label": "data", "type": "cbt_metadata"},
            LIVE,
            "metadata disk of web/data",
        ),
    ],
)
def test_snapshot_is_called_by_what_it_is_of_and_its_time(
    snapshot: dict[str, object], rows: tuple[XapiObject, ...], told: str
) -> None:
    assert called(SNAPSHOT, vdi(SNAPSHOT, **{**OF_LIVE, **snapshot}), *rows) == told


def test_live_disk_is_called_by_its_vm_where_it_is_of_one() -> None:
    assert called(VDI, *LIVE) == "web/data"
    assert called(VDI, *LIVE, *SHARED) is None
    assert called(VDI, vdi(VDI, name_label="data")) is None
    assert called(OTHER_VDI, *LIVE) is None
