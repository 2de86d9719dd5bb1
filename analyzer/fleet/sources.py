"""Where cases come from: folders, object stores, zip files of cases, by fsspec."""

import hashlib
from collections.abc import Iterable, Iterator
from os import environ
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import fsspec
from fsspec.implementations.arrow import ArrowFSWrapper
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.zip import ZipFileSystem
from pyarrow.fs import S3FileSystem

from analyzer.errors import InputError, UsageError
from analyzer.values import dataclass

_ARCHIVES = (".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".zip", ".bz2", ".gz", ".xz", ".log")
_INSIDE = "!/"  # what parts a zip's URL from a path in it


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFiles:
    """One case: ``key`` is its path below the source, without the suffix of a single file.

    ``files`` are URLs as fsspec reads them; ``state`` changes whenever one of them does (names,
    sizes, times or ETags). The folder that a case lies in is its customer.
    """

    key: str
    files: tuple[str, ...]
    state: str

    @property
    def customer(self) -> str:
        """Return the first folder of the key, "" where the case lies in none."""
        return self.key.partition("/")[0] if "/" in self.key else ""


def cases_of(sources: Iterable[str], *, each_file: bool = False) -> tuple[CaseFiles, ...]:
    """Return the cases of all sources, each key once, ordered.

    A folder with files in it is one case of all of them, unless it is the source itself: there
    each file is a case. ``zip://cases.zip`` (or ``zip://s3://…/cases.zip``) is a zip of cases.

    Raises:
        InputError: a source is not there, or no case is in it.
        UsageError: a protocol is not known, or two sources have a case of the same key.
    """
    found: dict[str, CaseFiles] = {}
    for source in sources:
        cases = list(_cases_in(source, each_file=each_file))
        if not cases:
            msg = f"{source}: no case is in it; give a folder of status reports"
            raise InputError(msg)
        for case in cases:
            other = found.setdefault(case.key, case)
            if other.files != case.files:
                msg = f"case {case.key!r} is in two sources: {other.files[0]} and {case.files[0]}"
                raise UsageError(msg)
    return tuple(found[key] for key in sorted(found))


def _cases_in(source: str, *, each_file: bool) -> Iterator[CaseFiles]:
    try:
        system, root = filesystem(source)
        infos: dict[str, dict[str, Any]] = system.find(root, detail=True)
    except ValueError as error:
        msg = f"{source}: {error}"
        raise UsageError(msg) from error
    except OSError as error:
        msg = f"{source}: it cannot be listed: {error.strerror or error}"
        raise InputError(msg) from error
    cases: dict[str, list[str]] = {}
    for path in infos:
        inside = _path_below(path, root)
        if not PurePosixPath(inside).name.startswith("."):
            folder = str(PurePosixPath(inside).parent)
            own = each_file or folder == "."
            cases.setdefault(_without_suffix(inside) if own else folder, []).append(path)
    for key, paths in cases.items():
        state = "\n".join(
            f"{_path_below(path, root)} {_state_of_info(infos[path])}" for path in sorted(paths)
        )
        yield CaseFiles(
            key=key,
            files=tuple(_url_below(source, path) for path in sorted(paths)),
            state=hashlib.sha256(state.encode(errors="replace")).hexdigest(),
        )


def filesystem(url: str) -> tuple[Any, str]:
    """Return the file system of a URL and the path there; ``s3://`` is read by pyarrow.

    ``AWS_ENDPOINT_URL`` names another store than Amazon's; credentials are those of the AWS SDK.

    Raises:
        ValueError: the protocol is not known.
    """
    if url.startswith("zip://"):
        archive, _, inside = url.removeprefix("zip://").partition(_INSIDE)
        system, path = filesystem(archive)
        return ZipFileSystem(system.open(path, "rb")), inside
    if not url.startswith("s3://"):
        system, path = fsspec.core.url_to_fs(url)
        return system, str(path)
    options: dict[str, Any] = {}
    if endpoint := environ.get("AWS_ENDPOINT_URL"):
        parts = urlsplit(endpoint)
        options = {"endpoint_override": parts.netloc, "scheme": parts.scheme}
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if region or options:
        options["region"] = region or "us-east-1"
    return ArrowFSWrapper(S3FileSystem(**options)), url.removeprefix("s3://").rstrip("/")


def fetched(case: CaseFiles, folder: Path) -> list[Path]:
    """Copy what is not local into a folder, and return the paths of a case's files."""
    paths = []
    for number, url in enumerate(case.files):
        system, path = filesystem(url)
        if isinstance(system, LocalFileSystem):
            paths.append(Path(path))
            continue
        own = folder / str(number) / PurePosixPath(path).name
        own.parent.mkdir()
        with system.open(path, "rb") as there, own.open("wb") as here:
            while block := there.read(1 << 20):
                here.write(block)
        paths.append(own)
    return paths


def _url_below(source: str, path: str) -> str:
    """Return the URL of a file below a source."""
    if source.startswith("zip://"):
        return f"{source}{_INSIDE}{path}"
    protocol, scheme, _ = source.rpartition("://")
    return f"{protocol}{scheme}{path}"


def _path_below(path: str, root: str) -> str:
    return path.removeprefix(root).lstrip("/") or PurePosixPath(path).name


def _without_suffix(name: str) -> str:
    while name.lower().endswith(_ARCHIVES):
        name = name[: name.rindex(".")]
    return name


def _state_of_info(info: dict[str, Any]) -> str:
    keys = ("size", "mtime", "LastModified", "ETag", "CRC", "date_time")
    return " ".join(str(info[key]) for key in keys if key in info)
