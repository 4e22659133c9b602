"""Features of the heart: rate, variability in time and frequency, nonlinear variability, shape of the beat."""

from eupnea.features.heart.families import FEATURES, RECORDING_FEATURES, compute, compute_recording

__all__ = ["FEATURES", "RECORDING_FEATURES", "compute", "compute_recording"]
