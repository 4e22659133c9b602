"""Cleaned signals: respiration at 25 Hz with inspiration up, cardiac signals on the recording's clock, quality."""
