"""The format of pattern files, as pydantic models; ``patterns/README.md`` says it in words.

The models check shapes; what joins two keys (a field that no group fills) is checked in
`analyzer.rules._meaning`.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue, models_json_schema
from pydantic_core import PydanticCustomError

from analyzer.sources import SCOPES, SOURCES

PARSER_NAMES = (*(kind.name for kind in SOURCES if kind.is_log), "alerts")


def _one_of(names: Collection[str]) -> tuple[AfterValidator, FieldInfo]:
    """Take one of these names only, and let the schema list them."""

    def known(name: str) -> str:
        if name not in names:
            expected = ", ".join(map(repr, names))
            raise PydanticCustomError("literal_error", "unknown", {"expected": expected})
        return name

    return AfterValidator(known), Field(json_schema_extra={"enum": [*names]})


ParserName: TypeAlias = Annotated[str, *_one_of(PARSER_NAMES)]
Need: TypeAlias = Annotated[str, *_one_of(SCOPES)]
Text: TypeAlias = Annotated[str, Field(min_length=1)]
Id: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=60)]
FieldName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=30)]


def _one_as_list(value: Any) -> Any:
    """Take one where a list is meant."""
    return tuple(value) if isinstance(value, list) else (value,)


def _text_as_step(value: Any) -> Any:
    """Take a text where a step without risk is meant."""
    return {"step": value} if isinstance(value, str) else value


def _or_one(schema: JsonSchemaValue) -> None:
    """Let the schema, too, accept one where a list is meant."""
    listed = {key: schema.pop(key) for key in ("type", "items", "minItems") if key in schema}
    schema["anyOf"] = [listed, listed["items"]]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Samples(_Model):
    """True lines that a selector takes, and near ones that it leaves."""

    hit: tuple[Text, ...] = Field(min_length=1)
    miss: tuple[Text, ...] = Field(min_length=1)
    cannot_tell: tuple[Text, ...] = ()


class SelectorEntry(_Model):
    """A kind of line."""

    parser: ParserName
    message: Text
    process: Text | None = None
    keep: Literal["all", "first-and-last", "ends-of-each-hour", "ends-of-five-minutes"] = "all"
    only_with: Annotated[
        tuple[Text, ...], BeforeValidator(_one_as_list), Field(json_schema_extra=_or_one)
    ] = Field(default=(), alias="only-with")

    @model_validator(mode="after")
    def _keeps_all(self) -> Self:
        if self.only_with and self.keep != "all":
            raise ValueError("only-with: of such lines all are kept; leave out keep")
        return self


class Alternative(SelectorEntry):
    """One of the selectors of a pattern."""

    name: Id | None = None


class CheckSelector(SelectorEntry):
    """A selector of a check, which has its own samples."""

    samples: Samples


class StepEntry(_Model):
    """Something to do; ``answered_by`` is the source that makes a look needless."""

    step: Text
    kind: Literal["look", "do", "destroys"] = "do"
    risk: Text | None = None
    lost: Text | None = None
    precondition: Text | None = None
    answered_by: Need | None = None


class CorrelateEntry(_Model):
    """How events become one finding."""

    type: Literal["event_count", "temporal", "temporal_ordered", "absent"] = "event_count"
    group_by: Annotated[
        tuple[FieldName, ...], BeforeValidator(_one_as_list), Field(json_schema_extra=_or_one)
    ] = Field(default=(), alias="group-by")
    timespan: str = Field(default="1h", pattern=r"^[1-9][0-9]{0,5}[smhd]$")
    gte: int = Field(default=1, ge=1)
    ties: bool = False


VersionText: TypeAlias = Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.:~^+_-]{0,60}$")]


class VersionsEntry(_Model):
    """Versions from the first, which is in the range, to the second, which is not."""

    start: VersionText | None = Field(default=None, alias="from")
    before: VersionText | None = None


class PackageEntry(VersionsEntry):
    """Versions of a package."""

    name: Annotated[str, Field(pattern=r"^[a-z][A-Za-z0-9+_.-]{0,40}$")]


class WhenEntry(_Model):
    """The state in which the lines are a finding."""

    role: Literal["master", "supporter"] | None = None
    sr_type: Annotated[
        tuple[Id, ...], BeforeValidator(_one_as_list), Field(json_schema_extra=_or_one)
    ] = ()
    release: VersionsEntry | None = None
    package: PackageEntry | None = None
    cbt: Literal["in-use", "unused"] | None = None


class MendedEntry(_Model):
    """A version that does not have the defect any more."""

    package: Annotated[str, Field(pattern=r"^[a-z][A-Za-z0-9+_.-]{0,40}$")]
    version: VersionText
    vendor: Literal["", "xcp-ng", "xenserver"] = ""


class CaseEntry(_Model):
    """A variant of the text of a check."""

    title: Text
    detail: Text


Severity: TypeAlias = Literal["critical", "error", "warning", "info"]
Confidence: TypeAlias = Literal["certain", "likely", "possible"]
Status: TypeAlias = Literal["stable", "experimental", "deprecated"]
Area: TypeAlias = Literal["cbt", "nbd", "any"]
GoalName: TypeAlias = Literal["incremental", "no-silent-loss", "starts", "space", "nbd-reachable"]
Steps: TypeAlias = tuple[Annotated[StepEntry, BeforeValidator(_text_as_step)], ...]
Alternatives: TypeAlias = Annotated[
    tuple[Alternative, ...],
    BeforeValidator(_one_as_list),
    Field(min_length=1, json_schema_extra=_or_one),
]


class PatternEntry(_Model):
    """What every pattern has."""

    id: Id
    title: Text
    status: Status = "stable"
    area: Area = "any"
    select: Alternatives
    samples: Samples
    references: tuple[Text, ...] = ()


class FindingFile(PatternEntry):
    """A rule that is data alone."""

    role: Literal["finding"] = "finding"
    called: str = ""
    severity: Severity
    confidence: Confidence = "certain"
    needs: tuple[Need, ...] = Field(min_length=1)
    subjects: Mapping[str, FieldName] = Field(default_factory=dict)
    correlate: CorrelateEntry = CorrelateEntry()
    when: WhenEntry = WhenEntry()
    mended: tuple[MendedEntry, ...] = ()
    detail: Text
    goals: tuple[GoalName, ...] = ()
    action: Steps = ()
    wrong_if: str = ""


class NoiseFile(PatternEntry):
    """Lines that nobody has to care about."""

    role: Literal["noise"]
    reason: Text


class ContextFile(PatternEntry):
    """Lines that set the scene."""

    role: Literal["context"]


class StateFile(PatternEntry):
    """Lines from which the state of disks and their logs is rebuilt."""

    role: Literal["state"]


class CheckFile(_Model):
    """The text of a check, and the lines it asks for."""

    id: Id
    title: Text
    status: Status = "stable"
    area: Area = "any"
    severity: Severity
    confidence: Confidence = "certain"
    needs: tuple[Need, ...] = Field(min_length=1)
    fields: tuple[FieldName, ...] = ()
    select: Mapping[Id, CheckSelector] = Field(default_factory=dict)
    cases: Mapping[Id, CaseEntry] = Field(default_factory=dict)
    unseen: str = ""
    called: str = ""
    detail: Text
    goals: tuple[GoalName, ...] = ()
    action: Steps = ()
    wrong_if: str = ""
    references: tuple[Text, ...] = ()


PatternFile: TypeAlias = FindingFile | NoiseFile | ContextFile | StateFile | CheckFile
_BY_ROLE: Mapping[object, type[PatternFile]] = MappingProxyType(
    {"noise": NoiseFile, "context": ContextFile, "state": StateFile}
)


def model_of(value: object, *, check: bool) -> type[PatternFile]:
    """Return the model that a file must satisfy: by its folder, then by its role."""
    if check:
        return CheckFile
    role = value.get("role") if isinstance(value, dict) else None
    return _BY_ROLE.get(role, FindingFile) if isinstance(role, str) else FindingFile


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of pattern files, for editors."""
    models = (FindingFile, NoiseFile, ContextFile, StateFile, CheckFile)
    refs, schema = models_json_schema(
        [(model, "validation") for model in models], title="cbtriage pattern file"
    )
    step = schema["$defs"]["StepEntry"]
    schema["$defs"]["StepEntry"] = {"anyOf": [{"type": "string", "minLength": 1}, step]}
    schema["anyOf"] = [refs[model, "validation"] for model in models]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
