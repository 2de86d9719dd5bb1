"""Check ``error_codes.yaml``, and make the table of it."""

from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from analyzer.case.errors.codes import NAME, Code, Codes
from analyzer.errors import CatalogueError
from analyzer.model.finding import Severity
from analyzer.model.terms import BACKEND_CODE
from analyzer.yaml_file import table_document


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    code: int | str
    means: str
    next: str
    says: str = ""
    stops: str = ""
    severity: Literal["error", "warning", "info"] = "error"


class _Number(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    number: int
    means: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    sm: list[_Entry]
    xapi: list[_Entry]
    errno: list[_Number]


def read_codes(content: bytes) -> Codes:
    """Return the table that a file holds.

    Raises:
        CatalogueError: it is not as it should be.
    """
    document = table_document(content, f"patterns/{NAME}")
    try:
        read = _File.model_validate(document.value)
    except ValidationError as error:
        first = error.errors()[0]
        line, key = document.place(tuple(first["loc"]))
        msg = f"patterns/{NAME}:{line} {key}: {first['msg']}"
        raise CatalogueError(msg) from error
    rows: list[Code] = []
    for entry in (*read.sm, *read.xapi):
        name = f"{BACKEND_CODE}{entry.code}" if isinstance(entry.code, int) else entry.code
        rows.append(
            Code(
                name=name,
                means=entry.means,
                next_step=entry.next,
                says=entry.says,
                stops=entry.stops,
                severity=Severity(entry.severity),
            )
        )
    return Codes(
        by_name=MappingProxyType({row.name: row for row in rows}),
        errno=MappingProxyType({row.number: row.means for row in read.errno}),
    )
