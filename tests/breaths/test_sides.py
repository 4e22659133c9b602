"""Which way the air goes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eupnea.breaths.sides import share_of_second, sides_over_time
from eupnea.errors import InputError
from eupnea.io.contract import CHANNELS, RESPIRATION


def test_the_share_is_that_of_the_flow(make_breathing):
    flow = make_breathing(n=60).flow
    for share in (0.0, 0.2, 0.5, 1.0):
        found = share_of_second((1 - share) * flow, share * flow, 25.0)
        assert np.allclose(found, share, atol=1e-9)


def test_a_blocked_path_with_noise_has_no_share(make_breathing):
    flow = make_breathing(n=60).flow
    noise = np.random.default_rng(0).normal(scale=0.3 * flow.std(), size=flow.size)
    assert np.abs(share_of_second(flow, noise, 25.0)).max() < 0.12


def test_windows_without_valid_signal_have_no_value(make_breathing):
    flow = make_breathing(n=60).flow
    valid = np.arange(flow.size) > 25 * 60
    found = share_of_second(flow, flow, 25.0, is_valid=valid)
    assert np.isnan(found[0])
    assert np.allclose(found[1:], 0.5)


def test_laterality_follows_the_sites(make_breathing):
    flow = make_breathing(n=60).flow
    signals = {"left": 0.25 * flow, "right": 0.75 * flow}
    respiration = RESPIRATION.conform(
        pd.concat(
            [
                pd.DataFrame(
                    {
                        "recording": "sub-1", "signal": name, "time_s": np.arange(flow.size) / 25, "detection": values,
                        "breathing": values, "above": 0.0, "is_valid": True,
                    }
                )
                for name, values in signals.items()
            ]
        )
    )  # fmt: skip
    channels = CHANNELS.conform(
        pd.DataFrame(
            [
                {"recording": "sub-1", "signal": name, "kind": "airflow", "site": f"nasal_{name}", "status": "used"}
                for name in signals
            ]
        )
    )
    table = sides_over_time(respiration, channels, "laterality")
    assert np.allclose(table["value"], 0.5, atol=1e-5)
    assert len(sides_over_time(respiration, channels, "oral_share")) == 0
    with pytest.raises(InputError, match="Unknown measure"):
        sides_over_time(respiration, channels, "height")
