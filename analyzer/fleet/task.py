"""One task: some cases, analyzed in a process that may die of them."""

import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from analyzer.errors import AnalyzerError
from analyzer.fleet.sources import CaseFiles, fetched
from analyzer.fleet.tables import Rows, rows_of
from analyzer.render.data.json import report_object
from analyzer.run import Options, analyze


def bound_memory(limit: int) -> None:
    """Bound the address space of this process, in bytes; 0 leaves it as it is."""
    if limit and sys.platform != "win32":
        import resource  # noqa: PLC0415 - Windows has it not

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def rows_of_cases(cases: Sequence[CaseFiles], memory: int = 0) -> list[tuple[str, Rows]]:
    """Return the rows of each case by its key; one that cannot be read is a row with its error."""
    bound_memory(memory)
    return [(case.key, _rows_of_case(case)) for case in cases]


def _rows_of_case(case: CaseFiles) -> Rows:
    began = time.process_time()
    try:
        with tempfile.TemporaryDirectory(prefix="cbtriage-") as folder:
            paths = fetched(case, Path(folder))
            size = sum(path.stat().st_size for path in paths)
            made = rows_of(report_object(analyze(paths, Options(jobs=1))))
        made["cases"][0] |= {"bytes": size}
    except (AnalyzerError, OSError) as error:
        made = failed(f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 - one case must not end a run of thousands
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        made = failed(f"internal: {type(error).__name__} at {where}: {error}")
    made["cases"][0] |= {
        "customer": case.customer,
        "cpu_seconds": round(time.process_time() - began, 3),
    }
    return made


def failed(error: str) -> Rows:
    """Return the rows of a case of which nothing is known but an error."""
    return {"cases": [{"error": error[:2000]}]}
