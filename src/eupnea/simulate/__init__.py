"""A simulated cohort with known truth, written as a BIDS dataset like any other."""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "constants_table": "eupnea.simulate.constants",
    "oracle": "eupnea.simulate.observer",
    "participant_labels": "eupnea.simulate.cohort",
    "simulate_ecg": "eupnea.simulate.examples",
    "simulate_flow": "eupnea.simulate.examples",
    "simulate_recording": "eupnea.simulate.recording",
    "write_dataset_root": "eupnea.simulate.dataset",
    "write_participants": "eupnea.simulate.dataset",
    "write_physio": "eupnea.simulate.bids",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    """Import what is asked for, when it is asked for."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)
