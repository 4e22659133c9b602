"""Prove on the real split that nothing leaked; stop the run when something did."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eupnea.errors import LeakError

SLACK_S = 1e-6
"""Rounding that times may have, s."""


class FitRecord:
    """Notes which windows every fit saw; a fit outside the enrolment of the fold being worked on is a leak.

    Use ``allow`` at the start of a fold, ``note`` in every fit; a fit before any ``allow`` is a leak, too: nothing says
    that it may see what it sees.
    """

    def __init__(self) -> None:
        self._allowed: NDArray[np.bool_] | None = None
        self._where = ""
        self.fits = 0

    def allow(self, rows: ArrayLike, where: str) -> None:
        """Say which windows fits may see from now on, and the name of the fold."""
        positions = np.asarray(rows, dtype=np.intp)
        self._allowed, self._where = np.zeros(int(positions.max(initial=-1)) + 1, dtype=bool), where
        self._allowed[positions] = True

    def note(self, what: str, rows: ArrayLike) -> None:
        """Note a fit.

        Raises
        ------
        LeakError
            The fit saw a window that does not enrol in this fold, or no fold was declared.
        """
        self.fits += 1
        if self._allowed is None:
            message = f"the fit of {what} was made before any enrolment was declared: call allow() first"
            raise LeakError(message)
        seen = np.asarray(rows, dtype=np.intp)
        beyond = seen >= self._allowed.size
        outside = np.unique(seen[beyond | ~self._allowed[np.where(beyond, 0, seen)]]) if self._allowed.size else seen
        if outside.size:
            message = (
                f"{self._where}: the fit of {what} saw {outside.size} windows that do not enrol "
                f"(the first is row {outside[0]})"
            )
            raise LeakError(message)


def audit_split(
    enrol: ArrayLike,
    probe: ArrayLike,
    *,
    recording: ArrayLike,
    start_s: ArrayLike,
    window_s: float,
    guard_s: float,
    where: str,
) -> None:
    """Check that enrolment and probe share no sample and that the guard between them is kept.

    Parameters
    ----------
    enrol, probe
        Positions of the windows on either side.
    recording, start_s
        Shape (n,): recording and start (s) of every window.
    window_s
        Length of the windows, s.
    guard_s
        Seconds that must lie between the sides where they come from one recording; at least 0.
    where
        Name of protocol and fold, for the message.

    Raises
    ------
    LeakError
        A window stands on both sides, windows overlap across the boundary, the guard is broken, or the sides are
        interleaved in time inside a recording (a random split of windows).
    """
    enrol, probe = np.asarray(enrol, dtype=np.intp), np.asarray(probe, dtype=np.intp)
    recording, start = np.asarray(recording), np.asarray(start_s, dtype=float)
    both = np.intersect1d(enrol, probe)
    if both.size:
        message = f"{where}: {both.size} windows both enrol and are probes (recording {recording[both[0]]})"
        raise LeakError(message)
    for name in np.intersect1d(recording[enrol], recording[probe]):
        _audit_recording(
            start[enrol[recording[enrol] == name]],
            start[probe[recording[probe] == name]],
            window_s=window_s,
            guard_s=guard_s,
            where=f"{where}, recording {name}",
        )


def audit_people(train: ArrayLike, test: ArrayLike, *, where: str) -> None:
    """Check that no participant stands on both sides.

    Raises
    ------
    LeakError
        Somebody does.
    """
    both = np.intersect1d(np.asarray(train, dtype=str), np.asarray(test, dtype=str))
    if both.size:
        message = f"{where}: {both.size} participants are in training and test ({both[0]})"
        raise LeakError(message)


def _audit_recording(
    enrol: NDArray[np.float64], probe: NDArray[np.float64], *, window_s: float, guard_s: float, where: str
) -> None:
    ordered = np.sort(enrol)
    after = np.searchsorted(ordered, probe, side="right")
    before = np.where(after > 0, ordered[np.maximum(after - 1, 0)] + window_s, -np.inf)
    behind = np.where(after < ordered.size, ordered[np.minimum(after, ordered.size - 1)], np.inf)
    gap = np.minimum(probe - before, behind - (probe + window_s))
    worst = int(np.argmin(gap))
    if gap[worst] < -SLACK_S:
        message = f"{where}: the probe window at {probe[worst]:g} s overlaps an enrolment window"
        raise LeakError(message)
    if gap[worst] < guard_s - SLACK_S:
        message = (
            f"{where}: the probe window at {probe[worst]:g} s lies {gap[worst]:g} s from an enrolment window; "
            f"the guard is {guard_s:g} s"
        )
        raise LeakError(message)
    if np.unique(after).size > 1:
        message = f"{where}: enrolment and probe windows are interleaved in time"
        raise LeakError(message)
