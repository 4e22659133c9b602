"""The optimum of adversarial regression: against a general convex solver, and against theory."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from eupnea.adversarial.bounds import lower_bound, water_level
from eupnea.adversarial.polish import State, moments_of, polish
from eupnea.adversarial.radius import (
    auto_radius,
    dual_norm,
    interpolation_radius,
    least_sum_interpolator,
    perturbation_norm,
    zero_radius,
)
from eupnea.adversarial.solver import objective, solve

SHAPES = [(60, 15), (150, 12), (40, 40), (25, 90)]
NORMS = [2, "inf"]


def data(n, p, seed=0):
    rng = np.random.default_rng([seed, n, p])
    X = rng.standard_normal((n, p)) + 2.0
    return X, 50 + X[:, :3].sum(axis=1) + rng.standard_normal(n)


def convex_optimum(X, y, radius, norm, *, fit_intercept=True):
    cp = pytest.importorskip("cvxpy")
    beta, intercept = cp.Variable(X.shape[1]), cp.Variable()
    residual = y - X @ beta - (intercept if fit_intercept else 0)
    loss = cp.sum_squares(cp.abs(residual) + radius * cp.norm(beta, 2 if norm == 2 else 1)) / len(y)
    return cp.Problem(cp.Minimize(loss)).solve(solver="CLARABEL")


@pytest.mark.parametrize(("n", "p"), SHAPES)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("scale", [0.02, 0.3, 1.0])
def test_objective_is_that_of_a_general_convex_solver(n, p, norm, scale):
    X, y = data(n, p)
    radius = auto_radius(X, norm=norm, scale_c=scale)
    found = solve(X, y, radius=radius, norm=norm)
    assert found.objective == pytest.approx(convex_optimum(X, y, radius, norm), rel=1e-6)
    assert found.gap <= 1e-7


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_without_intercept_too(norm, n, p):
    X, y = data(n, p)
    found = solve(X, y, radius=0.05, norm=norm, fit_intercept=False)
    assert found.intercept == 0
    assert found.objective == pytest.approx(convex_optimum(X, y, 0.05, norm, fit_intercept=False), rel=1e-6)


@pytest.mark.parametrize("max_iter", [1, 2, 3])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_the_gap_of_an_unfinished_solution_is_no_smaller_than_its_distance_from_the_optimum(n, p, norm, max_iter):
    X, y = data(n, p)
    optimum = solve(X, y, radius=0.1, norm=norm, tol=1e-10).objective
    stopped = solve(X, y, radius=0.1, norm=norm, tol=1e-10, max_iter=max_iter)
    assert stopped.n_iter <= max_iter
    assert stopped.objective >= optimum * (1 - 1e-9)
    assert stopped.gap >= (stopped.objective - optimum) / stopped.objective - 1e-9


def test_tall_data_with_ties_and_hard_scales_are_solved_to_the_optimum():
    rng = np.random.default_rng(3)
    for spread in (1.0, 1e4):
        X = np.repeat(rng.standard_normal((60, 8)), 3, axis=0) * np.geomspace(1, spread, 8)
        y = np.round(X @ rng.standard_normal(8) / spread, 1)
        found = solve(X, y, radius=0.05, norm=2)
        assert found.gap <= 1e-7
        assert found.objective == pytest.approx(convex_optimum(X, y, 0.05, 2), rel=1e-6)


@pytest.mark.parametrize("norm", NORMS)
def test_lower_bound_never_exceeds_the_optimum(norm):
    X, y = data(30, 10)
    X = X - X.mean(axis=0)
    optimum = solve(X, y, radius=0.1, norm=norm).objective
    rng = np.random.default_rng(0)
    for _ in range(200):
        u = rng.standard_normal(30)
        u -= u.mean()
        assert lower_bound(u, y, float(perturbation_norm(X.T @ u, norm)) / 0.1) <= optimum * (1 + 1e-9)


def test_water_level_reaches_the_total():
    a = np.sort(np.abs(np.random.default_rng(1).standard_normal(20)))
    for reach in (0.5 * a.sum(), 1.2 * a.sum(), 30 * a.sum()):
        level = water_level(a, reach)
        assert np.maximum(a, level).sum() == pytest.approx(max(reach, a.sum()))


@pytest.mark.parametrize("norm", NORMS)
def test_coefficients_are_zero_from_the_zero_radius_on_and_not_before(norm):
    X, y = data(40, 20)
    radius = zero_radius(X - X.mean(axis=0), y, norm=norm)
    assert not solve(X, y, radius=1.0001 * radius, norm=norm).coef.any()
    below = solve(X, y, radius=0.98 * radius, norm=norm)
    assert below.coef.any()
    assert below.objective < np.var(y)
    assert solve(X, y, radius=radius, norm=norm).intercept == pytest.approx(y.mean())


@pytest.mark.parametrize("norm", NORMS)
def test_interpolates_up_to_the_interpolation_radius_and_not_beyond(norm):
    X, y = data(20, 60)
    radius = interpolation_radius(X, y, norm=norm)
    assert radius > 0
    below, above = (solve(X, y, radius=share * radius, norm=norm) for share in (0.95, 1.3))
    assert np.abs(y - X @ below.coef - below.intercept).max() < 1e-5 * y.std()
    assert np.abs(y - X @ above.coef - above.intercept).max() > 1e-3 * y.std()
    smallest = np.linalg.norm(np.linalg.pinv(X - X.mean(axis=0)) @ (y - y.mean()))
    if norm == 2:
        assert np.linalg.norm(below.coef) == pytest.approx(smallest, rel=1e-5)
    else:
        assert np.abs(below.coef).sum() == pytest.approx(np.abs(least_sum_interpolator(X, y)[0]).sum(), rel=1e-5)


def test_rows_that_cannot_be_interpolated_have_no_interpolation_radius():
    X, y = data(40, 10)
    assert interpolation_radius(X, y, norm="inf") == 0


def test_radius_zero_is_least_squares():
    X, y = data(40, 5)
    design = np.column_stack([np.ones(40), X])
    expected = np.linalg.lstsq(design, y, rcond=None)[0]
    found = solve(X, y, radius=0.0, norm=2)
    np.testing.assert_allclose([found.intercept, *found.coef], expected, rtol=1e-8)


@pytest.mark.parametrize("norm", NORMS)
def test_objective_is_the_worst_case_over_perturbations_by_brute_force(norm):
    X, y = data(12, 4)
    coef, intercept, radius = np.array([1.0, -2.0, 0.0, 0.5]), 50.0, 0.3
    residual = y - X @ coef - intercept
    if norm == "inf":
        shifts = radius * np.array(list(product([-1.0, 1.0], repeat=4)))
    else:
        draws = np.random.default_rng(0).standard_normal((200_000, 4))
        shifts = radius * draws / np.linalg.norm(draws, axis=1, keepdims=True)
    worst = np.abs(residual[:, None] - shifts @ coef).max(axis=1)
    assert objective(X, y, coef, intercept, radius=radius, norm=norm) == pytest.approx(np.mean(worst**2), rel=2e-3)


@pytest.mark.parametrize("norm", NORMS)
def test_moving_features_or_target_moves_the_intercept_only(norm):
    X, y = data(40, 12)
    plain = solve(X, y, radius=0.1, norm=norm)
    moved = solve(X + 100.0, y - 7.0, radius=0.1, norm=norm)
    np.testing.assert_allclose(moved.coef, plain.coef, atol=1e-6)
    assert moved.intercept == pytest.approx(plain.intercept - 7 - 100 * plain.coef.sum(), rel=1e-5)


def test_equal_columns_and_equal_rows_do_no_harm():
    X, y = data(30, 10)
    X = np.hstack([X, X, np.ones((30, 1))])
    X[5], y[5] = X[6], y[6]
    for norm in NORMS:
        found = solve(X, y, radius=0.1, norm=norm)
        assert found.objective == pytest.approx(convex_optimum(X, y, 0.1, norm), rel=1e-6)


def test_a_larger_radius_never_has_a_smaller_loss_nor_larger_coefficients():
    X, y = data(30, 50)
    for norm in NORMS:
        found = [solve(X, y, radius=radius, norm=norm) for radius in (0.01, 0.05, 0.1, 0.2)]
        assert np.all(np.diff([one.objective for one in found]) > 0)
        assert np.all(np.diff([float(dual_norm(one.coef, norm)) for one in found]) <= 1e-6)


@pytest.mark.parametrize("norm", [2, "inf"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_products_of_columns_give_the_same_exact_finish_on_tall_data(norm, fit_intercept):
    rng = np.random.default_rng(7)
    X = rng.standard_normal((400, 12)) + (0.5 if fit_intercept else 0.0)
    y = X[:, 0] - 0.5 * X[:, 1] + rng.standard_normal(400)
    found = solve(X, y, radius=0.1, norm=norm, fit_intercept=fit_intercept, tol=1e-11)
    assert found.gap < 1e-10
    begin = State(found.coef * 1.001, found.intercept, 2 * np.sign(y) * 0.1)
    residual = y - X @ begin.coef - begin.intercept
    size = 0.1 * np.linalg.norm(begin.coef, 2 if norm == 2 else 1)
    begin.u = 2 * np.sign(residual) * (np.abs(residual) + size)
    options = {"radius": 0.1, "norm": norm, "fit_intercept": fit_intercept}
    plain = polish(X, y, begin, **options)
    quick = polish(X, y, begin, **options, moments=moments_of(X, y))
    assert np.isfinite(plain.loss)
    np.testing.assert_allclose(quick.loss, plain.loss, rtol=1e-10)
    np.testing.assert_allclose(quick.coef, plain.coef, atol=1e-8)
    assert found.objective <= quick.loss * (1 + 1e-9)
