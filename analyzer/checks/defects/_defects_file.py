"""Check ``defects.yaml`` (its format is told in `defects`), and make the table of it."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analyzer.checks.defects.defects import NAME, Defect, Defects, Range, Symptom
from analyzer.errors import CatalogueError
from analyzer.model.rpm import compare, parse_version
from analyzer.yaml_file import Document, Path, table_document

_SHOWN = f"patterns/{NAME}"
_SHOWN_VALUE = 60


Text: TypeAlias = Annotated[str, Field(min_length=1)]
Id: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=60)]
VersionText: TypeAlias = Annotated[
    str, Field(pattern=r"^(?:[0-9]{1,9}:)?[0-9][0-9A-Za-z.+~^_]*(?:-[0-9A-Za-z.+~^_]+)?$")
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _RangeEntry(_Model):
    start: VersionText | None = Field(default=None, alias="from")
    before: VersionText

    @model_validator(mode="after")
    def _range_in_order(self) -> "_RangeEntry":
        if self.start and compare(parse_version(self.start), parse_version(self.before)) >= 0:
            msg = f"the range ends at {self.before} before it begins at {self.start}"
            raise ValueError(msg)
        return self


class _DefectEntry(_Model):
    id: Id
    title: Text
    package: Text
    vendor: Literal["xcp-ng", "xenserver", "any"] = "any"
    affected: Annotated[list[_RangeEntry], Field(min_length=1)]
    fixed: Text
    symptom: Symptom
    looks_like: Text
    why: Text
    references: Annotated[list[Text], Field(min_length=1)]


class _File(_Model):
    defects: list[_DefectEntry]


def read_defects(content: bytes) -> Defects:
    """Return the table that a file holds.

    Raises:
        CatalogueError: the file is not as it should be; the text names every fault by its line.
    """
    document = table_document(content, _SHOWN)
    try:
        read = _File.model_validate(document.value)
    except ValidationError as error:
        found = (_fault_in_words(fault) for fault in error.errors())
        raise CatalogueError(
            "\n".join(_fault_at_place(document, *fault) for fault in found)
        ) from error
    doubled = [_fault_at_place(document, *fault) for fault in _doubled_ids(read)]
    if doubled:
        raise CatalogueError("\n".join(doubled))
    defect_of_entry: list[Defect] = []
    for entry in read.defects:
        range_of_entry: list[Range] = []
        for part in entry.affected:
            start = parse_version(part.start) if part.start else None
            range_of_entry.append(Range(start=start, end=parse_version(part.before)))
        defect_of_entry.append(
            Defect(
                id=entry.id,
                title=entry.title,
                package=entry.package,
                vendor=entry.vendor,
                affected=tuple(range_of_entry),
                fixed=entry.fixed,
                symptom=entry.symptom,
                looks_like=entry.looks_like,
                why=entry.why,
                references=tuple(entry.references),
            )
        )
    return Defects(rows=tuple(defect_of_entry))


def _fault_at_place(document: Document, path: Path, what: str) -> str:
    line, key = document.place(path)
    return f"{_SHOWN}:{line} {key}: {what}"


def _fault_in_words(fault: Mapping[str, Any]) -> tuple[Path, str]:
    """Put a fault that pydantic found into words."""
    path, got = fault["loc"], repr(fault["input"])[:_SHOWN_VALUE]
    match fault["type"]:
        case "missing":
            return path, "the key is missing"
        case "extra_forbidden":
            return path, "unknown key"
        case "literal_error" | "enum":
            return path, f"expected one of {fault['ctx']['expected']}, got {got}"
        case _:
            said = fault["msg"].removeprefix("Value error, ")
            return path, f"{said[:1].lower()}{said[1:]}, got {got}"


def _doubled_ids(file: _File) -> Iterator[tuple[Path, str]]:
    seen: set[str] = set()
    for place, entry in enumerate(file.defects):
        if entry.id in seen:
            yield ("defects", place, "id"), f"{entry.id} is there twice"
        seen.add(entry.id)
