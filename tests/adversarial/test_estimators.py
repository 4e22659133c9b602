"""The scikit-learn estimators."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import (
    check_estimator_cloneable,
    check_estimator_repr,
    check_get_params_invariance,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_set_params,
    parametrize_with_checks,
)

from eupnea.adversarial import (
    AdversarialAutoregression,
    AdversarialClassifier,
    AdversarialRegressor,
    AdversarialRegressorCV,
    KernelAdversarialRegressor,
)
from eupnea.adversarial.autoregression import lag_matrix
from eupnea.adversarial.radius import dual_norm
from eupnea.errors import InputError

ESTIMATORS = [
    AdversarialRegressor(),
    AdversarialRegressor(norm=2),
    AdversarialRegressorCV(n_radii=3, cv=2),
    AdversarialClassifier(),
    AdversarialClassifier(norm=2),
    KernelAdversarialRegressor(),
]
ESTIMATOR_CLASSES = {
    one.__name__: one
    for one in (
        AdversarialAutoregression,
        AdversarialClassifier,
        AdversarialRegressor,
        AdversarialRegressorCV,
        KernelAdversarialRegressor,
    )
}


UNUSABLE = [
    ("norm", 1),
    ("radius", -1.0),
    ("radius", "large"),
    ("radius", np.nan),
    ("scale_c", 0.0),
    ("tol", -1e-3),
    ("max_iter", 0),
    ("max_iter", 2.5),
    ("gamma", -1.0),
    ("n_lags", 0),
    ("n_radii", 0),
    ("smallest", 0.0),
    ("attack_radius", -0.1),
    ("fit_intercept", "no"),
    ("random_state", "seed"),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(ESTIMATORS)
def test_estimators_keep_the_rules_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "check",
    [
        check_estimator_cloneable,
        check_estimator_repr,
        check_get_params_invariance,
        check_no_attributes_set_in_init,
        check_parameters_default_constructible,
        check_set_params,
    ],
)
def test_autoregression_keeps_the_rules_that_do_not_fit_it_to_a_table(check):
    check("AdversarialAutoregression", AdversarialAutoregression())


def sparse_data(n=60, p=100, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    return X, 40 + 3 * X[:, 0] - 2 * X[:, 1] + rng.standard_normal(n)


def test_automatic_radius_is_the_published_rule_and_is_reported():
    X, y = sparse_data()
    rng = np.random.default_rng(123)
    noise = rng.standard_normal((60, 4000))
    noise -= noise.mean(axis=0)
    for norm, order in ((2, 2), ("inf", np.inf)):
        expected = np.mean(np.linalg.norm(X.T @ noise, ord=order, axis=0) / np.abs(noise).sum(axis=0))
        model = AdversarialRegressor(norm=norm, scale_c=0.5).fit(X, y)
        assert model.radius_ == pytest.approx(0.5 * expected, rel=0.03)


def test_automatic_radius_does_not_depend_on_the_noise_level():
    X, y = sparse_data()
    assert AdversarialRegressor().fit(X, y).radius_ == AdversarialRegressor().fit(X, 100 * y).radius_


def test_linf_finds_the_features_that_matter():
    X, y = sparse_data()
    assert set(np.argsort(-np.abs(AdversarialRegressor().fit(X, y).coef_))[:2]) == {0, 1}


def test_worst_case_error_is_reached_by_a_perturbation():
    X, y = sparse_data()
    model = AdversarialRegressor().fit(X, y)
    shifts = -np.sign(y - model.predict(X))[:, None] * 0.1 * np.sign(model.coef_)
    np.testing.assert_allclose(np.abs(y - model.predict(X + shifts)), model.worst_case_error(X, y, radius=0.1))


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        (name, option, value)
        for name, one in ESTIMATOR_CLASSES.items()
        for option, value in UNUSABLE
        if option in one().get_params()
    ],
)
def test_unusable_options_are_named(name, option, value):
    estimator = ESTIMATOR_CLASSES[name]()
    X, y = sparse_data(n=30, p=8)
    data = {"AdversarialAutoregression": (y,), "AdversarialClassifier": (X, (y > 40).astype(int))}.get(name, (X, y))
    with pytest.raises(InputError, match=option):
        estimator.set_params(**{option: value}).fit(*data)


def test_a_solution_that_is_not_the_optimum_says_so():
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        model = AdversarialRegressor(max_iter=1).fit(*sparse_data())
    assert model.gap_ > model.tol


def test_a_number_given_as_text_is_told_from_the_number():
    with pytest.raises(InputError, match=r"found: +'2'"):
        AdversarialRegressor(norm="2").fit(*sparse_data(n=30, p=8))


def test_robust_choice_of_the_radius_holds_better_under_attack():
    X, y = sparse_data(seed=3)
    new_X, new_y = sparse_data(n=2000, seed=4)
    clean = AdversarialRegressorCV(norm=2).fit(X, y)
    robust = AdversarialRegressorCV(norm=2, attack_radius=0.3).fit(X, y)
    assert robust.radius_ > clean.radius_
    attacked = [m.worst_case_error(new_X, new_y, radius=0.3, norm="inf").mean() for m in (clean, robust)]
    assert attacked[1] < attacked[0]


def test_linear_kernel_is_the_linear_model():
    X, y = sparse_data(p=10)
    linear = AdversarialRegressor(norm=2, radius=0.2).fit(X, y)
    kernel = KernelAdversarialRegressor(kernel="linear", radius=0.2).fit(X, y)
    np.testing.assert_allclose(kernel.predict(X), linear.predict(X), rtol=1e-5)
    assert kernel.objective_ == pytest.approx(linear.objective_, rel=1e-7)


def test_kernel_fits_what_no_line_can_and_knows_its_slope():
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (120, 2))
    y = np.sin(2 * X[:, 0])
    model = KernelAdversarialRegressor(gamma=1.0, radius=1e-3).fit(X, y)
    assert np.corrcoef(model.predict(X), y)[0, 1] > 0.99
    step = np.array([1e-5, 0.0])
    slope = (model.predict(X + step) - model.predict(X - step)) / 2e-5
    np.testing.assert_allclose(model.gradient(X)[:, 0], slope, atol=1e-5)


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")
@pytest.mark.parametrize("radius", [0.01, 0.1])
def test_kernel_model_reaches_the_optimum_of_a_general_solver_in_feature_space(radius):
    cp = pytest.importorskip("cvxpy")
    X, y = sparse_data(n=50, p=4)
    model = KernelAdversarialRegressor(gamma=0.2, radius=radius).fit(X, y)
    distances = ((X[:, None] - X) ** 2).sum(axis=2)
    root = np.linalg.cholesky(np.exp(-0.2 * distances) + 1e-12 * np.eye(50))
    weights, intercept = cp.Variable(50), cp.Variable()
    loss = cp.sum_squares(cp.abs(y - root @ weights - intercept) + radius * cp.norm(weights)) / 50
    assert model.objective_ == pytest.approx(cp.Problem(cp.Minimize(loss)).solve(solver="CLARABEL"), rel=1e-6)


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")
def test_autoregression_reaches_the_optimum_of_a_general_solver():
    cp = pytest.importorskip("cvxpy")
    rng = np.random.default_rng(5)
    series = 4 + 0.1 * np.cumsum(rng.standard_normal(200)) + rng.standard_normal(200)
    model = AdversarialAutoregression(n_lags=5, radius=0.2).fit(series)
    lags, target = lag_matrix(series, 5), series[5:]
    beta, intercept = cp.Variable(5), cp.Variable()
    loss = cp.sum_squares(cp.abs(target - lags @ beta - intercept) + 0.2 * cp.norm1(beta)) / target.size
    assert model.objective_ == pytest.approx(cp.Problem(cp.Minimize(loss)).solve(solver="CLARABEL"), rel=1e-6)


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")
@pytest.mark.parametrize("norm", [2, "inf"])
@pytest.mark.parametrize("radius", [0.02, 0.15])
def test_classifier_reaches_the_optimum_of_a_general_solver(norm, radius):
    cp = pytest.importorskip("cvxpy")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 12))
    y = (X[:, 0] + rng.standard_normal(80) > 0).astype(int)
    model = AdversarialClassifier(norm=norm, radius=radius).fit(X, y)
    beta, intercept = cp.Variable(12), cp.Variable()
    margins = cp.multiply(2 * y - 1, X @ beta + intercept)
    loss = cp.sum(cp.logistic(radius * cp.norm(beta, 2 if norm == 2 else 1) - margins)) / 80
    assert model.objective_ == pytest.approx(cp.Problem(cp.Minimize(loss)).solve(solver="CLARABEL"), rel=1e-6)


@pytest.mark.parametrize("norm", [2, "inf"])
def test_classifier_is_zero_from_its_zero_radius_on_and_not_before(norm):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((60, 8))
    y = (X[:, 0] + rng.standard_normal(60) > 0.3).astype(int)
    signs, share = 2.0 * y - 1, y.mean()
    slopes = np.where(y == 1, 1 - share, share)
    pull = np.linalg.norm((X - X.mean(axis=0)).T @ (signs * slopes), 2 if norm == 2 else np.inf)
    radius = pull / slopes.sum()
    assert not AdversarialClassifier(norm=norm, radius=1.001 * radius).fit(X, y).coef_.any()
    assert AdversarialClassifier(norm=norm, radius=0.97 * radius).fit(X, y).coef_.any()


def test_classifier_is_the_class_share_for_large_radii():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 5)), np.repeat([0, 1], [20, 30])
    model = AdversarialClassifier(radius=5.0).fit(X, y)
    assert not model.coef_.any()
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], 0.6)


def test_autoregression_recovers_a_process_and_shrinks_with_the_radius():
    rng = np.random.default_rng(0)
    series = np.zeros(3000)
    for step in range(2, 3000):
        series[step] = 0.6 * series[step - 1] - 0.3 * series[step - 2] + rng.standard_normal()
    plain = AdversarialAutoregression(n_lags=2, radius=1e-6).fit(series)
    np.testing.assert_allclose(plain.coef_, [0.6, -0.3], atol=0.05)
    robust = AdversarialAutoregression(n_lags=2, radius=0.3).fit(series)
    assert dual_norm(robust.coef_, "inf") < dual_norm(plain.coef_, "inf")


def test_autoregression_leaves_out_what_touches_a_gap():
    series = np.arange(10.0)
    series[4] = np.nan
    model = AdversarialAutoregression(n_lags=2, radius=0.0).fit(series)
    predicted = model.predict(series)
    assert np.isnan(predicted[[0, 1, 5, 6]]).all()
    np.testing.assert_allclose(predicted[[2, 3, 4, 7, 8, 9]], [2, 3, 4, 7, 8, 9])
    assert lag_matrix(np.arange(5.0), 2).tolist() == [[1, 0], [2, 1], [3, 2]]
    with pytest.raises(InputError, match="too short"):
        AdversarialAutoregression(n_lags=8).fit(series)
    with pytest.raises(InputError, match="Several series"):
        model.fit(np.stack([series, series]))
    np.testing.assert_array_equal(model.predict(series[:, None]), predicted)
