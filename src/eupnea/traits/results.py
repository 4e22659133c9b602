"""What predicting traits gives: predictions, metrics, and curves for figures."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from eupnea.io.columns import Column, TableContract

CURVES = TableContract(
    "trait curves",
    (
        Column("curve", "string", "learning, calibration, shap, partial_dependence"),
        Column("target", "string", "what is predicted"),
        Column("level", "string", "participant, session, recording"),
        Column("modality", "string", "group of features"),
        Column("model", "string", "name of the model"),
        Column("family", "string", "family of the feature"),
        Column("feature", "string", "feature, with the summary behind a bar: respiration__timing__rate_bpm|mean"),
        Column("metric", "string", "what y is"),
        Column("x", "float", "training people, predicted probability, or value of the feature"),
        Column("y", "float", "the number"),
        Column("y_low", "float", "lower end of its range"),
        Column("y_high", "float", "upper end"),
        Column("n_participants", "float", "participants behind it"),
    ),
)


@dataclass(frozen=True, slots=True)
class TraitsResult:
    """Tables of one modality.

    Attributes
    ----------
    predictions
        ``traits/predictions.parquet``: one row per observation, repeat and model.
    metrics
        Rows of ``metrics.tsv``.
    curves
        Learning curves, calibration, contributions of features, partial dependence: see `CURVES`.
    """

    predictions: pd.DataFrame
    metrics: pd.DataFrame
    curves: pd.DataFrame
