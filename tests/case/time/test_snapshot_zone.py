"""Snapshots tell the zone of a host, where more of them fit in one than in any other."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analyzer.case.pool import build_pools
from analyzer.case.rows import Row
from analyzer.case.time.snapshot_zone import zone_by_snapshots
from analyzer.model.source import Source
from analyzer.model.terms import SM_CALL_ENTRY
from analyzer.model.xapi import Pool, Vdi, XapiDatabase

HERE = Source(bundle="a", member="xapi-db.xml")
DISK = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"
NOON = datetime(2024, 6, 10, 12, tzinfo=UTC)


def zones(taken: list[datetime], called: list[datetime]) -> set[int]:
    """Return the zones told, in minutes, of snapshots in UTC and calls in local time."""
    live = Vdi(source=HERE, ref="OpaqueRef:d", uuid=DISK)
    rows = [
        Vdi(
            source=HERE,
            ref=f"OpaqueRef:{n}",
            uuid=f"{n:08}-9d1f-4c55-8a47-2f60b7c0e913",
            is_a_snapshot=True,
            snapshot_of="OpaqueRef:d",
            snapshot_time=f"{at:%Y%m%dT%H:%M:%SZ}",
        )
        for n, at in enumerate(taken)
    ]
    database = XapiDatabase(
        source=HERE,
        generation=1,
        schema_minor=775,
        live=False,
        complete=True,
        tables=frozenset({"VDI"}),
        objects=(Pool(source=HERE, ref="OpaqueRef:p", uuid="p"), live, *rows),
    )
    message = f"vdi_snapshot {{'vdi_uuid': '{DISK}', 'command': 'vdi_snapshot'}}"
    blank: dict[str, Any] = dict.fromkeys(Row._fields)
    calls = [
        Row(**{**blank, "kind": SM_CALL_ENTRY, "message": message, "when": at}) for at in called
    ]
    told = zone_by_snapshots(calls, build_pools([("a", database)]), lambda row: row.when)  # type: ignore[arg-type,return-value]
    return {sighting.minutes for sighting in told}


def at(*hours: float) -> list[datetime]:
    return [NOON + timedelta(hours=hour) for hour in hours]


@pytest.mark.parametrize(
    ("taken", "called", "told"),
    [
        (at(0, 24), at(-22, 2, 26), {120}),
        (at(0, 3.5), at(-7, -3.5), {-420}),
        (at(0), at(2), set()),
        (at(0, 1), at(1, 2, 3, 4), set()),
        (at(0, 24), at(2.1, 26.2), set()),
    ],
    ids=["every night", "west", "only one", "every hour", "no call fits"],
)
def test_zone_by_snapshots(taken: list[datetime], called: list[datetime], told: set[int]) -> None:
    assert zones(taken, called) == told
