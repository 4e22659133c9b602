"""Failures to acquire: people and recordings that identification never sees."""

from __future__ import annotations

import pandas as pd

from eupnea.io.contract import FAILURES


def failures(recordings: pd.DataFrame, participants: pd.DataFrame) -> pd.DataFrame:
    """List the recordings that were set aside, and the participants without any recording.

    Parameters
    ----------
    recordings, participants
        Tables of the contract.

    Returns
    -------
    table
        The columns of ``identification/failures.tsv``.
    """
    aside = recordings.loc[recordings["status"] == "set_aside", ["participant", "recording", "reason"]]
    absent = participants.loc[~participants["participant"].isin(recordings["participant"]), ["participant"]]
    absent = absent.assign(recording="", reason="no recording")
    return FAILURES.conform(pd.concat([aside, absent], ignore_index=True))
