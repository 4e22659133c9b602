"""A block of windows with what several families need of it, each computed once and only when asked for."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Block:
    """Windows that are worked on together, few enough to stay in the processor's cache.

    Parameters
    ----------
    x
        Shape (windows, samples), contiguous rows, every value finite.
    """

    def __init__(self, x: Floats) -> None:
        self.x = x
        self.n_windows, self.n_samples = x.shape

    @cached_property
    def ordered(self) -> Floats:
        """Every window's samples in ascending order."""
        return np.sort(self.x, axis=1)

    @cached_property
    def minimum(self) -> Floats:
        """Smallest sample of each window."""
        return self.ordered[:, 0].copy()

    @cached_property
    def maximum(self) -> Floats:
        """Largest sample of each window."""
        return self.ordered[:, -1].copy()

    @cached_property
    def median(self) -> Floats:
        """Middle sample, or the mean of the two in the middle."""
        n = self.n_samples
        return (self.ordered[:, (n - 1) // 2] + self.ordered[:, n // 2]) / 2

    @cached_property
    def mean(self) -> Floats:
        """Mean by pairwise summation, the same to the last bit as of a single window."""
        return self.x.mean(axis=1)

    @cached_property
    def centred(self) -> Floats:
        """Samples without their mean."""
        return self.x - self.mean[:, None]

    @cached_property
    def variance(self) -> Floats:
        """Population variance, the same to the last bit as ``numpy.var`` of a single window."""
        return np.add.reduce(self.centred * self.centred, axis=1) / self.n_samples

    @cached_property
    def standard_deviation(self) -> Floats:
        """Population standard deviation."""
        return np.sqrt(self.variance)

    @cached_property
    def energy(self) -> Floats:
        """Sum of squares as one inner product."""
        return np.vecdot(self.x, self.x)

    @cached_property
    def squared(self) -> Floats:
        """Every sample squared."""
        return self.x * self.x

    @cached_property
    def magnitude(self) -> Floats:
        """Every sample's absolute value."""
        return np.abs(self.x)

    @cached_property
    def change(self) -> Floats:
        """Differences between neighbours, shape (windows, samples - 1)."""
        return np.diff(self.x, axis=1)

    @cached_property
    def absolute_change(self) -> Floats:
        """Their absolute values."""
        return np.abs(self.change)

    @cached_property
    def spectrum(self) -> NDArray[np.complex128]:
        """One-sided Fourier transform of each window."""
        return np.fft.rfft(self.x, axis=1)

    @cached_property
    def amplitude(self) -> Floats:
        """Its absolute value."""
        return np.abs(self.spectrum)
