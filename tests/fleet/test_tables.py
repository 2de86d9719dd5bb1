"""Rows of a report: every table has its columns, whatever is in the report."""

import pyarrow as pa

from analyzer.fleet.tables import TABLES, rows_of, signature
from analyzer.render.data.json import report_object
from analyzer.run import Options, analyze
from tests.fleet.small_fleet import SAMPLES


def test_all_tables_hold_what_a_report_says() -> None:
    samples = ("cbt-hazards-nfs.tar.bz2", "nbd-mixed-trouble.zip")
    for sample in samples:
        document = report_object(analyze([SAMPLES / sample], Options(jobs=1)))
        made = rows_of(document)
        assert made.keys() == TABLES.keys()
        for name, rows in made.items():
            table = pa.Table.from_pylist(rows, schema=TABLES[name])
            assert table.num_rows == len(rows)
            assert all(row.keys() <= set(TABLES[name].names) for row in rows)
        assert len(made["outcomes"]) == len(document["outcomes"])  # type: ignore[arg-type]
        assert made["findings"]
        assert made["subjects"]
        assert made["incidents"]


def test_a_signature_has_no_names_of_objects() -> None:
    one, two = (
        "SR 47e15be6-26e7-4690-a0f4-ffae6c73858a at 0x7f5c",
        "SR 57e15be6-26e7-4690-a0f4-ffae6c738580 at 0x1",
    )
    assert signature(one) == signature(two) == "SR <uuid> at <hex>"
