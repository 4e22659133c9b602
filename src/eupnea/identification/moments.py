"""Downdated moments: an enrolment without some recordings is the whole minus those recordings."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from eupnea.identification.samples import lengths_of, starts_of
from eupnea.identification.space import Preparation, Space, is_constant

if TYPE_CHECKING:
    from eupnea.identification.samples import Rows, Samples
    from eupnea.identification.space import Matrix


class Moments:
    """Counts, sums and Gram matrices by block of recordings, computed once.

    Only for windows without missing values and features that are not transformed: then every enrolment made of whole
    recordings has its mean, scale and covariance from these, without looking at a window again.

    Parameters
    ----------
    samples
        The windows.
    """

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def cover(self, rows: Rows, recording: Rows) -> bool:
        """Say whether an enrolment (positions of windows, and their recordings) can be had from the moments."""
        if not self._complete:
            return False
        return int(self._counts[np.unique(recording)].sum()) == len(rows)

    def space(self, recording: Rows) -> Space:
        """Fit the space of an enrolment made of whole recordings."""
        used = np.unique(recording)
        counts, sums = self._counts[used], self._sums[used]
        n = counts.sum()
        mean = sums.sum(axis=0) / n
        gram = self._gram_of(used)
        variance = np.diag(gram) / n - mean**2
        columns = ~is_constant(np.sqrt(np.maximum(variance, 0.0)), mean + self._centre)
        sd = np.sqrt(variance[columns])
        mean = mean[columns]
        total = (gram[np.ix_(columns, columns)] / n - np.outer(mean, mean)) / np.outer(sd, sd)
        values, vectors = np.linalg.eigh(total)
        scaled = (sums[:, columns] - counts[:, None] * mean) / sd
        ends = np.full(mean.shape, np.inf)
        location = mean + self._centre[columns]
        preparation = Preparation(columns, location, -ends, ends, np.empty((0, 0)), location, sd)
        return Space(preparation, np.maximum(values, 0.0), vectors, used, counts, scaled)

    def _gram_of(self, used: Rows) -> Matrix:
        """Sum the Gram matrices of whole blocks; recordings of blocks that are used in part are added one by one."""
        blocks = self._blocks[used]
        gram = np.zeros((self._centred.shape[1],) * 2)
        for block, all_of in self._members.items():
            here = used[blocks == block]
            if len(here) == len(all_of):
                gram += self._grams[block]
            elif len(here):
                part = self._centred[np.isin(self._samples.recording, here)]
                gram += part.T @ part
        return gram

    @cached_property
    def _complete(self) -> bool:
        return bool(np.isfinite(self._samples.X).all())

    @cached_property
    def _centre(self) -> Matrix:
        # a constant shift of all windows: changes no result, keeps digits
        return np.asarray(self._samples.X.mean(axis=0))

    @cached_property
    def _centred(self) -> Matrix:
        return self._samples.X - self._centre

    @cached_property
    def _counts(self) -> Matrix:
        starts = starts_of(self._samples.recording)
        return lengths_of(starts, len(self._samples.recording)).astype(float)

    @cached_property
    def _sums(self) -> Matrix:
        return np.add.reduceat(self._centred, starts_of(self._samples.recording), axis=0)

    @cached_property
    def _blocks(self) -> Rows:
        return np.unique(self._samples.recordings["block"].to_numpy(dtype=str), return_inverse=True)[1]

    @cached_property
    def _members(self) -> dict[int, Rows]:
        return {int(block): np.flatnonzero(self._blocks == block) for block in np.unique(self._blocks)}

    @cached_property
    def _grams(self) -> dict[int, Matrix]:
        grams = {}
        for block, recordings in self._members.items():
            part = self._centred[np.isin(self._samples.recording, recordings)]
            grams[block] = part.T @ part
        return grams
