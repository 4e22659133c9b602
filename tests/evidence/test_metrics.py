"""Rows of the metrics table."""

from __future__ import annotations

from eupnea.evidence.metrics import metric_row, metrics_frame


def test_rounding_dust_is_zero_but_small_p_values_and_units_of_features_stay() -> None:
    rows = [
        metric_row("traits", "importance_mae", -6.9e-18, ci_low=-1e-17, ci_high=2e-3, se=1e-16, p_value=1e-20),
        metric_row("reliability", "sem", 3e-15),
        metric_row("traits", "mae", 1e-6),
    ]
    frame = metrics_frame(rows)
    assert frame.loc[0, ["value", "ci_low", "ci_high", "se", "p_value"]].tolist() == [0.0, 0.0, 2e-3, 0.0, 1e-20]
    assert frame["value"].tolist() == [0.0, 3e-15, 1e-6]
