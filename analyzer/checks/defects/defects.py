"""Read ``patterns/defects.yaml``: defects of packages, the versions that have them, their symptom.

::

    defects:
      - id: metadata-compared-on-file-sr     kebab-case
        title: …                             what happened, past tense
        package: sm                          as rpm names it
        vendor: xcp-ng                       xcp-ng, xenserver, or any (left out)
        affected:                            any of these ranges; `from` is in it, `before` is not
          - {from: 3.2.12-17.2, before: 3.2.12-17.4}
        fixed: sm 3.2.12-17.4 of XCP-ng      in words
        symptom: …                           one of `Symptom`
        looks_like: …                        what a reader would take it for
        why: …                               what the code did wrong
        references: [ … ]
"""

from enum import StrEnum
from functools import cache
from importlib import import_module
from importlib.resources.abc import Traversable

from analyzer.compiled_table import compiled
from analyzer.model.rpm import Version, compare
from analyzer.resources import folder
from analyzer.values import dataclass

NAME = "defects.yaml"
_CODE = (
    "checks/defects/defects.py",
    "checks/defects/_defects_file.py",
    "model/rpm.py",
    "yaml_file.py",
)


class Symptom(StrEnum):
    """What a defect looks like in a status report; `defect_symptoms` looks for it."""

    COMPARISON_FROM_METADATA_REFUSED = "comparison-from-metadata-refused"
    SCAN_INDEX = "scan-index-out-of-range"
    ENABLE_AFTER_DISABLE = "enable-after-disable-failed"
    BITMAP_NOT_TEXT = "bitmap-not-text"
    INCONSISTENT_AFTER_READ_ONLY = "inconsistent-after-read-only"
    DUPLICATE_KEY = "duplicate-key"
    PARENT_NOT_SET = "parent-not-set"
    METADATA_CHECKSUM = "metadata-checksum"
    HIDDEN_DISK = "hidden-disk"
    NBD_TIMEOUT = "nbd-timeout"
    BASE_LEFT_ACTIVE = "base-left-active"
    SCAN_TOOL_CRASHED = "scan-tool-crashed"
    RENAME_REFUSED = "rename-refused"
    COLLECTOR_CANNOT_LOAD = "collector-cannot-load"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Versions from ``start`` (None: from the first) up to, and without, ``end``."""

    start: Version | None
    end: Version

    def holds(self, version: Version) -> bool:
        """Tell whether a version is in the range."""
        late_enough = self.start is None or compare(version, self.start) >= 0
        return late_enough and compare(version, self.end) < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One row of the table; ``vendor`` is xcp-ng, xenserver or any."""

    id: str
    title: str
    package: str
    vendor: str
    affected: tuple[Range, ...]
    fixed: str
    symptom: Symptom
    looks_like: str
    why: str
    references: tuple[str, ...]

    def has(self, version: Version) -> bool:
        """Tell whether a version of the package has the defect."""
        own = "xcp-ng" if "xcpng" in version.release else "xenserver"
        return self.vendor in ("any", own) and any(part.holds(version) for part in self.affected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defects:
    """The table, in the order of the file."""

    rows: tuple[Defect, ...]


def load_defects(file: Traversable | None = None) -> tuple[Defect, ...]:
    """Load the shipped table, or that of `file`.

    Raises:
        CatalogueError: the file is not as it should be; the text names every fault by its line.
    """
    return (_defects_read(file.read_bytes()) if file else _shipped_defects()).rows


@cache  # what was installed stays as it is while we run
def _shipped_defects() -> Defects:
    content = (folder("patterns") / NAME).read_bytes()
    return compiled("defects", Defects, (content,), _CODE, lambda: _defects_read(content))


def _defects_read(content: bytes) -> Defects:
    reader = import_module("analyzer.checks.defects._defects_file")  # pydantic: only where needed
    defects: Defects = reader.read_defects(content)
    return defects
