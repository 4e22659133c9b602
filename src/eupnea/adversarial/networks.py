"""Small networks (JAX) on features and on series; plain or trained against attacks.

Everything is seeded and runs on the CPU. The number of epochs follows from the size of the data and the time budget by
a fixed cost per step, never from the clock: results do not depend on the machine.

References
----------
Madry et al. (2018), Towards deep learning models resistant to adversarial attacks, ICLR.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from eupnea.adversarial.radius import Norm

if TYPE_CHECKING:
    from eupnea.adversarial.attacks import Model
    from eupnea.config.adversarial import AdversarialConfig

Array = NDArray[np.float64]
Parameters = Any
Forward = Callable[[Parameters, Any], Any]

HIDDEN = (32, 16)
"""Units of the hidden layers of the network on features."""

CHANNELS, KERNEL, STRIDE, LAYERS = 16, 9, 4, 3
"""The network on series: channels, samples per filter, steps, layers."""

LEARNING_RATE, WEIGHT_DECAY = 3e-3, 1e-2
"""Of AdamW; the decay is strong as people are few."""

INNER_STEPS = 5
"""Steps of projected gradient for each step of training against attacks."""

MOST_EPOCHS, FEWEST_EPOCHS = 400, 50

DENSE_COST_S, SERIES_COST_S = 1e-10, 4e-9
"""Assumed seconds per input value and hidden unit of one pass, forth or back, on features and on series: two to three
times what was measured on one core. They set the epochs from the time budget."""


@dataclass(frozen=True, slots=True)
class Attacker:
    """The perturbation that a network is trained against.

    Attributes
    ----------
    norm, epsilon
        ℓ2 or ℓ∞, and its size; 0: plain training.
    """

    norm: Norm = "inf"
    epsilon: float = 0.0


def epochs_within(
    n_values: int,
    *,
    passes: int,
    fits: int,
    budget_s: float,
    fewest: int = FEWEST_EPOCHS,
    cost_s: float = DENSE_COST_S,
) -> int:
    """Return the epochs that `fits` trainings may take, from assumed costs.

    Parameters
    ----------
    n_values
        Rows times values per row.
    passes
        Passes through the network per epoch: 1 for plain training, more against attacks.
    fits
        Trainings that share the budget.
    budget_s
        Seconds.
    fewest
        Epochs whatever the budget says.
    cost_s
        Assumed seconds per input value and hidden unit of one pass, forth or back.
    """
    seconds = cost_s * n_values * HIDDEN[0] * 3 * passes
    return int(np.clip(budget_s / max(fits * seconds, 1e-12), fewest, MOST_EPOCHS))


class FeatureNetwork:
    """A network on features with two hidden layers, fitted by `fit_feature_network`.

    Parameters
    ----------
    layers
        Weights and biases of each layer.
    mean, sd
        Of the training target.
    """

    def __init__(self, layers: list[tuple[Array, Array]], mean: float, sd: float) -> None:
        self._layers, self._mean, self._sd = layers, mean, sd

    def predict(self, X: Array) -> Array:
        """Predict; shape (n,)."""
        return self._forward(X)[0]

    def gradient(self, X: Array) -> Array:
        """Return d prediction / d features; shape (n, p)."""
        _, hidden = self._forward(X)
        slope = np.full((X.shape[0], 1), self._sd) @ self._layers[-1][0].T
        for (weights, _), activity in zip(self._layers[-2::-1], hidden[::-1], strict=True):
            slope = (slope * (1 - activity**2)) @ weights.T
        return slope

    def _forward(self, X: Array) -> tuple[Array, list[Array]]:
        now, hidden = X, []
        for weights, biases in self._layers[:-1]:
            now = np.tanh(now @ weights + biases)
            hidden.append(now)
        weights, biases = self._layers[-1]
        return (now @ weights + biases)[:, 0] * self._sd + self._mean, hidden


def fit_networks(X: Array, y: Array, *, config: AdversarialConfig, seed: list[int]) -> dict[str, Model]:
    """Fit the networks on features: plain, and trained against ℓ2 and ℓ∞ attacks."""
    fits = 3 * config.folds * config.repeats
    epochs = epochs_within(X.size, passes=1 + INNER_STEPS, fits=fits, budget_s=config.time_budget_s)
    attackers = {
        "mlp": Attacker(),
        "mlp_attacked_2": Attacker(2, config.design_epsilon_2),
        "mlp_attacked_inf": Attacker("inf", config.design_epsilon),
    }
    number = int(np.random.default_rng(seed).integers(2**31))
    return {
        name: fit_feature_network(X, y, attacker=attacker, epochs=epochs, seed=number)
        for name, attacker in attackers.items()
    }


def fit_feature_network(
    X: Array, y: Array, *, attacker: Attacker | None = None, epochs: int = 200, seed: int = 0
) -> FeatureNetwork:
    """Fit a network to features.

    Parameters
    ----------
    X, y
        Shapes (n, p), standardised, and (n,).
    attacker
        What it is trained against; None: nothing.
    epochs, seed
        Full passes through the data, and the seed of the initial weights.
    """
    mean, sd = float(y.mean()), float(y.std()) or 1.0
    start = dense_parameters(jax.random.key(seed), (X.shape[1], *HIDDEN, 1))
    fitted = _train(dense, start, X, (y - mean) / sd, attacker or Attacker(), epochs, seed)
    layers = [(np.asarray(w, dtype=float), np.asarray(b, dtype=float)) for w, b in fitted]
    return FeatureNetwork(layers, mean, sd)


class SeriesNetwork:
    """A one-dimensional convolutional network on series, fitted by `fit_series_network`."""

    def __init__(self, parameters: Parameters, shape: tuple[int, int], scale: tuple[float, float]) -> None:
        self._parameters, self._shape = parameters, shape
        self._mean, self._sd = scale

    def predict(self, X: Array) -> Array:
        """Predict from series of shape (n, samples, channels) or flattened (n, samples · channels); shape (n,)."""
        rows = jnp.asarray(X, dtype=jnp.float32).reshape(-1, *self._shape)
        return np.asarray(_apply_series(self._parameters, rows), dtype=float) * self._sd + self._mean

    def gradient(self, X: Array) -> Array:
        """Return d prediction / d samples; same shape as `X`."""
        rows = jnp.asarray(X, dtype=jnp.float32).reshape(-1, *self._shape)
        return np.asarray(_slope_series(self._parameters, rows), dtype=float).reshape(X.shape) * self._sd


def fit_series_network(
    series: Array, y: Array, *, attacker: Attacker | None = None, epochs: int = 100, seed: int = 0
) -> SeriesNetwork:
    """Fit a convolutional network to cleaned respiration or RR series.

    Parameters
    ----------
    series
        Shape (n, samples, channels), standardised; at least 64 samples.
    y
        Shape (n,).
    attacker
        What it is trained against (bounded noise on the samples); None: nothing.
    epochs, seed
        Full passes through the data, and the seed of the initial weights.
    """
    mean, sd = float(y.mean()), float(y.std()) or 1.0
    start = _series_parameters(jax.random.key(seed), series.shape[2])
    fitted = _train(_series, start, series, (y - mean) / sd, attacker or Attacker(), epochs, seed)
    return SeriesNetwork(fitted, (series.shape[1], series.shape[2]), (mean, sd))


def dense_parameters(key: Any, sizes: tuple[int, ...]) -> Parameters:
    """Draw weights and biases of dense layers; `sizes` are the units of input, layers and output."""
    keys = jax.random.split(key, len(sizes) - 1)
    pairs = zip(keys, sizes[:-1], sizes[1:], strict=True)
    return [(jax.random.normal(one, (a, b)) / jnp.sqrt(a), jnp.zeros(b)) for one, a, b in pairs]


def dense(parameters: Parameters, X: Any) -> Any:
    """Return the output of dense layers with one output unit; shape (n,)."""
    now = X
    for weights, biases in parameters[:-1]:
        now = jnp.tanh(now @ weights + biases)
    weights, biases = parameters[-1]
    return (now @ weights + biases)[:, 0]


def _series_parameters(key: Any, channels: int) -> Parameters:
    keys = jax.random.split(key, LAYERS + 1)
    widths = (channels, *[CHANNELS] * LAYERS)
    filters = [
        (jax.random.normal(one, (KERNEL, a, b)) / jnp.sqrt(KERNEL * a), jnp.zeros(b))
        for one, a, b in zip(keys, widths[:-1], widths[1:], strict=False)
    ]
    return filters, (jax.random.normal(keys[-1], (2 * CHANNELS, 1)) / jnp.sqrt(2 * CHANNELS), jnp.zeros(1))


def _series(parameters: Parameters, X: Any) -> Any:
    filters, (weights, biases) = parameters
    now = X
    for kernel, offset in filters:
        now = jax.lax.conv_general_dilated(now, kernel, (STRIDE,), "SAME", dimension_numbers=("NWC", "WIO", "NWC"))
        now = jnp.tanh(now + offset)
    pooled = jnp.concatenate([now.mean(axis=1), jnp.sqrt(now.var(axis=1) + 1e-6)], axis=1)
    return (pooled @ weights + biases)[:, 0]


_apply_series = jax.jit(_series)
_slope_series = jax.jit(jax.grad(lambda parameters, X: _series(parameters, X).sum(), argnums=1))


def _train(
    forward: Forward, start: Parameters, X: Array, y: Array, attacker: Attacker, epochs: int, seed: int
) -> Parameters:
    rows, target = jnp.asarray(X, dtype=jnp.float32), jnp.asarray(y, dtype=jnp.float32)
    return _fit_epochs(forward, attacker, epochs, start, rows, target, jax.random.key(seed + 1))


def _epochs(
    forward: Forward, attacker: Attacker, epochs: int, start: Parameters, X: Any, y: Any, key: Any
) -> Parameters:
    optimiser = optax.adamw(LEARNING_RATE, weight_decay=WEIGHT_DECAY)

    def loss(parameters: Parameters, rows: Any) -> Any:
        """Return the mean squared error."""
        return jnp.mean((forward(parameters, rows) - y) ** 2)

    def epoch(state: Any, one: Any) -> Any:
        """Take one step on the rows, each shifted as badly as the attacker can."""
        parameters, memory = state
        shifts = _worst_shifts(loss, parameters, X, attacker, one)
        slopes = jax.grad(loss)(parameters, X + shifts)
        updates, memory = optimiser.update(slopes, memory, parameters)
        return (optax.apply_updates(parameters, updates), memory), None

    (fitted, _), _ = jax.lax.scan(epoch, (start, optimiser.init(start)), jax.random.split(key, epochs))
    return fitted


_fit_epochs = jax.jit(_epochs, static_argnums=(0, 1, 2))
"""Compiled once for each network, attacker and shape of the data, not once for each fit."""


def _worst_shifts(loss: Callable[..., Any], parameters: Parameters, X: Any, attacker: Attacker, key: Any) -> Any:
    if attacker.epsilon == 0:
        return jnp.zeros_like(X)
    epsilon, axes = attacker.epsilon, tuple(range(1, X.ndim))
    step = 2.5 * epsilon / INNER_STEPS

    def bounded(shifts: Any) -> Any:
        """Bring each row into the ball."""
        if attacker.norm == "inf":
            return jnp.clip(shifts, -epsilon, epsilon)
        lengths = jnp.sqrt(jnp.sum(shifts**2, axis=axes, keepdims=True))
        return shifts * jnp.minimum(1.0, epsilon / jnp.maximum(lengths, 1e-12))

    shifts = bounded(epsilon * jax.random.uniform(key, X.shape, minval=-1.0, maxval=1.0))
    for _ in range(INNER_STEPS):
        slope = jax.grad(loss, argnums=1)(parameters, X + shifts)
        if attacker.norm == "inf":
            shifts = bounded(shifts + step * jnp.sign(slope))
        else:
            lengths = jnp.sqrt(jnp.sum(slope**2, axis=axes, keepdims=True))
            shifts = bounded(shifts + step * slope / jnp.maximum(lengths, 1e-12))
    return shifts
