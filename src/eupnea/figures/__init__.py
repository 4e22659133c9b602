"""Figures: one function each, from the result tables only."""
