"""Fetch public datasets of the registry: whole files with the right checksum, or none."""

from __future__ import annotations

import csv
import hashlib
import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from eupnea.errors import ConfigError, InputError
from eupnea.io.files import replacing
from eupnea.io.job import progress
from eupnea.recordings.labels import natural_key

if TYPE_CHECKING:
    from eupnea.config.dataset import DatasetConfig

REGISTRY = Path("config") / "datasets.csv"
REGISTRY_COLUMNS = ("name", "version", "base_url", "licence", "citation", "manifest")
MANIFEST_COLUMNS = ("path", "bytes", "sha256")
UNFINISHED = ".download-unfinished"
"""Name of the mark that stands in a dataset folder as long as its download is not complete."""

_ATTEMPTS = 6
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 30.0
_TIMEOUT_S = 60.0
_BLOCK_BYTES = 1 << 20
_AT_ONCE = 4
_PARTIAL_CONTENT = 206
_RANGE_REFUSED = 416
_FINAL_CODES = (400, 401, 403, 404, 410)
_PASSING = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)
_PROGRESS_EVERY = 50


@dataclass(frozen=True, slots=True)
class RegistryRow:
    """One public dataset."""

    name: str
    version: str
    base_url: str
    licence: str
    citation: str
    manifest: str


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One file of a dataset: path below the dataset folder, size and checksum."""

    path: str
    bytes: int
    sha256: str


def read_registry(path: Path = REGISTRY) -> dict[str, RegistryRow]:
    """Return the public datasets by name.

    Raises
    ------
    ConfigError
        The registry is missing or lacks a column.
    """
    if not path.is_file():
        raise ConfigError("The registry of datasets does not exist", where=path.as_posix())
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if rows and not set(REGISTRY_COLUMNS) <= set(rows[0]):
        raise ConfigError(
            "The registry of datasets lacks a column", where=path.as_posix(), allowed=", ".join(REGISTRY_COLUMNS)
        )
    return {row["name"]: RegistryRow(**{name: row[name] for name in REGISTRY_COLUMNS}) for row in rows}


def read_manifest(path: Path) -> list[ManifestRow]:
    """Return the files of a dataset.

    Raises
    ------
    ConfigError
        A path leaves the dataset folder, or a size or checksum cannot be one; the line is named.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    manifest = []
    for line, row in enumerate(rows, start=2):
        name = PurePosixPath(row.get("path") or "/")
        sha256, size = row.get("sha256") or "", row.get("bytes") or ""
        if name.is_absolute() or ".." in name.parts or "\\" in str(name) or len(sha256) != 64 or not size.isdecimal():
            raise ConfigError(
                "A line of the manifest cannot be used",
                where=f"{path.as_posix()}, line {line}",
                allowed="a relative path, a number of bytes, a sha256",
            )
        manifest.append(ManifestRow(str(name), int(size), sha256))
    return manifest


def make_manifest(folder: Path) -> list[ManifestRow]:
    """Return the manifest of a folder that is complete; hidden files are left out."""
    paths = [one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()]
    shown = sorted((one for one in paths if not any(part.startswith(".") for part in one.split("/"))), key=natural_key)
    return [ManifestRow(one, (folder / one).stat().st_size, _sha256(folder / one)) for one in shown]


