"""Features of the coupling of breathing and heart."""

from eupnea.features.coupling.families import FEATURES, RECORDING_FEATURES, compute, compute_recording

__all__ = ["FEATURES", "RECORDING_FEATURES", "compute", "compute_recording"]
