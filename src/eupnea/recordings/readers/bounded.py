"""Read files without trusting their size."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

from eupnea.errors import RecordingError
from eupnea.recordings.readers.base import BYTES_PER_MEGABYTE, Request

MAX_JSON_BYTES = 4 * BYTES_PER_MEGABYTE


def read_bytes(request: Request) -> bytes:
    """Return the content of a file, decompressed when its name ends in ``.gz``.

    Raises
    ------
    RecordingError
        The content is longer than the limit, or the compressed file is cut off or damaged.
    """
    limit = request.limits.max_bytes
    content = _decompressed(request, limit) if request.where.lower().endswith(".gz") else _plain(request, limit)
    if len(content) > limit:
        raise RecordingError(
            "The file is too long",
            where=request.where,
            found=f"more than {limit // BYTES_PER_MEGABYTE} MB of text",
            allowed=f"{limit // BYTES_PER_MEGABYTE} MB (recordings.max_megabytes)",
            change="fetch the file again; raise recordings.max_megabytes if it is really that long",
        )
    return content


def _plain(request: Request, limit: int) -> bytes:
    with request.path.open("rb") as file:
        return file.read(limit + 1)


def _decompressed(request: Request, limit: int) -> bytes:
    from isal import igzip

    try:
        with igzip.open(request.path, "rb") as file:
            return file.read(limit + 1)
    except EOFError as error:
        raise RecordingError(
            "The compressed file is cut off (its end is missing)",
            where=request.where,
            found=f"{request.path.stat().st_size} bytes",
            change="fetch or export the file again",
        ) from error
    except (OSError, zlib.error, igzip.BadGzipFile, ValueError) as error:
        raise RecordingError(
            "The compressed file is damaged or not gzip", where=request.where, change="fetch or export the file again"
        ) from error


def read_json(path: Path, where: str) -> dict[str, Any]:
    """Return the keys of a JSON sidecar.

    Raises
    ------
    RecordingError
        It is not JSON, not a table of keys, or too long.
    """
    with path.open("rb") as file:
        raw = file.read(MAX_JSON_BYTES + 1)
    try:
        if len(raw) > MAX_JSON_BYTES:
            raise ValueError("too long")
        content = json.loads(raw.decode("utf-8-sig"))
        if not isinstance(content, dict):
            raise TypeError("not a table of keys")
    except (ValueError, TypeError, RecursionError) as error:
        raise RecordingError(
            "The sidecar is not a JSON table of keys",
            where=where,
            found=str(error)[:120] if not isinstance(error, UnicodeDecodeError) else "wrong encoding",
            change="correct the sidecar",
        ) from error
    return content
