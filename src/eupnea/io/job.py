"""The edge between a workflow step and the package: log, progress and errors of one job."""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import sys
import time
import traceback
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eupnea.errors import EupneaError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

logger = logging.getLogger("eupnea")

COST = "this step took %.2f s of CPU and %.0f MB of memory at most"
"""Last line of a step's log: its whole process, start included; what `benchmarks.study` adds up."""


@contextmanager
def job(log: str | Path, *, reads: Iterable[str | Path] = ()) -> Iterator[None]:
    """Run the body of a workflow step: log to a file, show project errors without a traceback.

    Warnings, log records and at the end what the step cost go to `log`; a project error is printed whole to the
    terminal too, and ends the step with exit code 1; any other error keeps its traceback, in both places.

    Parameters
    ----------
    log
        The step's log file; written anew.
    reads
        Files from outside the study. When one of them changes or vanishes while the step runs, the step fails: what it
        wrote is newer than the file, so that nobody would notice that it tells of the file as it was.
    """
    _keep_freed_memory()
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(log, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    logging.captureWarnings(True)
    warnings_log = logging.getLogger("py.warnings")
    warnings_log.addHandler(handler)
    warnings_log.propagate = False
    before = {Path(path): _state(path) for path in ([reads] if isinstance(reads, str) else reads)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            yield
        _check_unchanged(before)
    except EupneaError as error:
        logger.error("%s", error)
        print(f"\n{error}\n", file=sys.stderr)
        sys.exit(1)
    except Exception:
        logger.error("%s", traceback.format_exc())
        raise
    finally:
        logger.info(COST, time.process_time(), _peak_memory_mb())
        logger.removeHandler(handler)
        warnings_log.removeHandler(handler)
        handler.close()


def _keep_freed_memory() -> None:
    """Let this process use memory again that it freed, instead of asking the system for zeroed pages each time.

    Arrays of a recording are made and dropped by the hundred; fetching their pages anew is up to a fifth of a step.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # of the GNU C library; others have none
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 32 * 2**20)
        mallopt(_M_TRIM_THRESHOLD, 128 * 2**20)


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""


def _peak_memory_mb() -> float:
    """Return the most memory that this process held."""
    # on Linux getrusage may tell the peak of the process that this one was forked from
    status = Path("/proc/self/status")
    if status.exists():
        held_kb = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return float(held_kb.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


def _state(path: str | Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _check_unchanged(before: dict[Path, tuple[int, int, int] | None]) -> None:
    changed = [path for path, state in before.items() if _state(path) != state]
    if changed:
        raise InputError(
            "Files of the dataset changed while they were read",
            where="dataset.path",  # no name of a file or folder: it may be a person's
            found=f"{len(changed)} of {len(before)} files",
            change="wait until they are complete, then give the same command",
        )


def progress(what: str, done: int, total: int) -> None:
    """Show on the terminal and in the log how far a long step is."""
    message = f"{what}: {done} of {total}"
    logger.info(message)
    print(f"  {message}", file=sys.stderr, flush=True)
