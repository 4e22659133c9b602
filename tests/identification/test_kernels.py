"""The compiled loops give what their formulas say."""

from __future__ import annotations

import numpy as np
import pytest

from eupnea.identification import support_kernels
from eupnea.identification.closed_form import ABSENT
from eupnea.identification.draws import levels_of
from eupnea.identification.fit_kernels import fit, invert, sort_by_owner
from eupnea.identification.fusion import support
from eupnea.identification.normalise import cohort_normalised


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_normalised_scores_are_those_of_the_formula(precision):
    scores = np.random.default_rng(0).normal(2, 3, (2, 9, 40)).astype(precision)
    scores[0, 3] = ABSENT
    found = cohort_normalised(scores)
    for c in range(9):
        for b in range(2):
            others = np.delete(scores[b], [c, 3] if b == 0 else [c], axis=0).astype(float)
            expected = (scores[b, c] - others.mean(axis=0)) / others.std(axis=0)
            wanted = np.full(40, ABSENT) if (b, c) == (0, 3) else expected
            assert found[b, c] == pytest.approx(wanted, abs=1e-3 if precision is np.float32 else 1e-9)


def test_support_is_the_formula_and_who_is_absent_has_none():
    scores = np.concatenate([np.linspace(-60, 60, 100_001), [0.0, 1e6, -1e6]])
    for separation in (0.5, 2.0, 4.0):
        formula = np.logaddexp(0.0, separation * scores - separation**2 / 2)
        assert support(scores, separation) == pytest.approx(formula, rel=1e-12)
        assert (support(np.array([ABSENT, np.nan]), separation) == ABSENT).all()


def test_support_in_single_precision_is_support():
    scores = np.concatenate([np.linspace(-60, 60, 100_001), [0.0, 1e6, -1e6]]).astype(np.float32)
    for separation in (0.5, 2.0, 4.0):
        found = np.empty_like(scores)
        support_kernels.support(scores, separation, found)
        x = separation * scores.astype(float) - separation**2 / 2
        rounding = 1e-7 * (1 + np.abs(x))
        assert (np.abs(found - support(scores.astype(float), separation)) <= 4 * rounding).all()


def test_sums_of_support_are_logarithms_of_one_product():
    levels = np.random.default_rng(0).normal(0.5, 2.0, (64, 300)).astype(np.float32)
    levels[:, 0], levels[:, 1] = 30.0, -30.0
    for separation in (0.5, 2.0, 4.0):
        total, product = np.zeros((2, 300), dtype=np.float32)
        for level in levels:
            support_kernels.add_support(level, separation, total, product)
        support_kernels.add_logarithms(product, total)
        expected = np.logaddexp(0.0, separation * levels.astype(float) - separation**2 / 2).sum(axis=0)
        assert total == pytest.approx(expected, rel=2e-6)
        assert (product == 0).all()


@pytest.mark.parametrize("size", [1, 2, 16, 17, 33, 100])
def test_inverse_by_halves_is_the_inverse(size):
    centred = np.random.default_rng(size).normal(size=(size, 2 * size))
    matrix = centred @ centred.T / (2 * size) + 0.2 * np.eye(size)
    found = matrix.astype(np.float32)
    assert invert(found)
    np.testing.assert_allclose(found @ matrix, np.eye(size), atol=2e-5)


def test_what_is_not_positive_definite_is_told_from_what_is():
    matrix = np.diag(np.array([1.0] * 30 + [-1.0], dtype=np.float32))
    assert not invert(matrix)


def test_fits_of_assignments_are_those_of_their_formula_even_where_not_positive_definite():
    rng, B, C, U = np.random.default_rng(0), 6, 20, 50
    labels = rng.integers(0, C - 1, (B, U))
    windows = rng.integers(1, 9, U).astype(float)
    order, ends, counts = np.empty((B, U), dtype=np.intp), np.empty((B, C + 1), dtype=np.intp), np.empty((B, C))
    sort_by_owner(labels, windows, order, ends, counts)
    centred = rng.normal(size=(U, 80))
    between = np.zeros((U + 1, U + 1), dtype=np.float32)
    between[:U, :U] = centred @ centred.T / 400
    scale = rng.uniform(0.1, 1.0, (B, C)).astype(np.float32)
    for c in (np.float32(2.0), np.float32(0.4)):
        inverse, lengths = np.empty((B, C, C), dtype=np.float32), np.empty((B, C), dtype=np.float32)
        fit(between, order, ends, scale, c, inverse, lengths)
        for b in range(B):
            member = (labels[b] == np.arange(C)[:, None]).astype(float)
            assert counts[b] == pytest.approx(member @ windows)
            gram = scale[b][:, None] * (member @ between[:U, :U] @ member.T) * scale[b]
            expected = np.linalg.inv(c * np.eye(C) - gram)
            assert inverse[b] == pytest.approx(expected, abs=1e-4 * np.abs(expected).max())
            assert lengths[b] == pytest.approx(np.diag(expected @ gram), abs=1e-4 * np.abs(expected).max())


def test_levels_hold_the_windows_of_a_recording_at_the_same_place(monkeypatch):
    monkeypatch.setattr("eupnea.identification.draws.BLOCK", 4)
    sizes = np.array([3, 1, 5, 2, 5, 1, 4, 7, 2])
    recording = np.repeat(np.arange(9), sizes)
    columns, levels = levels_of(recording)
    assert sorted(columns) == list(range(len(recording)))
    begin, done = 0, 0
    for first, last in zip(levels.groups, levels.groups[1:], strict=False):
        group = levels.recordings[done : done + levels.sizes[first]]
        for number, size in enumerate(levels.sizes[first:last]):
            here = columns[begin : begin + size]
            assert (recording[here] == group[:size]).all()
            assert (here == np.searchsorted(recording, group[:size]) + number).all()
            begin += size
        done += len(group)
    assert begin == len(recording)
