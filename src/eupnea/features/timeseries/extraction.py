"""Time-series features of a matrix of windows: the entry to this package."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eupnea.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from eupnea.features.timeseries.block import Block, Floats
    from eupnea.features.timeseries.plan import Plan, Settings, Task

BLOCK_SAMPLES = 192_000
"""Samples worked on together: a few intermediate matrices of this size fit the processor's cache."""

SMALLEST_SPAN = 2e-5
"""Range over largest magnitude below which rounding decides features: such a window is left to tsfresh."""

MAGNITUDES = (1e-40, 1e40)
"""Largest magnitudes between which fourth powers neither overflow nor vanish; others are left to tsfresh."""


def extract(matrix: ArrayLike, settings: Settings | None = None, *, n_threads: int = 1) -> pd.DataFrame:
    """Compute tsfresh's features of every row of a matrix, with tsfresh's values, names and order of columns.

    Parameters
    ----------
    matrix
        Shape (windows, samples). A window with NaN or infinite samples gets what tsfresh's calculators give for it,
        and NaN where one of them raises.
    settings
        A tsfresh settings object, or a dict from calculator to a list of parameters (None: it takes none). Default:
        tsfresh's ``EfficientFCParameters``. What is not covered here is computed by tsfresh itself.
    n_threads
        Threads that work on blocks of windows; the result does not depend on it.

    Returns
    -------
    pandas.DataFrame
        One row per window; columns named as tsfresh's, without the leading name of the series.

    Raises
    ------
    InputError
        The matrix is not two-dimensional or has no samples, a setting does not exist, or `n_threads` is below one.

    Notes
    -----
    Windows in which rounding alone would decide (constant ones, for instance), or with samples that are not finite,
    are computed by tsfresh, at its speed. Values agree with tsfresh to 1e-9 relative, except where it is less certain
    itself: permutation entropy where samples tie (here: ordered by time), and autoregressive coefficients and the
    Dickey-Fuller test where lags are nearly collinear or the unit is tiny (here: correct to 1e-9).

    Examples
    --------
    >>> import numpy as np
    >>> from eupnea.features.timeseries import extract
    >>> breathing = np.sin(2 * np.pi * 0.25 * np.arange(1500) / 25 + np.array([[0.0], [0.5]]))
    >>> features = extract(breathing, {"maximum": None, "number_peaks": [{"n": 5}, {"n": 50}]})
    >>> features.shape
    (2, 3)
    >>> list(features)
    ['maximum', 'number_peaks__n_5', 'number_peaks__n_50']
    >>> features["number_peaks__n_5"].tolist()
    [15.0, 15.0]
    """
    import pandas as pd

    from eupnea.features.timeseries.plan import make_plan

    windows = _checked(matrix, n_threads)
    plan = make_plan(settings, windows.shape[1])
    values = np.empty((len(windows), len(plan.names)))
    _fill(windows, plan, values, n_threads)
    return pd.DataFrame(values, columns=plan.names, copy=False)


def _checked(matrix: ArrayLike, n_threads: int) -> Floats:
    windows = np.ascontiguousarray(matrix, dtype=np.float64)
    if windows.ndim != 2 or windows.shape[1] == 0:
        raise InputError(
            "Time-series features need a matrix of windows",
            where="matrix",
            found=f"shape {windows.shape}",
            allowed="(windows, samples), at least one sample",
        )
    if n_threads < 1:
        raise InputError("There must be a thread to work", where="n_threads", found=n_threads, allowed="1 or more")
    return windows


def _fill(windows: Floats, plan: Plan, values: Floats, n_threads: int) -> None:
    blocks = list(_blocks(windows, n_threads))

    def work(rows: slice) -> None:
        _fill_block(windows[rows], plan, values[rows])

    if n_threads == 1:
        for rows in blocks:
            work(rows)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(work, blocks))


def _blocks(windows: Floats, n_threads: int) -> Iterator[slice]:
    """Cut the matrix into blocks of nearly one size, as many for every thread; no value depends on where it is cut."""
    largest = max(1, BLOCK_SAMPLES // windows.shape[1])
    n_rounds = -(-len(windows) // (largest * n_threads))
    n_blocks = min(n_rounds * n_threads, len(windows))
    edges = np.linspace(0, len(windows), n_blocks + 1).astype(int).tolist()
    for start, stop in itertools.pairwise(edges):
        yield slice(start, stop)


def _fill_block(windows: Floats, plan: Plan, values: Floats) -> None:
    from eupnea.features.timeseries.block import Block

    regular = _is_regular(windows)
    block = Block(windows if regular.all() else windows[regular])
    rows = np.flatnonzero(regular)
    with np.errstate(all="ignore"):
        for task in plan.tasks if rows.size else []:
            if task.compute is None:
                _by_tsfresh(windows, task, values, rows)
            else:
                _by_family(windows, block, task, values, rows)
        _irregular(windows, plan, values, np.flatnonzero(~regular))


def _irregular(windows: Floats, plan: Plan, values: Floats, rows: NDArray[np.intp]) -> None:
    """Hand whole windows to tsfresh, one after the other; those that were met before are copied."""
    first: dict[bytes, int] = {}
    for row in rows.tolist():
        known = first.setdefault(windows[row].tobytes(), row)
        if known != row:
            values[row] = values[known]
            continue
        for task in plan.tasks:
            _refusing_nothing(windows, task, values, row)


def _refusing_nothing(windows: Floats, task: Task, values: Floats, row: int) -> None:
    """Leave NaN where tsfresh's calculator refuses a window with missing or infinite samples."""
    from statsmodels.tools.sm_exceptions import MissingDataError

    try:
        _by_tsfresh(windows, task, values, np.array([row]))
    except (MissingDataError, ValueError, LookupError, ArithmeticError):
        if np.isfinite(windows[row]).all():
            raise
        values[row, task.columns] = np.nan


def _is_regular(windows: Floats) -> NDArray[np.bool_]:
    """Say which windows are finite, vary, and are of a size at which powers of them can be computed."""
    highest, lowest = windows.max(axis=1), windows.min(axis=1)
    magnitude = np.maximum(np.abs(highest), np.abs(lowest))
    with np.errstate(invalid="ignore"):
        varies = highest - lowest > SMALLEST_SPAN * magnitude
    return varies & np.isfinite(magnitude) & (magnitude > MAGNITUDES[0]) & (magnitude < MAGNITUDES[1])


def _by_family(windows: Floats, block: Block, task: Task, values: Floats, rows: NDArray[np.intp]) -> None:
    from eupnea.features.timeseries.registry import Partial

    compute = task.compute
    if compute is None:
        return
    found = compute(block, task.requests or [{}])
    answers = found.values if isinstance(found, Partial) else found
    if len(rows) == len(values) and _is_run(task.columns):
        values[:, task.columns[0] : task.columns[-1] + 1] = answers
    else:
        values[rows[:, None], task.columns] = answers
    if isinstance(found, Partial) and found.unsure.any():
        _by_tsfresh(windows, task, values, rows[found.unsure])


def _is_run(columns: NDArray[np.intp]) -> bool:
    return bool((np.diff(columns) == 1).all())


def _by_tsfresh(windows: Floats, task: Task, values: Floats, rows: NDArray[np.intp]) -> None:
    from eupnea.features.timeseries import fallback

    answers = fallback.many_windows(windows[rows], task.function, task.requests, len(task.columns))
    values[rows[:, None], task.columns] = answers