def write_manifest(manifest: list[ManifestRow], path: Path) -> None:
    """Write a manifest as TSV."""
    lines = ["\t".join(MANIFEST_COLUMNS), *(f"{one.path}\t{one.bytes}\t{one.sha256}" for one in manifest)]
    with replacing(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def download_dataset(dataset: DatasetConfig, *, registry: Path = REGISTRY) -> Path:
    """Download the dataset that a study names, and return its folder.

    Raises
    ------
    ConfigError
        The registry does not know the name.
    InputError
        A file cannot be fetched, or never has the right checksum.
    """
    from eupnea.recordings.plan import base_of

    rows = read_registry(registry)
    if dataset.registry not in rows:
        raise ConfigError(
            "The registry does not know this dataset",
            where="dataset.registry",
            found=dataset.registry,
            allowed=", ".join(sorted(rows)),
        )
    row = rows[dataset.registry]
    folder = base_of(dataset)
    download(row, read_manifest(registry.parent / row.manifest), folder)
    return folder


def download(
    row: RegistryRow,
    manifest: list[ManifestRow],
    folder: Path,
    *,
    attempts: int = _ATTEMPTS,
    first_wait_s: float = _FIRST_WAIT_S,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Fetch every file of a manifest that is not there yet.

    A file that is there with the right checksum is kept; one that was cut off goes on where it stopped; each takes
    its final name only when its checksum is right. Passing faults (no answer, server errors, cut-off answers) are
    tried again after waiting twice as long each time.

    Parameters
    ----------
    row, manifest
        What to fetch.
    folder
        Where to. While the download is not complete, a mark stands in it.
    attempts
        How often each file is tried.
    first_wait_s
        Seconds before the second attempt.
    sleep
        How to wait.

    Raises
    ------
    InputError
        A file is not on the server, or could not be fetched whole in all attempts; names the file and the address.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / UNFINISHED
    mark.touch()

    def fetch(one: ManifestRow) -> None:
        _fetch(row, one, folder, attempts=attempts, first_wait_s=first_wait_s, sleep=sleep)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for done, _ in enumerate(pool.map(fetch, manifest), start=1):
                if done % _PROGRESS_EVERY == 0 or done == len(manifest):
                    progress(f"Downloading {row.name}", done, len(manifest))
        except InputError:
            pool.shutdown(cancel_futures=True)
            raise
    mark.unlink()


def _fetch(
    row: RegistryRow,
    wanted: ManifestRow,
    folder: Path,
    *,
    attempts: int,
    first_wait_s: float,
    sleep: Callable[[float], None],
) -> None:
    target = folder / wanted.path
    if _is_whole(target, wanted):
        return
    url = f"{row.base_url.rstrip('/')}/{urllib.parse.quote(wanted.path)}"
    partial = target.with_name(f".{target.name}.part")
    partial.parent.mkdir(parents=True, exist_ok=True)
    problem = ""
    for attempt in range(attempts):
        if attempt:
            sleep(min(first_wait_s * 2 ** (attempt - 1), _LONGEST_WAIT_S))
        problem = _try(url, partial, wanted)
        if not problem:
            partial.replace(target)
            return
    raise InputError(
        "A file of the dataset could not be downloaded",
        where=f"{row.name}: {wanted.path}",
        found=f"{problem} (after {attempts} attempts)",
        change=f"try again later (what is there is kept), or fetch {url} by other means",
    )


def _try(url: str, partial: Path, wanted: ManifestRow) -> str:
    """Fetch what is missing of one file; return what went wrong, empty when the file is whole."""
    have = partial.stat().st_size if partial.is_file() else 0
    if have >= wanted.bytes:
        partial.unlink(missing_ok=True)
        have = 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            resumes = have > 0 and answer.status == _PARTIAL_CONTENT
            with partial.open("ab" if resumes else "wb") as file:
                _copy(answer, file, limit=wanted.bytes - (have if resumes else 0))
    except urllib.error.HTTPError as error:
        if error.code in _FINAL_CODES:
            raise InputError(
                "A file of the dataset is not on the server",
                where=wanted.path,
                found=f"{url}: status {error.code}",
                change="correct base_url or the manifest in config/datasets.csv",
            ) from error
        if error.code == _RANGE_REFUSED:
            partial.unlink(missing_ok=True)
        return f"the server answered with status {error.code}"
    except _PASSING as error:
        return f"the connection failed ({type(error).__name__})"
    size = partial.stat().st_size
    if size < wanted.bytes:
        return f"the answer was cut off at {size} of {wanted.bytes} bytes"
    if not _is_whole(partial, wanted):
        partial.unlink()
        return "the checksum is wrong"
    return ""


def _copy(answer: http.client.HTTPResponse, file: object, *, limit: int) -> None:
    """Copy at most one byte more than `limit`: enough to know that the answer is another file."""
    left = limit + 1
    while left > 0 and (block := answer.read(min(_BLOCK_BYTES, left))):
        file.write(block)  # type: ignore[attr-defined]
        left -= len(block)


def _is_whole(path: Path, wanted: ManifestRow) -> bool:
    return path.is_file() and path.stat().st_size == wanted.bytes and _sha256(path) == wanted.sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
