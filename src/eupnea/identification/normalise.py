"""Scores that mean the same for every probe: cohort normalisation and calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eupnea.identification.closed_form import ABSENT, PRESENT
from eupnea.identification.kernels import normalise

if TYPE_CHECKING:
    from eupnea.identification.space import Matrix


def cohort_normalised(scores: Matrix) -> Matrix:
    """Compare each claim with the other enrolled people: (score − their mean) / their SD.

    Parameters
    ----------
    scores
        Shape (B, C, N); people who are not enrolled have the score ``ABSENT`` and keep it.

    References
    ----------
    Auckenthaler, Carey & Lloyd-Thomas (2000), Digit Signal Process 10:42: test normalisation.
    """
    out = np.empty(scores.shape)
    normalise(np.ascontiguousarray(scores), PRESENT, ABSENT, out)
    return out


@dataclass(frozen=True)
class Calibration:
    """Log-likelihood ratio = slope · score + offset (natural logarithm).

    Attributes
    ----------
    slope, offset
        One number, or one per person whose probe it is, shape (C,).
    """

    slope: float | Matrix
    offset: float | Matrix

    @property
    def is_by_person(self) -> bool:
        """Whether each person's probes have a calibration of their own, learnt on other people."""
        return np.ndim(self.slope) > 0

    def apply(self, scores: Matrix, owners: NDArray[np.intp]) -> Matrix:
        """Calibrate scores of shape (…, M) of the probes of `owners`, shape (M,); ``ABSENT`` stays."""
        both = np.asarray(self.slope), np.asarray(self.offset)
        slope, offset = (one[owners] for one in both) if self.is_by_person else both
        return np.where(scores > PRESENT, slope * scores + offset, ABSENT)


LEAST_SLOPE = 1e-4
"""Slope of a calibration that found no evidence: log-likelihood ratios are about 0, but keep their order."""

NO_EVIDENCE = Calibration(LEAST_SLOPE, 0.0)
"""Calibration of scores that say nothing."""

PRIOR_STRENGTH = 1e-4
"""Ridge penalty on the slope (per unit variance of the scores): keeps it finite where scores separate perfectly."""


def fit_calibration(genuine: Matrix, impostor: Matrix) -> Calibration:
    """Fit the affine map from scores to log-likelihood ratios by logistic regression, both classes weighing the same.

    Parameters
    ----------
    genuine, impostor
        Cross-validated scores inside the enrolment.

    Returns
    -------
    Calibration
        Next to no slope (no evidence either way, ranks kept) where one class is empty or scores say nothing.

    References
    ----------
    Brümmer & du Preez (2006), Comput Speech Lang 20:230.
    """
    if genuine.size == 0 or impostor.size == 0:
        return NO_EVIDENCE
    x = np.concatenate([genuine, impostor])
    y = np.r_[np.ones(genuine.size), np.zeros(impostor.size)]
    w = np.r_[np.full(genuine.size, 0.5 / genuine.size), np.full(impostor.size, 0.5 / impostor.size)]
    scale = max(float(np.sqrt(np.sum(w * x**2))), 1e-12)
    slope, offset = _newton_logistic(x / scale, y, w)
    return Calibration(max(slope / scale, LEAST_SLOPE), offset if slope > 0 else 0.0)


def _newton_logistic(x: Matrix, y: Matrix, w: Matrix) -> tuple[float, float]:
    design = np.column_stack([x, np.ones_like(x)])
    beta, penalty = np.zeros(2), np.array([PRIOR_STRENGTH, 0.0])
    for _ in range(100):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ beta, -40, 40)))
        gradient = design.T @ (w * (p - y)) + penalty * beta
        hessian = (design * (w * np.maximum(p * (1 - p), 1e-9))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        beta = beta - np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-10:
            break
    return float(beta[0]), float(beta[1])


def cllr(genuine: Matrix, impostor: Matrix) -> float:
    """Return the cost of log-likelihood ratios in bits; 0 is perfect, 1 says nothing.

    References
    ----------
    Brümmer & du Preez (2006), eq. 10.
    """
    if genuine.size == 0 or impostor.size == 0:
        return float("nan")
    bits = np.logaddexp(0.0, -genuine).mean() + np.logaddexp(0.0, impostor).mean()
    return float(bits / (2 * np.log(2)))


def genuine_mask(owners: NDArray[np.intp], n_people: int) -> NDArray[np.bool_]:
    """Return where claim and owner agree; shape (…, C, N) for owners (…, N)."""
    return owners[..., None, :] == np.arange(n_people)[:, None]
