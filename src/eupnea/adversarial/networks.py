"""Small networks (JAX): on features, on series, and with a reversed gradient; plain or trained against attacks.

Everything is seeded and runs on the CPU. The number of epochs follows from the size of the data and the time budget by
a fixed cost per step, never from the clock: results do not depend on the machine.

References
----------
Madry et al. (2018), Towards deep learning models resistant to adversarial attacks, ICLR; Ganin et al. (2016),
Domain-adversarial training of neural networks, J Mach Learn Res 17:59.
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
from eupnea.adversarial.scaling import balanced_folds

if TYPE_CHECKING:
    from eupnea.adversarial.attacks import Model
    from eupnea.adversarial.blindness import Fold
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

SECONDS_PER_UNIT = 4e-9
"""Assumed seconds per row, input value and hidden unit of one pass; sets the epochs from the time budget."""

REPRESENTATION = 12
"""Units of the representation that the reversed gradient makes blind."""


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


def epochs_within(n_values: int, *, passes: int, fits: int, budget_s: float, fewest: int = FEWEST_EPOCHS) -> int:
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
    """
    seconds = SECONDS_PER_UNIT * n_values * HIDDEN[0] * 3 * passes
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
    start = _dense_parameters(jax.random.key(seed), (X.shape[1], *HIDDEN, 1))
    fitted = _train(_dense, start, X, (y - mean) / sd, attacker or Attacker(), epochs, seed)
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


def reversed_representation(
    data: Fold, labels: NDArray[np.str_], *, strength: float
) -> tuple[Array, Array, Array, Array]:
    """Learn a representation that tells age and hides a nuisance, by a reversed gradient.

    Parameters
    ----------
    data
        Rows and people of a fold.
    labels
        Shape (n,): class of each row; empty where unknown (such rows teach age only).
    strength
        0 … 1, times ``reversal_weight`` of the config.

    Returns
    -------
    train, new, inner, predicted
        Representations of training and new rows; left-out ages of the training rows; ages of the new rows.
    """
    config = data.config
    classes = sorted(set(labels) - {""})
    Z = (labels[:, None] == np.array(classes)).astype(float)
    fits = 4 * config.folds * (config.inner_folds + 1)
    epochs = epochs_within(data.rows[data.train].size, passes=2, fits=fits, budget_s=config.time_budget_s)
    weight = strength * config.reversal_weight
    y, names = data.y[data.train], data.people[data.train]
    people, codes = np.unique(names, return_inverse=True)
    ages = np.bincount(codes, weights=y) / np.bincount(codes)
    folds = balanced_folds(ages, min(config.inner_folds, len(people)), np.random.default_rng(data.seed))[codes]
    inner = np.empty(y.size)
    for fold in np.unique(folds):
        kept = data.train[folds != fold]
        model = _fit_reversed(data.rows[kept], data.y[kept], Z[kept], weight, epochs, data.seed)
        inner[folds == fold] = model(data.rows[data.train[folds == fold]])[1]
    model = _fit_reversed(data.rows[data.train], y, Z[data.train], weight, epochs, data.seed)
    train, _ = model(data.rows[data.train])
    new, predicted = model(data.rows[data.new])
    return train, new, inner, predicted


def _dense_parameters(key: Any, sizes: tuple[int, ...]) -> Parameters:
    keys = jax.random.split(key, len(sizes) - 1)
    pairs = zip(keys, sizes[:-1], sizes[1:], strict=True)
    return [(jax.random.normal(one, (a, b)) / jnp.sqrt(a), jnp.zeros(b)) for one, a, b in pairs]


def _dense(parameters: Parameters, X: Any) -> Any:
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


def _fit_reversed(
    X: Array, y: Array, Z: Array, weight: float, epochs: int, seed: int
) -> Callable[[Array], tuple[Array, Array]]:
    mean, sd = float(y.mean()), float(y.std()) or 1.0
    keys = jax.random.split(jax.random.key(seed), 3)
    start = {
        "encoder": _dense_parameters(keys[0], (X.shape[1], HIDDEN[0], REPRESENTATION)),
        "age": _dense_parameters(keys[1], (REPRESENTATION, 1)),
        "nuisance": _dense_parameters(keys[2], (REPRESENTATION, HIDDEN[1], Z.shape[1])),
    }
    data = [jnp.asarray(part, dtype=jnp.float32) for part in (X, (y - mean) / sd, Z)]
    fitted = _fit_reversed_epochs(epochs, start, *data, jnp.float32(weight))

    def model(rows: Array) -> tuple[Array, Array]:
        """Return representations and ages of rows."""
        hidden = _encode(fitted["encoder"], jnp.asarray(rows, dtype=jnp.float32))
        ages = _dense(fitted["age"], hidden)
        return np.asarray(hidden, dtype=float), np.asarray(ages, dtype=float) * sd + mean

    return model


def _encode(parameters: Parameters, X: Any) -> Any:
    now = X
    for weights, biases in parameters:
        now = jnp.tanh(now @ weights + biases)
    return now


def _class_scores(parameters: Parameters, X: Any) -> Any:
    (first, offset), (last, biases) = parameters
    return jnp.tanh(X @ first + offset) @ last + biases


def _reversed_epochs(epochs: int, start: Parameters, X: Any, y: Any, Z: Any, weight: Any) -> Parameters:
    optimiser = optax.adamw(LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    known = Z.sum(axis=1)

    def loss(parameters: Parameters) -> Any:
        """Return the errors of age and of the reader of the nuisance, whose gradient is reversed on its way in."""
        hidden = _encode(parameters["encoder"], X)
        against = (1 + weight) * jax.lax.stop_gradient(hidden) - weight * hidden
        guesses = jax.nn.log_softmax(_class_scores(parameters["nuisance"], against))
        reading = -jnp.sum(guesses * Z) / jnp.maximum(known.sum(), 1.0)
        return jnp.mean((_dense(parameters["age"], hidden) - y) ** 2) + reading

    def epoch(state: Any, _: Any) -> Any:
        """Take one step on all rows."""
        parameters, memory = state
        updates, memory = optimiser.update(jax.grad(loss)(parameters), memory, parameters)
        return (optax.apply_updates(parameters, updates), memory), None

    (fitted, _), _ = jax.lax.scan(epoch, (start, optimiser.init(start)), None, length=epochs)
    return fitted


_fit_reversed_epochs = jax.jit(_reversed_epochs, static_argnums=0)
