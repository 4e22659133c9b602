"""A network that tells age and hides a nuisance: the gradient of a reader of the nuisance is reversed.

References
----------
Ganin et al. (2016), Domain-adversarial training of neural networks, J Mach Learn Res 17:59.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from eupnea.adversarial.networks import (
    HIDDEN,
    LEARNING_RATE,
    WEIGHT_DECAY,
    Array,
    Parameters,
    dense,
    dense_parameters,
    epochs_within,
)
from eupnea.adversarial.scaling import balanced_folds

if TYPE_CHECKING:
    from eupnea.adversarial.blindness import Fold

REPRESENTATION = 12
"""Units of the representation that the reversed gradient makes blind."""


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
    settings = sum(one > 0 for one in config.strengths) * max(1, len({*config.nuisances} - {"identity"}))
    fits = settings * config.folds * (config.inner_folds + 1)
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


def _fit_reversed(
    X: Array, y: Array, Z: Array, weight: float, epochs: int, seed: int
) -> Callable[[Array], tuple[Array, Array]]:
    mean, sd = float(y.mean()), float(y.std()) or 1.0
    keys = jax.random.split(jax.random.key(seed), 3)
    start = {
        "encoder": dense_parameters(keys[0], (X.shape[1], HIDDEN[0], REPRESENTATION)),
        "age": dense_parameters(keys[1], (REPRESENTATION, 1)),
        "nuisance": dense_parameters(keys[2], (REPRESENTATION, HIDDEN[1], Z.shape[1])),
    }
    data = [jnp.asarray(part, dtype=jnp.float32) for part in (X, (y - mean) / sd, Z)]
    fitted = _fit_reversed_epochs(epochs, start, *data, jnp.float32(weight))

    def model(rows: Array) -> tuple[Array, Array]:
        """Return representations and ages of rows."""
        hidden = _encode(fitted["encoder"], jnp.asarray(rows, dtype=jnp.float32))
        ages = dense(fitted["age"], hidden)
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
        return jnp.mean((dense(parameters["age"], hidden) - y) ** 2) + reading

    def epoch(state: Any, _: Any) -> Any:
        """Take one step on all rows."""
        parameters, memory = state
        updates, memory = optimiser.update(jax.grad(loss)(parameters), memory, parameters)
        return (optax.apply_updates(parameters, updates), memory), None

    (fitted, _), _ = jax.lax.scan(epoch, (start, optimiser.init(start)), None, length=epochs)
    return fitted


_fit_reversed_epochs = jax.jit(_reversed_epochs, static_argnums=0)
