"""Age models that hold under attack, and age models that are blind to what they should not use."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "AdversarialAutoregression": "eupnea.adversarial.autoregression",
    "AdversarialClassifier": "eupnea.adversarial.classifier",
    "AdversarialRegressor": "eupnea.adversarial.regressor",
    "AdversarialRegressorCV": "eupnea.adversarial.regressor",
    "KernelAdversarialRegressor": "eupnea.adversarial.kernel",
    "age_models": "eupnea.adversarial.analyses",
    "invariance": "eupnea.adversarial.analyses",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import an estimator or an analysis when it is asked for."""
    if name not in _HOMES:
        message = f"module 'eupnea.adversarial' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)
